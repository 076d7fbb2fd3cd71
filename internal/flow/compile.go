package flow

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

	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// compile type-checks what other versions than the plugin's own may have broken:
// the packages of modules that moved, and all that import them, directly or not.
// The rest is as in the plugin without pinfix, or as in the server.
func (a *aligner) compile(ctx context.Context, plan *pinner.Plan, l *stage.Listing) ([]typecheck.Fault, error) {
	suspects := a.suspects(plan.Mod, l)
	if len(suspects) == 0 {
		return nil, nil
	}
	g := &codeGraph{listing: l, touched: suspects, graph: map[string]*typecheck.Package{}, max: a.server.GoVersion(), cache: a.stage.Cache()}
	g.why = func(p *stage.Package) string { return whyMissing(a.server, plan, p) }
	for path := range suspects {
		g.add(path)
	}
	a.o.Step(fmt.Sprintf("type-checking %d packages that other versions may break", len(suspects)))
	source, bodies := a.checker.FromSource, a.checker.Bodies
	faults, err := a.checker.Check(ctx, g.graph, a.ownSource())
	a.o.Log(fmt.Sprintf("read %s from source, %d with function bodies", count(a.checker.FromSource-source, "package"), a.checker.Bodies-bodies))
	return a.onDisk(faults), err
}

// ownSource returns the plugin's files that are not as on disk, by full path.
func (a *aligner) ownSource() map[string][]byte {
	files := map[string][]byte{}
	for name, src := range a.bare {
		files[filepath.Join(a.stage.Root, filepath.FromSlash(name))] = src
	}
	return files
}

// onDisk returns faults with the lines that the files have on disk, where pinfix's own
// imports are among them.
func (a *aligner) onDisk(faults []typecheck.Fault) []typecheck.Fault {
	lines := map[string][]int{}
	for name, bare := range a.bare {
		lines[filepath.Join(a.stage.Root, filepath.FromSlash(name))] = lineNumbers(bare, a.have[name])
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
func (a *aligner) place(f typecheck.Fault) string {
	return fmt.Sprintf("%s:%d", a.relative(f.File), f.Line)
}

// suspects are the touched packages that the server does not link just as the plugin does.
func (a *aligner) suspects(mod *pinner.Mod, l *stage.Listing) map[string]bool {
	touched, known := a.touched(mod, l), map[string]bool{}
	maps.DeleteFunc(touched, func(path string, _ bool) bool { return a.inServer(mod, l, path, known) })
	return touched
}

// inServer reports whether the server links a package, and all that it imports, from where
// the plugin does: then it compiles, for the server was built. known has what was found out
// of others.
func (a *aligner) inServer(mod *pinner.Mod, l *stage.Listing, path string, known map[string]bool) bool {
	p := l.Packages[path]
	if p == nil {
		return l.Standard[path] != nil || path == "C" || path == "unsafe"
	}
	if is, ok := known[path]; ok {
		return is
	}
	known[path] = false
	if _, linked := a.server.Packages[path]; !linked || own(p) || missing(p) || p.Error != nil {
		return false
	}
	v := module.Version{Path: p.Module.Path, Version: p.Module.Version}
	known[path] = slices.ContainsFunc(a.server.Pins, func(pin pinner.Pin) bool {
		from := pin.Version
		if pin.Replace.Path != "" {
			from = pin.Replace
		}
		return pin.Version == v && from.Version != "" && from == source(mod, v)
	}) && !slices.ContainsFunc(p.Imports, func(q string) bool { return !a.inServer(mod, l, q, known) })
	return known[path]
}

// touched returns the packages of modules that moved and those that import
// them. A package that is missing counts as moved.
func (a *aligner) touched(mod *pinner.Mod, l *stage.Listing) map[string]bool {
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
	maps.DeleteFunc(touched, func(path string, _ bool) bool { return missing(l.Packages[path]) })
	return touched
}

// isMoved reports whether a package is another one than in the plugin without
// pinfix.
func (a *aligner) isMoved(mod *pinner.Mod, p *stage.Package) bool {
	switch {
	case missing(p):
		return true
	case !a.server.Accepts(a.plugin.user.GoVersion()): // the standard library is another one
		return true
	case own(p):
		return false
	}
	v := module.Version{Path: p.Module.Path, Version: p.Module.Version}
	return a.base.Selected(v.Path) != v.Version || source(mod, v) != source(a.plugin.user, v)
}

// source returns where a module comes from under a go.mod.
func source(mod *pinner.Mod, v module.Version) module.Version {
	if r := mod.Replacement(v); r != nil {
		return r.New
	}
	return v
}

// own reports whether a package is of the plugin itself.
func own(p *stage.Package) bool { return p.Main() || p.Module == nil }

func missing(p *stage.Package) bool { return len(p.Files()) == 0 }

// A codeGraph holds the packages of a listing that are type-checked.
type codeGraph struct {
	listing *stage.Listing
	why     func(*stage.Package) string // nothing provides a package
	touched map[string]bool             // with their function bodies
	graph   map[string]*typecheck.Package
	max     string // the newest language version that the toolchain knows; "" for any
	cache   string // GOMODCACHE
}

// add adds a package and what it imports.
func (c *codeGraph) add(path string) {
	p := c.listing.Packages[path]
	if p == nil {
		p = c.listing.Standard[path]
	}
	if p == nil || c.graph[path] != nil || missing(p) && !p.Standard {
		return
	}
	q := &typecheck.Package{
		Path: path, Name: p.Name, Dir: p.Dir, Files: p.Files(), Cgo: len(p.CgoFiles) > 0, Go: c.language(p),
		Imports: p.Imports, Map: p.ImportMap, Bodies: c.touched[path], Own: own(p) && !p.Standard,
	}
	if p.Standard {
		q.Sealed = c.sealed(p)
	}
	c.graph[path] = q
	for _, i := range p.Imports {
		if m := c.listing.Packages[i]; m != nil && missing(m) {
			if q.Missing == nil {
				q.Missing = map[string]string{}
			}
			q.Missing[i] = c.why(m)
		}
		c.add(i)
	}
}

// sealed names the content of a package of the standard library, whose files are many:
// the toolchain's release, where it came as a module, and else what the go command goes
// by too (cmd/go/internal/modindex), the size and the time of each file. It is "" where
// a file cannot be looked at.
func (c *codeGraph) sealed(p *stage.Package) string {
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

// language returns the language version that a package is compiled with: that of
// its module's go line (go 1.16 without one), as far as the toolchain knows it.
func (c *codeGraph) language(p *stage.Package) string {
	if p.Standard {
		return ""
	}
	v := "1.16"
	if p.Module != nil && p.Module.GoVersion != "" {
		v = p.Module.GoVersion
	}
	if c.max != "" && version.Compare("go"+v, "go"+c.max) > 0 {
		v = c.max
	}
	return v
}

// solverPackages shows a listing to the solver.
func (a *aligner) solverPackages(mod *pinner.Mod, l *stage.Listing) map[string]*solve.Package {
	out := map[string]*solve.Package{}
	for path, p := range l.Packages {
		if missing(p) {
			continue
		}
		q := &solve.Package{Path: path, Own: own(p), Imports: slices.Clone(p.Imports)}
		if p.Module != nil {
			q.Module = module.Version{Path: p.Module.Path, Version: p.Module.Version}
			r := mod.Replacement(q.Module)
			q.Fixed, q.Local = r != nil, r != nil && r.New.Version == ""
		}
		out[path] = q
	}
	return out
}
