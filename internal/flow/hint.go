package flow

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/shell"
)

// buildHint is how to build now: with pinfix build, or with the go build that it
// would run in the module root. Without fingerprints there is nothing that pinfix build
// could compare its plugin with.
func (c *changes) buildHint() string {
	o, s := c.a.o, c.a.server
	words := []string{"pinfix", "build"}
	if o.Dir != "." {
		words = append(words, "-C", shell.Quote(o.Dir))
	}
	if c.naming == nil || c.naming.byHand { // else the plugin's repository names it now
		words = append(words, o.Reference.typed()...)
	}
	if o.Vendor == "never" && slices.Contains(o.Flags, "--vendor") && c.a.hasVendor() {
		words = append(words, "--vendor never")
	}
	if len(o.Packages) == 1 {
		words = append(words, shell.Quote(o.Packages[0]))
	}
	byHand := recipe.Of(s).Command(c.how()).Shell()
	switch {
	case s.Packages == nil && s.Source != nil:
		return fmt.Sprintf("build it as the server is assumed to be built:\n  %s", byHand)
	case s.Packages == nil:
		return fmt.Sprintf("build it as the server was built:\n  %s", byHand)
	}
	return fmt.Sprintf("build it as the server was built, and verify it:\n  %s\nor by hand:\n  %s", strings.Join(words, " "), byHand)
}

// how is the go build of the first plugin, in the module root.
func (c *changes) how() recipe.Build {
	s, src := c.a.server, c.a.serverSource
	how := recipe.Build{Package: packageArgument(c.tree.Root, c.al.listing.Roots[0]), Mod: "readonly", Work: "off"}
	switch {
	case src != nil:
		how.Work = ""
	case c.al.vendor != "" && (s.Trimmed() || s.Paths.Vendored != ""):
		how.Mod = "vendor"
	}
	if !s.Trimmed() || !s.KnowsModules() {
		// What no rule can name is for pinfix build to say.
		how.Paths, _ = printed(s, c.al.mod, c.tree.Root, how.Mod == "vendor", c.a.o.environ(), src).Flag()
	}
	how.CC, how.Cgo = compilerByHand(s, c.a.o.environ())
	if root := fromHere(c.tree.Root); root != "." {
		how.Dir = filepath.ToSlash(root)
	}
	return how
}

// typed returns the flags that name the server again, where it was typed.
func (r Reference) typed() []string {
	if len(r.Servers) == 0 || r.Servers[0].From != "--server" {
		return nil
	}
	words := []string{"--server", shell.Quote(r.Servers[0].Ref)}
	if r.Platform != "" {
		words = append(words, "--platform", shell.Quote(r.Platform))
	}
	if r.Path != "" {
		words = append(words, "--path", shell.Quote(r.Path))
	}
	return words
}

// applyLine is the command line that does what o asks for to the plugin in dir.
func (o Options) applyLine(dir string) string {
	cmd := "pinfix apply"
	switch {
	case o.Upgrade:
		cmd = "pinfix upgrade " + shell.Quote(o.Servers[0].Ref)
	case len(o.Servers) > 0 && o.Servers[0].From == "--server":
		cmd += " --server " + shell.Quote(o.Servers[0].Ref)
	}
	if dir != "." {
		cmd += " -C " + shell.Quote(dir)
	}
	for _, word := range o.Flags {
		cmd += " " + shell.Quote(word)
	}
	return cmd
}

// packageArgument names a main package for go build in the module root.
func packageArgument(root string, p *importgraph.Package) string {
	name := p.Dir
	if p.File() {
		name = p.ImportPath // a package given as a file
	}
	rel, err := filepath.Rel(root, name)
	if err != nil || rel == "." {
		return "."
	}
	return "./" + filepath.ToSlash(rel)
}
