package look

import (
	"errors"
	"go/build"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/parallel"
	"github.com/pinfix/pinfix/internal/syntax"
	"github.com/pinfix/pinfix/pinner"
)

// A Graph reads a plugin's import graph from source files, as go list would for
// the server's platform and tags.
type Graph struct {
	Files
	Cache  string // GOMODCACHE, read where vendor/ does not have a package; "" for none
	Mod    *pinner.Mod
	Vendor map[string]module.Version // package -> module, as modules.txt has it; nil: module mode
	Server *pinner.Server

	ctx      build.Context
	versions map[string]string     // required modules
	unread   atomic.Pointer[error] // of a package that the user can edit: of the module, or of a directory that replaces one
}

// A Missing is a package whose source is not available.
type Missing struct {
	Package, By string // By imports it

	// Unrequired: go.mod requires no module that could have it.
	Unrequired bool
}

// List returns the import graph of the main packages in the directories that
// roots names (slash paths below the module root), or of the files. missing are
// packages whose source is not available.
func (g *Graph) List(roots []string) (l *importgraph.Listing, missing []Missing, err error) {
	g.ctx = buildctx.Of(g.Server)
	g.versions = map[string]string{}
	for _, r := range g.Mod.Require {
		g.versions[r.Mod.Path] = r.Mod.Version
	}
	l = &importgraph.Listing{Packages: map[string]*importgraph.Package{}}
	for _, r := range roots {
		p, err := g.root(r)
		if err != nil {
			return nil, nil, err
		}
		if p == nil || p.Name != "main" {
			continue
		}
		l.Roots = append(l.Roots, p)
		l.Packages[p.ImportPath] = p
	}
	slices.SortFunc(l.Roots, func(a, b *importgraph.Package) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	for level := l.Roots; len(level) > 0; {
		var more []Missing
		level, more = g.next(l, level)
		missing = append(missing, more...)
	}
	if err := g.unread.Load(); err != nil {
		return nil, nil, *err
	}
	return l, missing, nil
}

// next reads what the packages of level import and l does not have yet.
func (g *Graph) next(l *importgraph.Listing, level []*importgraph.Package) (next []*importgraph.Package, missing []Missing) {
	type wanted struct {
		pkg, by      string
		found        *importgraph.Package
		required, ok bool
	}
	var want []wanted
	seen := map[string]bool{"C": true}
	for _, p := range level {
		for _, pkg := range p.Imports {
			if l.Packages[pkg] == nil && !seen[pkg] {
				seen[pkg] = true
				want = append(want, wanted{pkg: pkg, by: p.ImportPath})
			}
		}
	}
	parallel.Do(atOnce(), len(want), func(i int) {
		w := &want[i]
		w.found, w.required, w.ok = g.find(w.pkg)
	})
	for _, w := range want {
		if !w.ok {
			missing = append(missing, Missing{w.pkg, w.by, !w.required})
		}
		if w.found != nil {
			l.Packages[w.pkg] = w.found
			next = append(next, w.found)
		}
	}
	return next, missing
}

// root reads one main package: a directory, or a file of one by itself.
func (g *Graph) root(name string) (*importgraph.Package, error) {
	main := g.Mod.Module.Mod.Path
	if strings.HasSuffix(name, ".go") {
		return g.file(name)
	}
	importPath := path.Join(main, name)
	p, err := g.read(importPath, filepath.Join(g.Root, filepath.FromSlash(name)))
	if p != nil {
		p.Module = &importgraph.Module{Path: main, Main: true}
	}
	return p, err
}

// file reads a plugin that is one file, whatever its constraints.
func (g *Graph) file(name string) (*importgraph.Package, error) {
	full := filepath.Join(g.Root, filepath.FromSlash(name))
	src, err := g.source(full)
	switch {
	case err != nil:
		return nil, err
	case src.err != nil:
		return nil, g.broken(full, src.err)
	}
	p := &importgraph.Package{ImportPath: full, Dir: filepath.Dir(full)}
	p.Name = src.pkg
	add(p, filepath.Base(full), src)
	return p, nil
}

// read reads the package in dir; nil if there is none for this platform.
func (g *Graph) read(importPath, dir string) (*importgraph.Package, error) {
	entries, err := g.readDir(dir)
	if err != nil {
		return nil, nil
	}
	p := &importgraph.Package{ImportPath: importPath, Dir: dir}
	for _, e := range entries {
		name := e.Name()
		if !isSource(name) || e.IsDir() {
			continue
		}
		full := filepath.Join(dir, name)
		src, err := g.source(full)
		if err != nil {
			continue // a link to nowhere
		}
		switch {
		case src.pkg == "documentation", !g.builds(dir, name, src):
			p.IgnoredGoFiles = append(p.IgnoredGoFiles, name)
			continue
		case src.err != nil:
			return nil, g.broken(full, src.err)
		case p.Name != "" && src.pkg != p.Name:
			return nil, &importgraph.BrokenError{Pos: g.short(dir), Why: "found packages " + p.Name + " and " + src.pkg + " (" + name + ")"}
		}
		p.Name = src.pkg
		add(p, name, src)
	}
	if p.Name == "" && len(p.IgnoredGoFiles) == 0 {
		return nil, nil
	}
	return p, nil
}

// broken is the error of a file that does not parse, with a short name.
func (g *Graph) broken(full string, err error) error {
	var at *syntax.Error
	if errors.As(err, &at) {
		at = at.In(g.short(full))
		return &importgraph.BrokenError{Pos: at.Place(), Why: at.Msg, Next: at.NextStep()}
	}
	return &importgraph.BrokenError{Pos: g.short(full), Why: err.Error()}
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && name[0] != '_' && name[0] != '.'
}

// add adds a file and its imports to p.
func add(p *importgraph.Package, name string, src *source) {
	if slices.Contains(src.imports, "C") {
		p.CgoFiles = append(p.CgoFiles, name)
	} else {
		p.GoFiles = append(p.GoFiles, name)
	}
	for _, pkg := range src.imports {
		if !slices.Contains(p.Imports, pkg) {
			p.Imports = append(p.Imports, pkg)
		}
	}
}

// builds reports whether a file is part of a build for the server's platform.
func (g *Graph) builds(dir, name string, src *source) bool {
	if !importgraph.Constrained(name, src.data) {
		return true
	}
	ok, err := importgraph.Match(g.ctx, dir, name, src.data)
	return ok && err == nil
}

// find reads a package by its import path; nil for one of the standard library.
// required is whether there is a module that could have it.
func (g *Graph) find(pkg string) (_ *importgraph.Package, required, ok bool) {
	main := g.Mod.Module.Mod.Path
	if rest, own := modpath.Cut(pkg, main); own {
		p, err := g.root(strings.TrimPrefix(rest, "/"))
		if err == nil && p != nil {
			return p, true, true
		}
		if err != nil {
			g.unread.CompareAndSwap(nil, &err)
		}
	}
	if m, vendored := g.Vendor[pkg]; vendored {
		p, err := g.read(pkg, filepath.Join(g.Root, "vendor", filepath.FromSlash(pkg)))
		if err == nil && p != nil {
			p.Module = &importgraph.Module{Path: m.Path, Version: m.Version}
			return p, true, true
		}
		required = true
	}
	known := false
	for up := range modpath.Up(pkg) { // one of a longer path may not have the package
		if v := g.versions[up]; v != "" {
			p, atHand := g.cached(module.Version{Path: up, Version: v}, pkg)
			if p != nil {
				return p, true, true
			}
			known, required = true, required || !atHand
		}
	}
	first, _, _ := strings.Cut(pkg, "/")
	return nil, required, !known && !required && !strings.Contains(first, ".")
}

// cached reads a package from the module cache, or from the directory that
// replaces its module. atHand is whether the module is there.
func (g *Graph) cached(m module.Version, pkg string) (_ *importgraph.Package, atHand bool) {
	src := g.Mod.Source(m)
	rel := filepath.FromSlash(strings.TrimPrefix(strings.TrimPrefix(pkg, m.Path), "/"))
	dir := ""
	switch {
	case src.Version == "" && filepath.IsAbs(src.Path):
		dir = filepath.FromSlash(src.Path)
	case src.Version == "":
		dir = filepath.Join(g.Root, filepath.FromSlash(src.Path))
	default:
		var ok bool
		if dir, ok = modcache.SourceDir(g.Cache, src); !ok {
			return nil, false
		}
	}
	p, err := g.read(pkg, filepath.Join(dir, rel))
	if err != nil && src.Version == "" {
		g.unread.CompareAndSwap(nil, &err)
	}
	if err != nil || p == nil {
		_, missing := g.readDir(dir)
		return nil, missing == nil
	}
	p.Module = &importgraph.Module{Path: m.Path, Version: m.Version}
	return p, true
}
