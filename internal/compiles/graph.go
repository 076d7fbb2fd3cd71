package compiles

import (
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A Graph holds the packages of a listing that are type-checked.
type Graph struct {
	Listing  *importgraph.Listing
	Why      func(*importgraph.Package) string // nothing provides a package
	Touched  map[string]bool                   // with their function bodies
	Packages map[string]*typecheck.Package
	Max      string // the newest language version that the toolchain knows; "" for any
	cache    string // GOMODCACHE
}

// Add adds a package and what it imports.
func (c *Graph) Add(path string) {
	p := c.Listing.Packages[path]
	if p == nil {
		p = c.Listing.Standard[path]
	}
	if p == nil || c.Packages[path] != nil || p.Missing() && !p.Standard {
		return
	}
	q := &typecheck.Package{
		Path: path, Name: p.Name, Dir: p.Dir, Files: p.Files(), Cgo: len(p.CgoFiles) > 0, Go: c.Language(p),
		Imports: p.Imports, Map: p.ImportMap, Bodies: c.Touched[path], Own: p.Own() && !p.Standard,
	}
	if p.Standard {
		q.Sealed = c.sealed(p)
	}
	c.Packages[path] = q
	for _, i := range p.Imports {
		if m := c.Listing.Packages[i]; m != nil && m.Missing() {
			if q.Missing == nil {
				q.Missing = map[string]string{}
			}
			q.Missing[i] = c.Why(m)
		}
		c.Add(i)
	}
}

// sealed names the content of a package of the standard library, whose files are many:
// the toolchain's release, where it came as a module, and else what the go command goes
// by too (cmd/go/internal/modindex), the size and the time of each file. It is "" where
// a file cannot be looked at.
func (c *Graph) sealed(p *importgraph.Package) string {
	if rel, err := filepath.Rel(c.cache, p.Dir); c.cache != "" && err == nil && filepath.IsLocal(rel) {
		return rel
	}
	var b strings.Builder
	b.WriteString(p.Dir)
	for _, name := range p.Files() {
		info, err := os.Stat(filepath.Join(p.Dir, name))
		if err != nil {
			return ""
		}
		fmt.Fprintf(&b, " %d %d", info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}

// Language returns the language version that a package is compiled with: that of
// its module's go line (go 1.16 without one), as far as the toolchain knows it.
func (c *Graph) Language(p *importgraph.Package) string {
	if p.Standard {
		return ""
	}
	v := "1.16"
	if p.Module != nil && p.Module.GoVersion != "" {
		v = p.Module.GoVersion
	}
	if c.Max != "" && version.Compare("go"+v, "go"+c.Max) > 0 {
		v = c.Max
	}
	return v
}

// WhyMissing says why nothing provides a package.
func WhyMissing(server *pinner.Server, plan *pinner.Plan, p *importgraph.Package) string {
	if why := Without(server, plan, p.ImportPath); why != "" {
		return why
	}
	if v := Holder(plan, p.ImportPath); v.Path != "" {
		return fmt.Sprintf("%s is not in %s", p.ImportPath, v)
	}
	if p.Error != nil {
		return p.Error.Err
	}
	return p.ImportPath + " has no Go files for the server's platform"
}

// Holder returns the module of the plan whose package this would be: the pin or
// cap with the longest path, or none.
func Holder(plan *pinner.Plan, pkg string) module.Version {
	held := map[string]module.Version{}
	for _, v := range slices.Backward(plan.Held()) {
		held[v.Path] = v // a pin goes before a cap
	}
	path, _ := modpath.Longest(pkg, func(p string) bool { return held[p].Path != "" })
	return held[path]
}

// Without returns why the plan does without the module of a package, which is one
// that has no version for the server's Go; "" if it does not.
func Without(server *pinner.Server, plan *pinner.Plan, pkg string) string {
	left := map[string]pinner.TooNew{}
	for _, m := range plan.Left {
		left[m.Path] = m
	}
	path, ok := modpath.Longest(pkg, func(p string) bool { return left[p].Path != "" })
	if !ok {
		return ""
	}
	return pinner.NeedsGo(left[path].Version, left[path].Go, server)
}
