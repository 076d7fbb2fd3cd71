// Package solve decides which modules to lower until a plugin compiles against
// the server's versions. It is told of each try what does not compile
// ([Solver.Next]) and answers with the caps of the next one, or with a
// [NoSolutionError] that says which requirements cannot meet.
//
// It goes three ways, one after the other: cap what does not compile, and only
// that; lower everything that asks for more than it gets (pinner.Downgrade); go
// through all combinations of lower versions, as far as its bound allows.
package solve

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A Package is a package of the plugin's import graph, the standard library
// left out.
type Package struct {
	Path    string
	Module  module.Version // as selected; of the plugin's own packages only the path
	Own     bool           // of the plugin's main module
	Fixed   bool           // the module is replaced: no other version of it can be taken
	Local   bool           // by a directory
	Imports []string
}

// A State is one try.
type State struct {
	Plan     *pinner.Plan
	Packages map[string]*Package
	Faults   []typecheck.Fault // what does not compile
}

// A Solver is what all tries have in common. The fields are set by the caller.
type Solver struct {
	Server *pinner.Server
	Base   *pinner.Graph // of the plugin's own go.mod
	Keep   []string      // modules that stay as they are
	User   []pinner.Cap  // caps that the user asks for
	Only   bool          // the sound downgrade only
	Find   pinner.Candidates
	Root   string // the plugin's directory

	// Downgrade returns the caps of the sound downgrade.
	Downgrade func() ([]pinner.Cap, error)

	phase  phase
	rounds int
	caps   []pinner.Cap              // of the state that Next is told of
	last   *view                     // of the first way: what is said where none leads on
	lacks  map[module.Version]string // a package that a version was seen not to have
	search search
}

type phase int

const (
	lowering phase = iota
	downgraded
	searching
)

// maxRounds bounds the first way: each round lowers a module, and real plugins
// settle in three or four.
const maxRounds = 60

// Next is told of a try that has faults, with the caps that it answered last (at
// first: Start), and returns those of the next one.
func (s *Solver) Next(st State) ([]pinner.Cap, error) {
	v := s.view(st)
	v.note()
	if s.last == nil || s.phase == lowering {
		s.last = v
	}
	if e := v.finals(); e != nil {
		return nil, e
	}
	if s.phase == lowering {
		s.rounds++
		if caps, err := v.lower(); err != nil || len(caps) > 0 && s.rounds < maxRounds {
			return s.try(caps), err
		}
	}
	if s.phase == searching {
		s.search.add(v.steps())
	}
	return s.onward()
}

// onward takes the next way, or the next step of the last one.
func (s *Solver) onward() ([]pinner.Cap, error) {
	if s.phase == lowering {
		s.phase = downgraded
		if caps, err := s.Downgrade(); err == nil && !same(caps, s.caps) {
			return s.try(caps), nil
		}
	}
	if s.Only {
		return nil, s.last.noSolution()
	}
	if s.phase == downgraded {
		s.phase = searching
		s.search.begin(s.User, s.last.Packages)
	}
	caps, ok := s.search.next()
	if !ok {
		return nil, s.last.noSolution()
	}
	return s.try(caps), nil
}

// Dead is told instead of Next that the last try could not even be made.
func (s *Solver) Dead(why error) ([]pinner.Cap, error) {
	if s.last == nil {
		return nil, why
	}
	return s.onward()
}

// Start returns the caps of the first try.
func (s *Solver) Start() ([]pinner.Cap, error) {
	s.caps = s.User
	if !s.Only {
		return s.caps, nil
	}
	s.phase = downgraded
	caps, err := s.Downgrade()
	return s.try(caps), err
}

// Without returns the caps of the last try but for those of some modules, which
// turn out to be needless.
func (s *Solver) Without(needless func(path string) bool) []pinner.Cap {
	return s.try(slices.DeleteFunc(slices.Clone(s.caps), func(c pinner.Cap) bool { return needless(c.Path) }))
}

func (s *Solver) try(caps []pinner.Cap) []pinner.Cap {
	s.caps = caps
	return caps
}

// same reports whether two lists cap the same.
func same(a, b []pinner.Cap) bool { return key(a) == key(b) }

func key(caps []pinner.Cap) string {
	var out []string
	for _, c := range caps {
		out = append(out, c.Version.String())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// set returns caps with others in place of those of the same modules.
func set(caps []pinner.Cap, others ...pinner.Cap) []pinner.Cap {
	again := map[string]bool{}
	for _, c := range others {
		again[c.Path] = true
	}
	out := slices.DeleteFunc(slices.Clone(caps), func(d pinner.Cap) bool { return again[d.Path] })
	out = append(out, others...)
	slices.SortFunc(out, func(a, b pinner.Cap) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// below returns a package and all that it imports, directly or not.
func below(pkgs map[string]*Package, path string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(path string) {
		p := pkgs[path]
		if p == nil || seen[path] {
			return
		}
		seen[path] = true
		for _, q := range p.Imports {
			visit(q)
		}
	}
	visit(path)
	return seen
}

// above returns the packages that import path, directly or not.
func above(pkgs map[string]*Package, path string) map[string]bool {
	out := map[string]bool{path: true}
	for grown := true; grown; {
		grown = false
		for _, p := range pkgs {
			if !out[p.Path] && slices.ContainsFunc(p.Imports, func(q string) bool { return out[q] }) {
				out[p.Path], grown = true, true
			}
		}
	}
	delete(out, path)
	return out
}

// mayLower says why the module of a package cannot be lowered; nil where it can.
func (v *view) mayLower(p *Package) error {
	switch {
	case p == nil || p.Own:
		return errors.New("it is the plugin's own")
	case v.pinned(p.Module.Path):
		return errors.New("the server has it at that version")
	case p.Fixed:
		return errors.New("it is replaced, so there is no other version of it")
	case slices.ContainsFunc(v.User, func(c pinner.Cap) bool { return c.Path == p.Module.Path && c.Cause == pinner.CauseVendor }):
		return errors.New("it could not be fetched, and vendor/ has no other version of it")
	case slices.Contains(v.Keep, p.Module.Path):
		return errors.New("it is kept by --keep")
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
