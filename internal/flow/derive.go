package flow

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

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/report"
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
	a := p.set.a
	return a.o.Conflicts == "auto" && len(a.o.Caps)+len(a.o.Keep) == 0 && a.rounds == 0 && a.checker != nil && a.serverSource == nil && a.loans == 0 && len(a.old) == 0 && len(a.in.Caps) == 0 &&
		len(a.in.Drop)+len(a.in.Raise)+len(a.in.Refused)+len(a.moves)+len(a.raised)+len(p.aligned.match.Splits) == 0
}

// derive is the outlook for a server that is as p's but for versions, or nil where only
// a plan of its own can tell. p must not be in use elsewhere.
func (p *planned) derive(ctx context.Context, o Options, s *pinner.Server) *outlook {
	from := p.set.a
	have := map[string]pinner.Pin{}
	for _, pin := range s.Required() {
		have[pin.Path] = pin
	}
	a := &aligner{o: o, server: s, plugin: p.plugin, stage: p.stage, sources: p.stage.Sources, have: from.have, bare: from.bare, base: from.base, checker: from.checker, parsed: true}
	a.in = from.in
	a.in.Server, a.in.Pins, a.in.Exclude = s, nil, nil
	for _, was := range p.aligned.match.Pins {
		pin, ok := have[was.Path]
		if !ok || pin.Replace.Path != "" && pin.Replace.Version == "" {
			return nil
		}
		a.in.Pins = append(a.in.Pins, pin)
	}
	plan, graph := a.derivePlan()
	if plan == nil {
		return nil
	}
	l := p.deriveListing(a, plan.Mod, graph)
	if l == nil {
		return nil
	}
	match := pinner.Compare(s, l.Linked())
	misfits, open := a.own(l, match)
	if !slices.Equal(match.Pins, a.in.Pins) || len(match.Splits)+len(misfits) > 0 || a.clash(l) != nil {
		return nil
	}
	if faults, err := a.compile(ctx, plan, l); err != nil || len(faults) > 0 {
		return nil
	}
	al := &aligned{mod: plan.Mod, plan: plan, match: match, listing: l, graph: graph}
	q := &planned{plugin: p.plugin, server: s, tool: p.tool, stage: p.stage, aligned: al, set: &changes{a: a, al: al, mod: plan.Mod, before: p.set.before}}
	v := q.outlook()
	v.unknown = a.doubts(match.Pins, open)
	v.warnings = slices.Concat(doubts(s), p.tool.warnings, plan.Warnings)
	return v
}

// derivePlan is the plan for the pins, with all excludes that its graph needs; nil for none.
func (a *aligner) derivePlan() (*pinner.Plan, *pinner.Graph) {
	for range maxRounds {
		plan, err := pinner.Make(a.in)
		if err != nil {
			return nil, nil
		}
		needed, graph, err := plan.Recheck(a.in, plan.Mod)
		if err != nil {
			return nil, nil
		}
		if !moreExcludes(&a.in, plan, needed) {
			return plan, graph
		}
	}
	return nil, nil
}

// deriveListing is the import graph under mod, read from the module cache; nil where that
// does not have all of it, or where more than versions differs from p's.
func (p *planned) deriveListing(a *aligner, mod *pinner.Mod, graph *pinner.Graph) *importgraph.Listing {
	all, err := mod.Clone()
	if err != nil {
		return nil
	}
	all.Require = nil
	for _, path := range graph.Paths() {
		all.Require = append(all.Require, &modfile.Require{Mod: module.Version{Path: path, Version: graph.Selected(path)}})
	}
	was := p.aligned.listing
	g := &look.Graph{Tree: &bareTree{look.Disk(p.plugin.root), a.bare}, Root: p.plugin.root, Cache: p.tool.cache, Mod: all, Server: a.server}
	var roots []string
	for _, r := range was.Roots {
		name := r.Dir
		if r.File() {
			name = r.ImportPath
		}
		rel, err := filepath.Rel(p.plugin.root, name)
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
		case old != nil && old.Dir == pkg.Dir && own(old) == own(pkg):
			pkg = old
		case own(pkg):
			return nil // one of the plugin's that no one imported before
		default:
			if a.describeModule(mod, pkg.Module) != nil {
				return nil
			}
			pkg.DepOnly = true
		}
		for _, i := range pkg.Imports {
			if found.Packages[i] == nil && was.Standard[i] == nil && i != "C" && i != "unsafe" {
				return nil
			}
		}
		if !own(pkg) && p.twice(mod, graph, path) {
			return nil // ambiguous, as only the go command can tell
		}
		l.Packages[path] = pkg
	}
	return l
}

// describeModule adds what go list says of a module.
func (a *aligner) describeModule(mod *pinner.Mod, m *importgraph.Module) error {
	v := module.Version{Path: m.Path, Version: m.Version}
	src := source(mod, v)
	sums, err := a.in.Source([]module.Version{src})
	if err != nil {
		return err
	}
	m.GoVersion = sums[src].Go
	if src != v {
		m.Replace = &struct{ Path, Version, Dir string }{Path: src.Path, Version: src.Version}
	}
	return nil
}

// twice reports whether more than one module of the graph may hold a package.
func (p *planned) twice(mod *pinner.Mod, graph *pinner.Graph, pkg string) bool {
	n := 0
	for up := pkg; up != "." && up != ""; up = parentPath(up) {
		v := graph.Selected(up)
		if v == "" {
			continue
		}
		dir, ok := modcache.SourceDir(p.tool.cache, source(mod, module.Version{Path: up, Version: v}))
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

func parentPath(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	return path[:i]
}

// fetchPins has the module cache take in the sources of what the servers have of the
// modules that p pins, in one go. What cannot be fetched is left to the plans that need it.
func (p *planned) fetchPins(ctx context.Context, all []*pinner.Server) {
	want := map[module.Version]bool{}
	for _, s := range all {
		have := pinsByPath(s)
		for _, was := range p.aligned.match.Pins {
			pin := have[was.Path]
			v := pin.Version
			if pin.Replace.Path != "" {
				v = pin.Replace
			}
			if dir, ok := modcache.SourceDir(p.tool.cache, v); ok && !exists(dir) {
				want[v] = true
			}
		}
	}
	if len(want) > 0 {
		p.set.a.o.Step("fetching the modules of the servers: " + report.Count(len(want), "version"))
		p.stage.Download(ctx, slices.Collect(maps.Keys(want)))
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
