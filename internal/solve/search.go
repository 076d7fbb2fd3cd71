package solve

import (
	"slices"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/pinner"
)

// search is the third way: from a state with a fault it steps to those in which
// one of the modules that take part in the fault is one version lower or higher.
// Any solution differs from the state in one of them, so none is missed; each state
// is tried once.
type search struct {
	todo [][]pinner.Cap // the last is next
	seen map[string]bool
	max  int // bound of the states
}

// A search of a small plugin tries all there is in most cases; of a large one,
// where a try takes seconds, it is the neighbourhood.
const (
	maxTries      = 600
	maxTriesLarge = 25
	large         = 20 // modules
)

// begin starts from the caps that the user asks for.
func (s *search) begin(user []pinner.Cap, pkgs map[string]*conflict.Package) {
	*s = search{todo: [][]pinner.Cap{user}, seen: map[string]bool{}, max: maxTries}
	if countModules(pkgs) > large {
		s.max = maxTriesLarge
	}
}

// add adds states, the first of them to be tried first.
func (s *search) add(states [][]pinner.Cap) {
	slices.Reverse(states)
	s.todo = append(s.todo, states...)
}

// next returns the next state that was not tried, and false if there is none or
// the bound is reached.
func (s *search) next() ([]pinner.Cap, bool) {
	for len(s.todo) > 0 && len(s.seen) < s.max {
		last := len(s.todo) - 1
		caps := s.todo[last]
		s.todo = s.todo[:last]
		if k := key(caps); !s.seen[k] {
			s.seen[k] = true
			return caps, true
		}
	}
	return nil, false
}

// steps returns the states one step away.
func (v mover) steps() [][]pinner.Cap {
	f := v.Roots[0]
	var out [][]pinner.Cap
	done := map[string]bool{}
	for _, path := range v.Culprits(f) {
		p := v.Packages[path]
		if done[p.Module.Path] || v.MayMove(p) != nil {
			continue
		}
		done[p.Module.Path] = true
		for _, d := range v.ways(f) {
			if caps, ok := v.stepTo(p, d, f); ok {
				out = append(out, caps)
			}
		}
	}
	return out
}
