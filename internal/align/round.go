package align

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// A round is one try: it begins with a look and with what is known, and its steps add the rest.
// It is a value: what a step returns is another one. It has many methods, since each step is one
// and so is each of the questions that a step asks; none of them writes to the round it is
// called on.
type round struct {
	*Aligner
	memory
	now *Look // under an earlier plan, or under this one

	plan   *pinner.Plan      // from planned on
	files  importgraph.Files // from tidied on: the Go files as tidy and vendor see them
	tidied *pinner.Mod
	done   *Aligned
}

// memory is what one round leaves to the next. Whoever adds to a list or a map of it makes
// a new one.
type memory struct {
	Input pinner.Input // what the next plan is made from
	tried int          // rounds that the solver, or what it has to know, has taken
	splitUp
	try

	held   map[string]bool  // pins that a look has asked for
	wanted map[string]bool  // modules that are linked, though an earlier plan did without
	looked map[string]*Look // what compiled, by the text of its go.mod
	old    []string         // what does not compile without pinfix either
	parsed bool             // the plugin's files were seen to parse
	loans  int              // how many of the stage's are capped
	ahead  *ahead           // nil: nothing that was begun early is of use
}

// splitUp is about packages that the server takes from a nested module.
type splitUp struct {
	moves  []fetch.Move
	raised []module.Version // what the parents were raised to, as Input.Raise first had it
	kept   []string         // parents whose raise is not taken back
}

// try is the solver and how far it has come.
type try struct {
	solver     *solve.Solver // nil: nothing is solved
	user       []pinner.Cap  // --cap, and what only vendor/ has
	started    bool          // the solver has given its first caps
	pruned     bool          // caps that are not needed any more are taken back, once
	prunedLast bool          // and once more, for the last plan
}

// again says why there is another round; "" if there is none.
type again string

const (
	againLoans     again = "modules were taken over from vendor/"
	againCaps      again = "the solver has other caps"
	againPins      again = "the import graph under the plan asks for other pins or imports"
	againWanted    again = "a module that the plan did without is linked"
	againRefused   again = "the go command refuses a module for its go line"
	againAmbiguous again = "two modules hold one package"
	againRaise     again = "tidy does not require the parent of a split any more"
	againAbove     again = "tidy has brought in what is above a pin"
)

// step goes through a round. It returns what is aligned, or the round that the next one begins
// with, and why there is one.
func (r round) step(ctx context.Context) (round, *Aligned, again, error) {
	for _, step := range []func(round, context.Context) (round, again, error){round.planned, round.compiled, round.tidy, round.settled} {
		var why again
		var err error
		if r, why, err = step(r, ctx); err != nil || why != "" {
			return round{Aligner: r.Aligner, memory: r.memory, now: r.now}, nil, why, err
		}
	}
	return r, r.done, "", nil
}

// planned makes the plan for what the look asks for.
func (r round) planned(ctx context.Context) (round, again, error) {
	r, _ = r.takeLoans()
	r.Input.Pins = r.now.Match.Pins
	r, err := r.splits(ctx)
	if err != nil {
		return r, "", err
	}
	linked, wanted := r.now.Listing.Versions(), r.wanted
	r.Input.Linked = func(path string) bool { return linked[path] != "" || wanted[path] }
	for {
		if r.plan, err = pinner.Make(r.Input); err == nil {
			return r, "", nil
		}
		if r, _, err = r.dead(err); err != nil { // a plan that cannot be made is a dead end for the solver
			return r, "", err
		}
	}
}

// tidy tidies a plan that compiles; what tidy finds may ask for another one.
func (r round) tidy(ctx context.Context) (round, again, error) {
	r.Options.Step("go mod tidy with " + report.Count(len(r.plan.Pins), "pinned module"))
	var err error
	if r.files, err = wants.Unconstrained(r.Stage.Sources, r.now.Listing, r.now.Files); err != nil {
		return r, "", err
	}
	tidied, sum, failed := r.ahead.tidy(ctx, r.Stage, r.plan.Mod, r.files)
	r.tidied = tidied
	r, more := r.takeLoans()
	if more {
		return r, againLoans, nil
	}
	if failed != nil {
		if m, cured := r.cure(r.Server, failed); cured {
			r.memory = m
			return r, againAmbiguous, nil
		}
		return r.untidy(r.whoLacks(ctx, failed))
	}
	if m, more := r.unraise(tidied); more {
		r.memory = m
		return r, againRaise, nil
	}
	if err := r.sought(ctx); err != nil {
		return r.untidy(err)
	}
	needed, graph, err := r.plan.Recheck(r.Input, tidied)
	if err != nil {
		return r, "", err
	}
	in, more := MoreExcludes(r.Input, r.plan, needed)
	if more {
		r.Input = in
		return r, againAbove, nil
	}
	if above := slices.DeleteFunc(slices.Clone(needed), func(d pinner.Demand) bool { return d.Lost }); r.Options.Conflicts == "fail" && len(above) > 0 {
		return r, "", conflictError(r.plan.Pins, above)
	}
	mod, err := r.plan.Finish(r.Plugin.User, tidied, needed)
	if err != nil {
		return r, "", err
	}
	r.done = &Aligned{Aligner: r.Aligner, Look: r.now, Plan: r.plan, Mod: mod, Sum: sum, Graph: graph, Demands: needed,
		Warnings: slices.Concat(r.warnings, r.old, r.plan.Warnings)}
	return r, "", nil
}

