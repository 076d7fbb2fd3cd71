package solve

import (
	"slices"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// search is the third way: from a state with a fault it steps to those in which
// one of the modules that take part in the fault is one version lower. Any
// solution below the state differs in one of them, so none is missed; each state
// is tried once.
type search struct {
	todo  [][]pinner.Cap // the last is next
	seen  map[string]bool
	tries int
}

// maxTries bounds the states of one search.
const maxTries = 250

func (s *search) begin(solver *Solver) {
	s.seen = map[string]bool{}
	s.todo = [][]pinner.Cap{solver.User}
}

// searchNext goes on after a try that has faults. The first call only begins.
func (s *Solver) searchNext(v *view) ([]pinner.Cap, error) {
	if s.search.tries > 0 {
		next := v.steps()
		slices.Reverse(next)
		s.search.todo = append(s.search.todo, next...)
	}
	return s.searchDead()
}

// searchDead takes the next state that was not tried.
func (s *Solver) searchDead() ([]pinner.Cap, error) {
	for len(s.search.todo) > 0 && s.search.tries < maxTries {
		last := len(s.search.todo) - 1
		caps := s.search.todo[last]
		s.search.todo = s.search.todo[:last]
		if k := key(caps); !s.search.seen[k] {
			s.search.seen[k] = true
			s.search.tries++
			return s.try(caps), nil
		}
	}
	return nil, s.last.noSolution()
}

// steps returns the states one step below.
func (v *view) steps() [][]pinner.Cap {
	f := v.roots[0]
	var out [][]pinner.Cap
	done := map[string]bool{}
	for _, path := range v.culprits(f) {
		p := v.Packages[path]
		if done[p.Module.Path] || v.mayLower(p) != nil {
			continue
		}
		done[p.Module.Path] = true
		if caps, ok := v.lowerBy(p, f); ok {
			out = append(out, caps)
		}
	}
	return out
}

// culprits returns the packages that take part in a fault: the faulty one, what
// it imports, and what imports it; those of modules that the plugin's own code
// imports come last.
func (v *view) culprits(f typecheck.Fault) []string {
	all := []string{f.Package}
	under, over := below(v.Packages, f.Package), above(v.Packages, f.Package)
	delete(under, f.Package)
	all = append(all, sortedKeys(over)...)
	all = append(all, sortedKeys(under)...)
	var first, last []string
	for _, path := range all {
		if v.direct(v.moduleOf(path).Path) {
			last = append(last, path)
		} else {
			first = append(first, path)
		}
	}
	return append(first, last...)
}
