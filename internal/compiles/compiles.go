// Package compiles finds what does not compile under a plan: [Code.Faults] type-checks what
// other versions than the plugin's own may have broken, [Code.NotOld] leaves out what does not
// compile without pinfix either, and [Parse] what does not even parse. [Graph] makes of an
// import graph what package typecheck checks.
package compiles

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// Code is the plugin's code, under its own go.mod, and what it takes to say what another one
// breaks in it. What was found out of the plugin without pinfix is kept.
type Code struct {
	*wants.Case
	Stage      *stage.Stage
	Have, Bare importgraph.Files  // Go files with imports of pinfix's own: as they are, and without
	Base       *pinner.Graph      // of the user's own go.mod
	Checker    *typecheck.Checker // nil: this pinfix cannot tell what compiles, or no one asks
	before     *asItIs            // the plugin without pinfix; nil: not looked at yet
}

// For is c for another server.
func (c *Code) For(want *wants.Case) *Code {
	return &Code{Case: want, Stage: c.Stage, Have: c.Have, Bare: c.Bare, Base: c.Base, Checker: c.Checker}
}

// Faults type-checks what other versions than the plugin's own may have broken:
// the packages of modules that moved, and all that import them, directly or not.
// The rest is as in the plugin without pinfix, or as in the server.
func (c *Code) Faults(ctx context.Context, plan *pinner.Plan, l *importgraph.Listing) ([]typecheck.Fault, error) {
	suspects := c.Suspects(plan.Mod, l)
	if len(suspects) == 0 {
		return nil, nil
	}
	g := &Graph{Listing: l, Touched: suspects, Packages: map[string]*typecheck.Package{}, Max: c.Server.GoVersion(), cache: c.Stage.Cache()}
	g.Why = func(p *importgraph.Package) string { return WhyMissing(c.Server, plan, p) }
	for path := range suspects {
		g.Add(path)
	}
	c.Options.Step("type-checking " + report.Count(len(suspects), "package") + " that other versions may break")
	source, bodies := c.Checker.FromSource, c.Checker.Bodies
	faults, err := c.Checker.Check(ctx, g.Packages, c.OwnSource())
	c.Options.Log(fmt.Sprintf("read %s from source, %d with function bodies", report.Count(c.Checker.FromSource-source, "package"), c.Checker.Bodies-bodies))
	return c.onDisk(faults), err
}

// OwnSource returns the plugin's files that are not as on disk, by full path.
func (c *Code) OwnSource() map[string][]byte {
	files := map[string][]byte{}
	for name, src := range c.Bare {
		files[filepath.Join(c.Plugin.Root, filepath.FromSlash(name))] = src
	}
	return files
}

// onDisk returns faults with the lines that the files have on disk, where pinfix's own
// imports are among them.
func (c *Code) onDisk(faults []typecheck.Fault) []typecheck.Fault {
	lines := map[string][]int{}
	for name, bare := range c.Bare {
		lines[filepath.Join(c.Plugin.Root, filepath.FromSlash(name))] = lineNumbers(bare, c.Have[name])
	}
	out := slices.Clone(faults)
	for i, f := range out {
		if n := lines[f.File]; 0 < f.Line && f.Line <= len(n) {
			out[i].Line = n[f.Line-1]
		}
	}
	return out
}

// lineNumbers returns for each line of part its number in whole, which has all of them and
// more. It goes backwards: what whole has more is near the top.
func lineNumbers(part, whole []byte) []int {
	p, w := bytes.Split(part, []byte("\n")), bytes.Split(whole, []byte("\n"))
	out := make([]int, len(p))
	j := len(w) - 1
	for i, line := range slices.Backward(p) {
		k := j
		for k > 0 && !bytes.Equal(w[k], line) {
			k--
		}
		if bytes.Equal(w[max(k, 0)], line) {
			j = k
		}
		out[i] = max(j, 0) + 1
		j--
	}
	return out
}

// Place returns where a fault is, from the directory root.
func (c *Code) Place(f typecheck.Fault) string {
	return fmt.Sprintf("%s:%d", place.Relative(c.Plugin.Root, f.File), f.Line)
}

// Suspects are the touched packages that the server does not link just as the plugin does.
func (c *Code) Suspects(mod *pinner.Mod, l *importgraph.Listing) map[string]bool {
	touched, known := c.touched(mod, l), map[string]bool{}
	maps.DeleteFunc(touched, func(path string, _ bool) bool { return c.inServer(mod, l, path, known) })
	return touched
}

// inServer reports whether the server links a package, and all that it imports, from where
// the plugin does: then it compiles, for the server was built. known has what was found out
// of others.
func (c *Code) inServer(mod *pinner.Mod, l *importgraph.Listing, path string, known map[string]bool) bool {
	p := l.Packages[path]
	if p == nil {
		return l.Standard[path] != nil || path == "C" || path == "unsafe"
	}
	if is, ok := known[path]; ok {
		return is
	}
	known[path] = false
	if _, linked := c.Server.Packages[path]; !linked || p.Own() || p.Missing() || p.Error != nil {
		return false
	}
	v := module.Version{Path: p.Module.Path, Version: p.Module.Version}
	known[path] = slices.ContainsFunc(c.Server.Pins, func(pin pinner.Pin) bool {
		from := pin.Version
		if pin.Replace.Path != "" {
			from = pin.Replace
		}
		return pin.Version == v && from.Version != "" && from == mod.Source(v)
	}) && !slices.ContainsFunc(p.Imports, func(q string) bool { return !c.inServer(mod, l, q, known) })
	return known[path]
}

// touched returns the packages of modules that moved and those that import
// them. A package that is missing counts as moved.
func (c *Code) touched(mod *pinner.Mod, l *importgraph.Listing) map[string]bool {
	importers := map[string][]string{}
	var todo []string
	for path, p := range l.Packages {
		for _, q := range p.Imports {
			importers[q] = append(importers[q], path)
		}
		if c.isMoved(mod, p) {
			todo = append(todo, path)
		}
	}
	touched := map[string]bool{}
	for len(todo) > 0 {
		path := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !touched[path] {
			touched[path] = true
			todo = append(todo, importers[path]...)
		}
	}
	maps.DeleteFunc(touched, func(path string, _ bool) bool { return l.Packages[path].Missing() })
	return touched
}

// isMoved reports whether a package is another one than in the plugin without
// pinfix.
func (c *Code) isMoved(mod *pinner.Mod, p *importgraph.Package) bool {
	switch {
	case p.Missing():
		return true
	case !c.Server.Accepts(c.Plugin.User.GoVersion()): // the standard library is another one
		return true
	case p.Own():
		return false
	}
	v := module.Version{Path: p.Module.Path, Version: p.Module.Version}
	return c.Base.Selected(v.Path) != v.Version || mod.Source(v) != c.Plugin.User.Source(v)
}