// settled vendors what is tidied, and looks whether it still asks for the same.
func (r round) settled(ctx context.Context) (round, again, error) {
	vendor, next, m, err := r.vendorAndLook(ctx)
	r.memory = m
	if err != nil {
		if m, cured := r.cure(r.Server, err); cured {
			r.memory = m
			return r, againAmbiguous, nil // tidy has overlooked it, as it does where it adds the nested module itself
		}
		return r, "", err
	}
	if !next.same(r.now) {
		r.now = next
		return r, againPins, nil
	}
	done := *r.done
	done.Vendor, done.memory = vendor, r.memory
	r.done = &done
	return r, "", selected(next)
}

// vendorAndLook vendors, and meanwhile loads the import graph again if tidy
// left other versions than those it was loaded with.
func (r round) vendorAndLook(ctx context.Context) (vendor string, next *Look, m memory, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	vendored := make(chan error, 1)
	go func() {
		var err error
		if r.vendors {
			r.Options.Step("go mod vendor")
			vendor, err = r.ahead.vendor(ctx, r.Stage, r.now.Listing, r.tidied, r.done.Sum, r.files)
		}
		vendored <- err
	}()
	next, m = r.now, r.memory
	if stale(r.now, r.done.Graph) {
		if next, m, err = r.look(ctx, r.tidied, r.plan); err != nil {
			cancel()
			<-vendored
			return "", nil, m, err
		}
	}
	err = <-vendored
	return vendor, next, m, err
}

// stale reports whether the import graph may be another one under the build
// list that tidy left.
func stale(now *Look, g *pinner.Graph) bool {
	if len(now.Match.Splits) > 0 {
		return true
	}
	for _, p := range now.Listing.Packages {
		if p.Error != nil {
			return true
		}
	}
	for path, v := range now.Listing.Versions() {
		if g.Selected(path) != v {
			return true
		}
	}
	return false
}

// selected makes sure that the go command selects what was planned.
func selected(s *Look) error {
	versions := s.Listing.Versions()
	for _, p := range s.Match.Pins {
		if v, ok := versions[p.Path]; ok && v != p.Version.Version {
			return fault.New(nextBug, "go selects %s %s; the server has %s", p.Path, v, p.Version.Version)
		}
	}
	return nil
}

// MoreExcludes adds to in.Exclude what tidy brought in above a pin, and reports whether
// there was more of it than plan knows.
func MoreExcludes(in pinner.Input, plan *pinner.Plan, needed []pinner.Demand) (pinner.Input, bool) {
	more := false
	for _, d := range needed {
		had := slices.ContainsFunc(plan.Demands, func(e pinner.Demand) bool { return e.Version == d.Version })
		if !had && !slices.Contains(in.Exclude, d.Version) {
			in.Exclude = append(slices.Clip(in.Exclude), d.Version)
			more = true
		}
	}
	return in, more
}

// conflictError is what --conflicts fail says.
func conflictError(pins []pinner.Pin, demands []pinner.Demand) error {
	var lines []string
	for _, d := range demands {
		i := slices.IndexFunc(pins, func(p pinner.Pin) bool { return p.Path == d.Path })
		if i < 0 {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s; the server has %s", strings.Join(d.By, ", "), pins[i].Version.Version))
	}
	return reference.Refusal{Err: fault.New("--conflicts auto lowers what does not compile with the server's versions; keep only excludes what is above them", "the plugin's modules ask for more than the server has:\n%s", strings.Join(lines, "\n"))}
}

// DerivePlan is the plan for the pins of in, with all excludes that its graph needs; nil for
// none.
func DerivePlan(in pinner.Input) (*pinner.Plan, *pinner.Graph) {
	for range maxRounds {
		plan, err := pinner.Make(in)
		if err != nil {
			return nil, nil
		}
		needed, graph, err := plan.Recheck(in, plan.Mod)
		if err != nil {
			return nil, nil
		}
		more := false
		if in, more = MoreExcludes(in, plan, needed); !more {
			return plan, graph
		}
	}
	return nil, nil
}

// DescribeModule adds what go list says of a module.
func (a *Aligner) DescribeModule(mod *pinner.Mod, m *importgraph.Module) error {
	v := module.Version{Path: m.Path, Version: m.Version}
	src := mod.Source(v)
	sums, err := a.Source([]module.Version{src})
	if err != nil {
		return err
	}
	m.GoVersion = sums[src].Go
	if src != v {
		m.Replace = &struct{ Path, Version, Dir string }{Path: src.Path, Version: src.Version}
	}
	return nil
}
