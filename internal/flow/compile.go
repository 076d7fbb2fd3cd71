package flow

import (
	"context"
	"fmt"
	"go/version"
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// compile type-checks what other versions than the plugin's own may have broken:
// the packages of modules that moved, and all that import them, directly or not.
// The rest is as in the plugin without pinfix.
func (a *aligner) compile(ctx context.Context, plan *pinner.Plan, l *stage.Listing) ([]typecheck.Fault, error) {
	touched := a.touched(plan.Mod, l)
	if len(touched) == 0 {
		return nil, nil
	}
	graph := map[string]*typecheck.Package{}
	for path := range touched {
		a.addChecked(graph, plan, l, path, touched)
	}
	a.o.Step(fmt.Sprintf("type-checking %d packages that other versions may break", len(touched)))
	return a.checker.Check(ctx, graph, a.ownSource())
}

// ownSource returns the plugin's files that are not as on disk, by full path.
func (a *aligner) ownSource() map[string][]byte {
	files := map[string][]byte{}
	for name, src := range a.bare {
		files[filepath.Join(a.stage.Root, filepath.FromSlash(name))] = src
	}
	return files
}

// place returns where a fault is: in the plugin's tree, or with the full path.
func (a *aligner) place(f typecheck.Fault) string {
	file := f.File
	if rel, err := filepath.Rel(a.stage.Root, file); err == nil && filepath.IsLocal(rel) {
		file = filepath.ToSlash(rel)
	}
	return fmt.Sprintf("%s:%d", file, f.Line)
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

// addChecked adds a package and what it imports to the graph that is checked.
func (a *aligner) addChecked(graph map[string]*typecheck.Package, plan *pinner.Plan, l *stage.Listing, path string, touched map[string]bool) {
	p := l.Packages[path]
	if p == nil {
		p = l.Standard[path]
	}
	if p == nil || graph[path] != nil || missing(p) && !p.Standard {
		return
	}
	q := &typecheck.Package{
		Path: path, Dir: p.Dir, Files: p.Files(), Cgo: len(p.CgoFiles) > 0, Go: a.language(p),
		Imports: p.Imports, Map: p.ImportMap, Bodies: touched[path],
	}
	graph[path] = q
	for _, i := range p.Imports {
		if m := l.Packages[i]; m != nil && missing(m) {
			if q.Missing == nil {
				q.Missing = map[string]string{}
			}
			q.Missing[i] = a.whyMissing(plan, m)
		}
		a.addChecked(graph, plan, l, i, touched)
	}
}

// language returns the language version that a package is compiled with: that of
// its module's go line (go 1.16 without one), as far as the server's Go knows it.
func (a *aligner) language(p *stage.Package) string {
	if p.Standard {
		return ""
	}
	v := "1.16"
	if p.Module != nil && p.Module.GoVersion != "" {
		v = p.Module.GoVersion
	}
	if version.Compare("go"+v, "go"+a.server.GoVersion()) > 0 {
		v = a.server.GoVersion()
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
			q.Fixed = mod.Replacement(q.Module) != nil
		}
		out[path] = q
	}
	return out
}
