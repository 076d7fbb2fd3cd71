// Package solve decides which modules to lower or raise until a plugin compiles
// against the server's versions. After each try the caller tells [Solver.Next] what
// does not compile. The answer is the caps of the next try, or a
// [conflict.NoSolutionError] that says which requirements contradict each other.
//
// The solver has three methods and uses them in this order: move only what does not
// compile; lower everything that requires more than it gets (pinner.Downgrade); try
// all combinations of other versions, as far as its budget allows.
// When a try compiles ([Solver.Solved]), it moves each module back towards the
// version that the plugin has, as near as it still compiles.
package solve

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/pinner"
)

// Options are what a solver is told.
type Options struct {
	conflict.Task
	Only bool // the sound downgrade only

	// Earlier are the versions to which an earlier run has moved modules, by path, and
	// Pinned reports whether the plugin's go.mod has pins already: then a large plugin,
	// whose search a budget may end, keeps what the earlier run has come to.
	Earlier map[string]string
	Pinned  func([]pinner.Pin) bool

	// Downgrade returns the caps of the sound downgrade.
	Downgrade func() ([]pinner.Cap, error)
}

// common is what all ways to a solution work with.
type common struct {
	Options
	conflict.Record
	budget budget
}

// A Solver goes from try to try.
type Solver struct {
	common
	phase  phase
	rounds int
	caps   []pinner.Cap              // of the state that Next is told of
	last   *conflict.View            // of the first way: what is said where none leads on
	moves  map[string]*movement      // of the first way, by module
	views  map[string]*conflict.View // what did not compile, by caps
	search search
	near   nearing
}

// New returns a solver before its first try.
func New(o Options) *Solver {
	return &Solver{common: common{Options: o}, moves: map[string]*movement{}, views: map[string]*conflict.View{}}
}

func (s *Solver) view(st conflict.State) *conflict.View {
	return conflict.New(&s.Task, &s.Record, st, s.caps)
}

func (s *Solver) mover(v *conflict.View) mover { return mover{v, s.moves} }

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
func (s *Solver) Next(st conflict.State) ([]pinner.Cap, error) {
	v := s.view(st)
	s.Record.Learn(v)
	if s.phase == nearer {
		if !s.near.done {
			return s.worse(v), nil
		}
		// go mod tidy has found what the import graph does not show.
		s.phase, s.near.done, s.Record.Final = moving, false, nil
		s.budget = budget{now: s.budget.now}
	}
	s.views[key(s.caps)] = v
	if s.last == nil || s.phase == moving {
		s.last = v
	}
	if e := conflict.Finals(v); e != nil {
		return nil, e
	}
	limit := maxTime
	if s.phase == moving {
		limit = moreTime
	}
	if !s.budget.spend(limit) {
		return nil, conflict.Judge(s.last).Stopped(s.budget.String())
	}
	if s.phase == moving {
		s.rounds++
		if caps, err := s.mover(v).move(); err != nil || len(caps) > 0 && s.rounds < maxRounds {
			return s.try(caps), err
		}
	}
	if s.phase == searching {
		s.search.add(s.mover(v).steps())
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
		return nil, conflict.Judge(s.last).NoSolution()
	}
	if s.phase == downgraded {
		s.phase = searching
		s.search.begin(s.User, s.last.Packages)
	}
	for {
		caps, ok := s.search.next()
		switch v := s.views[key(caps)]; {
		case ok && v != nil: // another way has come by
			s.search.add(s.mover(v).steps())
			continue
		case ok:
			return s.try(caps), nil
		case len(s.search.todo) > 0:
			return nil, conflict.Judge(s.last).Stopped(s.budget.String())
		}
		return nil, conflict.Judge(s.last).NoSolution()
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
		return nil, conflict.Judge(s.last).Stopped(s.budget.String())
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
