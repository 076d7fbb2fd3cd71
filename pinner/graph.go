package pinner

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A Summary is what the module graph needs of one module's go.mod.
type Summary struct {
	Go      string // the go line, "" for none
	Require []module.Version
}

// Summarize reads a dependency's go.mod. Like the go command it is lax about
// directives it does not know (cmd/go/internal/modload.rawGoModSummary).
func Summarize(name string, data []byte) (*Summary, error) {
	f, err := modfile.ParseLax(name, data, nil)
	if err != nil {
		return nil, err
	}
	s := &Summary{}
	if f.Go != nil {
		s.Go = f.Go.Version
	}
	for _, r := range f.Require {
		s.Require = append(s.Require, r.Mod)
	}
	return s, nil
}

// pruned reports whether the module's requirements list all that its packages
// need, so that the graph of a pruned main module ends there: go 1.17 and newer
// (https://go.dev/ref/mod#graph-pruning).
func (s *Summary) pruned() bool { return prunedGo(s.Go) }

func prunedGo(v string) bool { return v != "" && compareGo(v, "1.17") >= 0 }

// A Source gives the go.mod of each module, many in one call. A module without
// version is a directory relative to the main module's root. A module it
// cannot give is an error that names it; a [*LostError] comes with all others.
type Source func([]module.Version) (map[module.Version]*Summary, error)

// A LostError says of which module versions a [Source] could not get the go.mod,
// and in Err why.
type LostError struct {
	Modules []module.Version
	Err     error
}

func (e *LostError) Error() string { return e.Err.Error() }

// Unwrap returns why.
func (e *LostError) Unwrap() error { return e.Err }

// A Graph is the module graph of a main module: what go mod graph prints,
// pruned and with exclude and replace applied as cmd/go does it
// (cmd/go/internal/modload.readModGraph).
//
// It is loaded here, and not by the go command, for one reason: the server's
// toolchain refuses to print a graph that holds a go.mod newer than itself
// (Go 1.21 and newer), and just such graphs need pins.
type Graph struct {
	main     module.Version
	selected map[string]string
	versions map[string][]string // every version in the graph, unsorted
	parent   map[module.Version]module.Version
	demand   map[module.Version][]module.Version // who requires it
	goLine   map[module.Version]string
	lost     map[module.Version]bool // its go.mod could not be read; it asks for nothing
}

type node struct {
	m     module.Version
	prune bool // the main module's graph is pruned here
}

// LoadGraph loads the graph of m, level by level. A version that source has lost is
// in the graph as one that asks for nothing: see [Graph.Lost].
func LoadGraph(m *Mod, source Source) (*Graph, error) { return loadGraph(m, nil, source) }

// loadGraph leaves the versions in more out as well.
func loadGraph(m *Mod, more map[module.Version]bool, source Source) (*Graph, error) {
	g := &Graph{
		main:     m.Module.Mod,
		selected: map[string]string{},
		versions: map[string][]string{},
		parent:   map[module.Version]module.Version{},
		demand:   map[module.Version][]module.Version{},
		goLine:   map[module.Version]string{},
		lost:     map[module.Version]bool{},
	}
	own := map[module.Version]bool{}
	for _, x := range m.Exclude {
		own[x.Mod] = true
	}
	excluded := func(v module.Version) bool { return more[v] || own[v] }
	resolve := m.resolver()
	prune := prunedGo(m.GoVersion())
	var level []node
	done := map[node]bool{}
	again := false // whether the node is a module that was there already, pruned or not
	add := func(from, to module.Version, n []node, prune bool) []node {
		if to.Path == g.main.Path || excluded(to) {
			return n
		}
		if !again {
			g.require(from, to)
		}
		if k := (node{to, prune}); !done[k] {
			done[k] = true
			n = append(n, k)
		}
		return n
	}
	for _, r := range m.Require {
		level = add(g.main, r.Mod, level, prune)
	}
	for len(level) > 0 {
		sums, lost, err := source.some(actual(level, resolve))
		if err != nil {
			return nil, err
		}
		var next []node
		for _, n := range level {
			s := sums[resolve(n.m)]
			if lost[resolve(n.m)] {
				g.lost[n.m] = true
				continue
			}
			if s == nil {
				return nil, fmt.Errorf("no go.mod of %s", n.m)
			}
			_, again = g.goLine[n.m]
			g.goLine[n.m] = s.Go
			for _, r := range s.Require {
				if n.prune && s.pruned() {
					if r.Path != g.main.Path && !again && !excluded(r) {
						g.require(n.m, r) // seen, but its own requirements are pruned out
					}
					continue
				}
				// Below an unpruned module nothing is pruned.
				next = add(n.m, r, next, false)
			}
		}
		level = next
	}
	return g, nil
}

