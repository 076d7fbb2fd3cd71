package wants

import (
	"path"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/pinner"
)

// Clash is the function [Clash] for what the plugin links.
func (c *Case) Clash(l *importgraph.Listing) error {
	var own []string
	for name, p := range l.Packages {
		if p.Main() && !p.File() {
			own = append(own, name)
		}
	}
	return Clash(c.Server, c.Plugin.User.Module.Mod.Path, own)
}

// Clash returns an error if the server links one of the plugin's own packages from
// another module: the loader takes them for one.
func Clash(s *pinner.Server, module string, pkgs []string) error {
	pkg := s.Clash(module, pkgs)
	if pkg == "" {
		return nil
	}
	has := "the server has a package of that import path"
	if pkg == "main" {
		has = "that is what the server's own main package is called"
	}
	return reference.Refusal{Err: fault.New(NextClash(module), "the plugin's package %s can never load: %s", pkg, has)}
}

// NextClash is what to do about a plugin whose module has the path of one of the server's.
func NextClash(module string) string {
	return "give its module another path: go mod edit -module=example.com/" + path.Base(module)
}
