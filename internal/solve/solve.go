// Package solve decides which modules to lower or raise until a plugin compiles
// against the server's versions. After each try the caller tells [Solver.Next] what
// does not compile. The answer is the caps of the next try, or a [NoSolutionError]
// that says which requirements contradict each other.
//
// The solver has three methods and uses them in this order: move only what does not
// compile; lower everything that requires more than it gets (pinner.Downgrade); try
// all combinations of other versions, as far as its budget allows.
// When a try compiles ([Solver.Solved]), it moves each module back towards the
// version that the plugin has, as near as it still compiles.
package solve

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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

	// Earlier are the versions to which an earlier run has moved modules, by path, and
	// Pinned reports whether the plugin's go.mod has pins already: then a large plugin,
	// whose search a budget may end, keeps what the earlier run has come to.
	Earlier map[string]string
	Pinned  func([]pinner.Pin) bool

	// Downgrade returns the caps of the sound downgrade.
	Downgrade func() ([]pinner.Cap, error)

	phase   phase
	rounds  int
	budget  budget
	caps    []pinner.Cap              // of the state that Next is told of
	last    *view                     // of the first way: what is said where none leads on
	lacks   map[module.Version]string // a package that a version was seen not to have
	moves   map[string]*movement      // of the first way, by module
	clashes []clash                   // what did not compile
	views   map[string]*view          // what did not compile, by caps
	why     map[string]failure        // the last reason of each module's cap
	search  search
	near    nearing
	final   []pinner.Cap // in the end: those of the solver and of the plan
}

type phase int

const (
	moving phase = iota
	downgraded
	searching
	nearer // a try has compiled
)

// maxRounds bounds the first way: each round moves a module, and real plugins
// settle in three or four.
const maxRounds = 60

// A failure is a fault, and where it was seen.
type failure struct {
	v *view
	f typecheck.Fault
}

// A budget says when to end a search. Small plugins, and those whose modules have
// still to be fetched, get a number of tries in any case.
type budget struct {
	now   func() time.Time // nil: time.Now
	began time.Time
	tries int
}

const (
	maxTime  = 45 * time.Second // for a search that may lead nowhere
	moreTime = 2 * time.Minute  // for tries that come closer
	freeOnes = 6                // tries that no clock ends
)

// spend counts a try, and reports whether there is time for another one.
func (b *budget) spend(limit time.Duration) bool {
	if b.now == nil {
		b.now = time.Now
	}
	if b.began.IsZero() {
		b.began = b.now()
	}
	b.tries++
	return b.tries <= freeOnes || b.now().Sub(b.began) < limit
}

// String says how much was tried.
func (b *budget) String() string {
	return fmt.Sprintf("%d tries in %s", b.tries, b.now().Sub(b.began).Round(time.Second))
}

// Next is told of a try that has faults, with the caps that it answered last (at
// first: Start), and returns those of the next one.
func (s *Solver) Next(st State) ([]pinner.Cap, error) {
	v := s.view(st)
	v.note()
	v.learn()
	if s.phase == nearer {
		if !s.near.done {
			return s.worse(v), nil
		}
		// go mod tidy has found what the import graph does not show.
		s.phase, s.near.done, s.final = moving, false, nil
		s.budget = budget{now: s.budget.now}
	}
	if s.views == nil {
		s.views = map[string]*view{}
	}
	s.views[key(s.caps)] = v
	if s.last == nil || s.phase == moving {
		s.last = v
	}
	if e := v.finals(); e != nil {
		return nil, e
	}
	limit := maxTime
	if s.phase == moving {
		limit = moreTime
	}
	if !s.budget.spend(limit) {
		return nil, s.last.stopped()
	}
	if s.phase == moving {
		s.rounds++
		if caps, err := v.move(); err != nil || len(caps) > 0 && s.rounds < maxRounds {
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
	if s.phase == moving {
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
	for {
		caps, ok := s.search.next()
		switch v := s.views[key(caps)]; {
		case ok && v != nil: // another way has come by
			s.search.add(v.steps())
			continue
		case ok:
			return s.try(caps), nil
		case len(s.search.todo) > 0:
			return nil, s.last.stopped()
		}
		return nil, s.last.noSolution()
	}
}

// Dead is called instead of Next if the last try gave no plan.
func (s *Solver) Dead(why error) ([]pinner.Cap, error) {
	switch {
	case s.phase == nearer && !s.near.done:
		return s.worse(nil), nil
	case s.last == nil || s.phase == nearer:
		return nil, why
	case !s.budget.spend(maxTime):
		return nil, s.last.stopped()
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
	if s.phase == nearer {
		s.near.before = append(s.near.before, s.near.best) // where they turn out to be needed
	}
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

// mayMove says why no other version of a package's module can be taken; nil where
// one can.
func (v *view) mayMove(p *Package) error {
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
