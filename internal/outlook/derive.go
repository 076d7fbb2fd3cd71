package outlook

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/align"
	"github.com/pinfix/pinfix/internal/edit"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// Releases of one server differ in a few versions. From the plan for one of them that of
// another is derived without the go command: its import graph is read from the module
// cache, and only the packages of modules at other versions, and their importers, are
// type-checked again. What go mod tidy would add to such a plan it has added to the first
// one. Where anything but versions differs, the plan is made anew.

// derives reports whether other plans may be derived from p: it is of the plain kind, with
// nothing lowered, moved, taken from vendor/ or from a server's source, and not steered.
func (p *planned) derives() bool {
	a := p.Set.Aligner
	return a.Options.Conflicts == "auto" && len(a.Options.Caps)+len(a.Options.Keep) == 0 && a.Checker != nil && a.ServerSource == nil && p.Aligned.Plain()
}

// derive is the outlook for a server that is as p's but for versions, or nil where only
// a plan of its own can tell. p must not be in use elsewhere.
func (p *planned) derive(ctx context.Context, o wants.Options, s *pinner.Server) *outlook {
	from := p.Set.Aligner
	have := map[string]pinner.Pin{}
	for _, pin := range s.Required() {
		have[pin.Path] = pin
	}
	a := from.For(&wants.Case{Options: o, Server: s, Plugin: p.plugin})
	in := p.Aligned.Input()
	in.Server, in.Pins, in.Exclude = s, nil, nil
	for _, was := range p.Aligned.Match.Pins {
		pin, ok := have[was.Path]
		if !ok || pin.Replace.Path != "" && pin.Replace.Version == "" {
			return nil
		}
		in.Pins = append(in.Pins, pin)
	}
	plan, graph := align.DerivePlan(in)
	if plan == nil {
		return nil
	}
	l := p.deriveListing(a, plan.Mod, graph)
	if l == nil {
		return nil
	}
	match := pinner.Compare(s, l.Linked())
	misfits, open := a.Own(a.Stage.Sources, l, match)
	if !slices.Equal(match.Pins, in.Pins) || len(match.Splits)+len(misfits) > 0 || a.Clash(l) != nil {
		return nil
	}
	if faults, err := a.Faults(ctx, plan, l); err != nil || len(faults) > 0 {
		return nil
	}
	al := &align.Aligned{Aligner: a, Look: &align.Look{Match: match, Listing: l}, Mod: plan.Mod, Plan: plan, Graph: graph}
	q := &planned{plugin: p.plugin, server: s, Tool: p.Tool, Stage: p.Stage, Aligned: al, Set: &edit.Changes{Aligner: a, Aligned: al, Mod: plan.Mod, Before: p.Set.Before}}
	v := q.Outlook()
	v.Unknown = a.Doubts(match.Pins, open)
	v.Warnings = slices.Concat(reference.Doubts(s), p.Tool.Warnings, plan.Warnings)
	return v
}

// deriveListing is the import graph under mod, read from the module cache; nil where that
// does not have all of it, or where more than versions differs from p's.
func (p *planned) deriveListing(a *align.Aligner, mod *pinner.Mod, graph *pinner.Graph) *importgraph.Listing {
	all, err := mod.Clone()
	if err != nil {
		return nil
	}
	all.Require = nil
	for _, path := range graph.Paths() {
		all.Require = append(all.Require, &modfile.Require{Mod: module.Version{Path: path, Version: graph.Selected(path)}})
	}
	was := p.Aligned.Listing
	g := &look.Graph{Files: look.Files{Tree: &bareTree{look.Disk(p.plugin.Root), a.Bare}, Root: p.plugin.Root}, Cache: p.Tool.Cache, Mod: all, Server: a.Server}
	var roots []string
	for _, r := range was.Roots {
		name := r.Dir
		if r.File() {
			name = r.ImportPath
		}
		rel, err := filepath.Rel(p.plugin.Root, name)
		if err != nil {
			return nil
		}
		roots = append(roots, filepath.ToSlash(rel))
	}
	found, missing, err := g.List(roots)
	if err != nil || len(missing) > 0 || len(found.Roots) != len(was.Roots) {
		return nil
	}
	l := &importgraph.Listing{Roots: was.Roots, Others: was.Others, Packages: map[string]*importgraph.Package{}, Standard: was.Standard}
	for path, pkg := range found.Packages {
		old := was.Packages[path]
		switch {
		case old != nil && old.Dir == pkg.Dir && old.Own() == pkg.Own():
			pkg = old
		case pkg.Own():
			return nil // one of the plugin's that no one imported before
		default:
			if a.DescribeModule(mod, pkg.Module) != nil {
				return nil
			}
			pkg.DepOnly = true
		}
		for _, i := range pkg.Imports {
			if found.Packages[i] == nil && was.Standard[i] == nil && i != "C" && i != "unsafe" {
				return nil
			}
		}
		if !pkg.Own() && p.twice(mod, graph, path) {
			return nil // ambiguous, as only the go command can tell
		}
		l.Packages[path] = pkg
	}
	return l
}

// twice reports whether more than one module of the graph may hold a package.
func (p *planned) twice(mod *pinner.Mod, graph *pinner.Graph, pkg string) bool {
	n := 0
	for up := range modpath.Up(pkg) {
		v := graph.Selected(up)
		if v == "" {
			continue
		}
		dir, ok := modcache.SourceDir(p.Tool.Cache, mod.Source(module.Version{Path: up, Version: v}))
		if !ok {
			n++
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(pkg, up)))); err == nil {
			n++
		} else if _, err := os.Stat(dir); err != nil {
			n++ // not there to look into
		}
	}
	return n > 1
}

// fetchPins has the module cache take in the sources of what the servers have of the
// modules that p pins, in one go. What cannot be fetched is left to the plans that need it.
func (p *planned) fetchPins(ctx context.Context, all []*pinner.Server) {
	want := map[module.Version]bool{}
	for _, s := range all {
		have := pinsByPath(s)
		for _, was := range p.Aligned.Match.Pins {
			pin := have[was.Path]
			v := pin.Version
			if pin.Replace.Path != "" {
				v = pin.Replace
			}
			if dir, ok := modcache.SourceDir(p.Tool.Cache, v); ok && !place.Exists(dir) {
				want[v] = true
			}
		}
	}
	if len(want) > 0 {
		p.Set.Aligner.Options.Step("fetching the modules of the servers: " + report.Count(len(want), "version"))
		p.Stage.Fetch.Download(ctx, slices.Collect(maps.Keys(want)))
	}
}

// A bareTree is the plugin on disk, with its Go files as they are without pinfix's imports.
type bareTree struct {
	disk look.Disk
	bare importgraph.Files
}

func (t *bareTree) ReadFile(name string) ([]byte, error) {
	if data, ok := t.bare[name]; ok {
		return data, nil
	}
	return t.disk.ReadFile(name)
}

func (t *bareTree) ReadDir(name string) ([]fs.DirEntry, error) { return t.disk.ReadDir(name) }