// some is s for a caller that can do without some of vs; lost are those that s could
// not get.
func (s Source) some(vs []module.Version) (sums map[module.Version]*Summary, lost map[module.Version]bool, err error) {
	sums, err = s(vs)
	var e *LostError
	if !errors.As(err, &e) {
		return sums, nil, err
	}
	lost = map[module.Version]bool{}
	for _, v := range e.Modules {
		lost[v] = true
	}
	return sums, lost, nil
}

// Lost returns the versions in the graph whose go.mod the source could not get,
// sorted.
func (g *Graph) Lost() []module.Version { return sorted(g.lost) }

func (g *Graph) require(from, to module.Version) {
	by := g.demand[to]
	if len(by) > 0 && by[len(by)-1] == from {
		return // its go.mod says it twice
	}
	g.demand[to] = append(by, from)
	if _, ok := g.parent[to]; ok {
		return
	}
	g.parent[to] = from
	g.versions[to.Path] = append(g.versions[to.Path], to.Version)
	if old, ok := g.selected[to.Path]; !ok || semver.Compare(to.Version, old) > 0 {
		g.selected[to.Path] = to.Version
	}
}

// resolver returns [Mod.Source], for many calls: few modules are replaced.
func (m *Mod) resolver() func(module.Version) module.Version {
	replaced := map[string]bool{}
	for _, r := range m.Replace {
		replaced[r.Old.Path] = true
	}
	return func(v module.Version) module.Version {
		if !replaced[v.Path] {
			return v
		}
		return m.Source(v)
	}
}

func actual(level []node, resolve func(module.Version) module.Version) []module.Version {
	var out []module.Version
	for _, n := range level {
		out = append(out, resolve(n.m))
	}
	return out
}

// Selected returns the selected version of the module path, or "".
func (g *Graph) Selected(path string) string { return g.selected[path] }

// Paths returns the paths of all modules in the graph, sorted.
func (g *Graph) Paths() []string { return slices.Sorted(maps.Keys(g.selected)) }

// Versions returns the versions of the module path that someone in the graph
// asks for, in ascending order.
func (g *Graph) Versions(path string) []string { return g.above(path, "") }

// above returns the versions of path in the graph that are above version, in
// ascending order.
func (g *Graph) above(path, version string) []string {
	var out []string
	for _, v := range g.versions[path] {
		if semver.Compare(v, version) > 0 {
			out = append(out, v)
		}
	}
	semver.Sort(out)
	return out
}

// tooNew returns the modules in the graph whose go line the server's toolchain
// refuses, sorted by path.
func (g *Graph) tooNew(s *Server) []module.Version {
	var out []module.Version
	for m, line := range g.goLine {
		if !s.Accepts(line) {
			out = append(out, m)
		}
	}
	module.Sort(out)
	return out
}

// Demands returns who asks for v as short chains from the plugin,
// "a@v1.0.0 -> b@v1.2.0 -> v", at most three.
func (g *Graph) Demands(v module.Version) []string {
	var out []string
	for _, chain := range g.Chains(v) {
		var steps []string
		for _, m := range chain {
			steps = append(steps, m.String())
		}
		out = append(out, strings.Join(steps, " -> "))
	}
	return out
}

// demanded returns v with all that is known of who asks for it.
func (g *Graph) demanded(v module.Version) Demand {
	d := Demand{Version: v, By: g.Demands(v), Chains: g.Chains(v)}
	if len(d.Chains) > 0 && len(d.Chains[0]) > 1 {
		d.From = d.Chains[0][len(d.Chains[0])-2]
	}
	return d
}

// Chains are Demands as module versions: each begins with what the plugin itself
// requires and ends with v.
func (g *Graph) Chains(v module.Version) [][]module.Version {
	var out [][]module.Version
	for _, d := range g.demand[v] {
		if d == g.main {
			continue
		}
		chain := []module.Version{v}
		for m := d; m != g.main; m = g.parent[m] {
			chain = append(chain, m)
		}
		slices.Reverse(chain)
		out = append(out, chain)
		if len(out) == 3 {
			break
		}
	}
	return out
}
