package align

import (
	"bytes"
	"context"
	"fmt"
	"go/version"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// Compile type-checks what other versions than the plugin's own may have broken:
// the packages of modules that moved, and all that import them, directly or not.
// The rest is as in the plugin without pinfix, or as in the server.
func (a *Aligner) Compile(ctx context.Context, plan *pinner.Plan, l *importgraph.Listing) ([]typecheck.Fault, error) {
	suspects := a.Suspects(plan.Mod, l)
	if len(suspects) == 0 {
		return nil, nil
	}
	g := &CodeGraph{Listing: l, Touched: suspects, Graph: map[string]*typecheck.Package{}, Max: a.Server.GoVersion(), cache: a.Stage.Cache()}
	g.Why = func(p *importgraph.Package) string { return WhyMissing(a.Server, plan, p) }
	for path := range suspects {
		g.Add(path)
	}
	a.Options.Step(fmt.Sprintf("type-checking %d packages that other versions may break", len(suspects)))
	source, bodies := a.Checker.FromSource, a.Checker.Bodies
	faults, err := a.Checker.Check(ctx, g.Graph, a.OwnSource())
	a.Options.Log(fmt.Sprintf("read %s from source, %d with function bodies", report.Count(a.Checker.FromSource-source, "package"), a.Checker.Bodies-bodies))
	return a.onDisk(faults), err
}

// OwnSource returns the plugin's files that are not as on disk, by full path.
func (a *Aligner) OwnSource() map[string][]byte {
	files := map[string][]byte{}
	for name, src := range a.Bare {
		files[filepath.Join(a.Sources.Root, filepath.FromSlash(name))] = src
	}
	return files
}

// onDisk returns faults with the lines that the files have on disk, where pinfix's own
// imports are among them.
func (a *Aligner) onDisk(faults []typecheck.Fault) []typecheck.Fault {
	lines := map[string][]int{}
	for name, bare := range a.Bare {
		lines[filepath.Join(a.Sources.Root, filepath.FromSlash(name))] = lineNumbers(bare, a.Have[name])
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

// place returns where a fault is, from the plugin's directory.
func (a *Aligner) place(f typecheck.Fault) string {
	return fmt.Sprintf("%s:%d", a.relative(f.File), f.Line)
}

// Suspects are the touched packages that the server does not link just as the plugin does.
func (a *Aligner) Suspects(mod *pinner.Mod, l *importgraph.Listing) map[string]bool {
	touched, known := a.Touched(mod, l), map[string]bool{}
	maps.DeleteFunc(touched, func(path string, _ bool) bool { return a.inServer(mod, l, path, known) })
	return touched
}

// inServer reports whether the server links a package, and all that it imports, from where
// the plugin does: then it compiles, for the server was built. known has what was found out
// of others.
func (a *Aligner) inServer(mod *pinner.Mod, l *importgraph.Listing, path string, known map[string]bool) bool {
	p := l.Packages[path]
	if p == nil {
		return l.Standard[path] != nil || path == "C" || path == "unsafe"
	}
	if is, ok := known[path]; ok {
		return is
	}
	known[path] = false
	if _, linked := a.Server.Packages[path]; !linked || p.Own() || p.Missing() || p.Error != nil {
		return false
	}
	v := module.Version{Path: p.Module.Path, Version: p.Module.Version}
	known[path] = slices.ContainsFunc(a.Server.Pins, func(pin pinner.Pin) bool {
		from := pin.Version
		if pin.Replace.Path != "" {
			from = pin.Replace
		}
		return pin.Version == v && from.Version != "" && from == mod.Source(v)
	}) && !slices.ContainsFunc(p.Imports, func(q string) bool { return !a.inServer(mod, l, q, known) })
	return known[path]
}

// Touched returns the packages of modules that moved and those that import
// them. A package that is missing counts as moved.
func (a *Aligner) Touched(mod *pinner.Mod, l *importgraph.Listing) map[string]bool {
	importers := map[string][]string{}
	var todo []string
	for path, p := range l.Packages {
		for _, q := range p.Imports {
			importers[q] = append(importers[q], path)
		}
		if a.isMoved(mod, p) {
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
func (a *Aligner) isMoved(mod *pinner.Mod, p *importgraph.Package) bool {
	switch {
	case p.Missing():
		return true
	case !a.Server.Accepts(a.Plugin.User.GoVersion()): // the standard library is another one
		return true
	case p.Own():
		return false
	}
	v := module.Version{Path: p.Module.Path, Version: p.Module.Version}
	return a.Base.Selected(v.Path) != v.Version || mod.Source(v) != a.Plugin.User.Source(v)
}

// A CodeGraph holds the packages of a listing that are type-checked.
type CodeGraph struct {
	Listing *importgraph.Listing
	Why     func(*importgraph.Package) string // nothing provides a package
	Touched map[string]bool                   // with their function bodies
	Graph   map[string]*typecheck.Package
	Max     string // the newest language version that the toolchain knows; "" for any
	cache   string // GOMODCACHE
}

// Add adds a package and what it imports.
func (c *CodeGraph) Add(path string) {
	p := c.Listing.Packages[path]
	if p == nil {
		p = c.Listing.Standard[path]
	}
	if p == nil || c.Graph[path] != nil || p.Missing() && !p.Standard {
		return
	}
	q := &typecheck.Package{
		Path: path, Name: p.Name, Dir: p.Dir, Files: p.Files(), Cgo: len(p.CgoFiles) > 0, Go: c.Language(p),
		Imports: p.Imports, Map: p.ImportMap, Bodies: c.Touched[path], Own: p.Own() && !p.Standard,
	}
	if p.Standard {
		q.Sealed = c.sealed(p)
	}
	c.Graph[path] = q
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
func (c *CodeGraph) sealed(p *importgraph.Package) string {
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
func (c *CodeGraph) Language(p *importgraph.Package) string {
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

// solverPackages shows a listing to the solver.
func (a *Aligner) solverPackages(mod *pinner.Mod, l *importgraph.Listing) map[string]*solve.Package {
	out := map[string]*solve.Package{}
	for path, p := range l.Packages {
		if p.Missing() {
			continue
		}
		q := &solve.Package{Path: path, Own: p.Own(), Imports: slices.Clone(p.Imports)}
		if p.Module != nil {
			q.Module = module.Version{Path: p.Module.Path, Version: p.Module.Version}
			r := mod.Replacement(q.Module)
			q.Fixed, q.Local = r != nil, r != nil && r.New.Version == ""
		}
		out[path] = q
	}
	return out
}
