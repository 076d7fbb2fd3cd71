// Package align plans and stages until nothing changes any more: pins, blank imports, tidy and
// vendor, and which modules to lower where code does not compile. [Aligner.Align] goes from one
// round to the next; CONTRIBUTING.md says what a round does.
package align

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// maxRounds bounds plan -> tidy -> look again; two are normal. A try of the solver's may
// ask for other pins, and those for others again.
const maxRounds, maxRoundsOfTry = 12, 4

// nextBug is the next step where pinfix itself is wrong.
const nextBug = "report it with the go.mod and the server's build info: this is a bug in pinfix"

// An Aligner plans and stages until nothing changes.
type Aligner struct {
	*compiles.Code
	Input     pinner.Input
	ahead     *ahead
	oldVendor chan vendordir.Old
	Moves     []fetch.Move     // packages that the server takes from a nested module
	Raised    []module.Version // what they were raised to, as in.Raise first had it
	kept      []string         // parents whose raise is not taken back

	user       []pinner.Cap // --cap
	Solver     *solve.Solver
	started    bool              // the solver has given its first caps
	held       map[string]bool   // pins that a look has asked for
	pruned     bool              // caps that are not needed any more are taken back, once
	Old        []string          // what does not compile there either
	Parsed     bool              // the plugin's files were seen to parse
	Rounds     int               // of the solver
	wanted     map[string]bool   // modules that are linked, though an earlier plan did without
	looked     map[string]*state // what compiled, by the text of its go.mod
	prunedLast bool              // caps are taken back once more, for the last plan

	warnings []string

	Loans      int    // how many of the stage's are capped
	vendors    bool   // vendor/ is written
	VendorNote string // why not
}

// Aligned is a staged plugin that has every shared module as the server has it.
type Aligned struct {
	Mod      *pinner.Mod // go.mod to be written
	Sum      []byte
	Files    importgraph.Files // Go files to be written
	staged   importgraph.Files // the same as tidy and vendor see them
	Vendor   string            // the new vendor directory; "" = stays, or none
	Plan     *pinner.Plan
	Match    *pinner.Match
	Listing  *importgraph.Listing
	Doubts   []string // what only the fingerprints tell
	Graph    *pinner.Graph
	Demands  []pinner.Demand
	Unpinned []wants.Unpinned
	Warnings []string
	Work     map[string][]byte // go.work and go.work.sum, for a plugin that imports the server's packages
}

// state is what one round has found out and the next one starts from.
type state struct {
	mod     []byte // the go.mod under which the listing was made
	listing *importgraph.Listing
	match   *pinner.Match
	choice  wants.Choice
	doubts  []string // what of the server's own packages only the fingerprints tell
}

// Align goes from round to round until one changes nothing, and returns what the plugin
// would be then. Nothing outside of the stage is written.
func (a *Aligner) Align(ctx context.Context) (*Aligned, error) {
	var err error
	if a.Have, a.Bare, err = importgraph.OwnFiles(a.Plugin.Root); err != nil {
		return nil, err
	}
	a.Input = pinner.Input{Server: a.Server, Mod: a.Plugin.User, Pins: a.guess(), Source: a.Stage.Fetch.ModFiles(ctx)}
	var warning string
	if a.vendors, warning, a.VendorNote = a.VendorRule(ctx, a.HasVendor()).Decide(); warning != "" {
		a.warnings = append(a.warnings, warning)
	}
	switch {
	case a.vendors && a.Options.LookOnly:
		a.vendors = false
		a.Stage.Loans.Offer(vendordir.Read(a.Plugin))
	case a.vendors:
		a.Stage.Loans.Offer(vendordir.Read(a.Plugin))
		a.readOld(ctx)
	}
	a.Options.Step("loading the plugin's packages")
	if err := a.startSolver(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if a.ahead != nil {
			a.ahead.stop()
		}
	}()
	now, err := a.first(ctx, a.vendors)
	if err != nil {
		return nil, err
	}
	for n := 0; n < maxRounds+maxRoundsOfTry*a.Rounds; n++ {
		got, err := a.round(ctx, now)
		if ctx.Err() != nil {
			return nil, ctx.Err() // and not what the solver made of it
		}
		if err != nil {
			return nil, err
		}
		if got.next == nil {
			for _, d := range got.aligned.Plan.Lost {
				a.Options.Log(fmt.Sprintf("left out: %s could not be fetched, and nothing selects it (%s)", d.Version, strings.Join(d.By, ", ")))
			}
			return got.aligned, nil
		}
		now = got.next
	}
	return nil, fault.New(nextBug, "the plan does not settle in %d rounds", maxRounds+maxRoundsOfTry*a.Rounds)
}

// first looks at the plugin under a guess of the plan, while that is tidied and
// vendored ahead; where the guess does not work out, as it is.
func (a *Aligner) first(ctx context.Context, vendor bool) (*state, error) {
	guess := a.Input
	guess.Caps = a.guessCaps()
	plan, err := pinner.Make(guess)
	if err == nil {
		a.ahead = a.runAhead(ctx, plan, vendor)
		now, err := a.look(ctx, plan.Mod, plan)
		if err == nil || ctx.Err() != nil {
			return now, err
		}
		a.ahead.stop()
	}
	a.Input.Pins = nil
	if plan, err = a.plainPlan(); err != nil {
		return nil, err
	}
	a.ahead = a.runAhead(ctx, plan, false)
	return a.look(ctx, plan.Mod, plan)
}

// plainPlan pins nothing but what the server's toolchain would refuse to read.
func (a *Aligner) plainPlan() (*pinner.Plan, error) {
	plan, err := pinner.Make(a.Input)
	var tooNew *pinner.TooNewError
	if !errors.As(err, &tooNew) {
		return plan, err
	}
	// Perhaps they are there only because of modules that the server has at
	// an older version: try with all of them.
	g, err := pinner.LoadGraph(a.Plugin.User, a.Input.Source)
	if err != nil {
		return nil, err
	}
	in := a.Input
	in.Pins = slices.DeleteFunc(a.Server.Required(), func(p pinner.Pin) bool { return g.Selected(p.Path) == "" })
	return pinner.Make(in)
}

// look loads the import graph under mod, the plan's or a tidied one, and compares
// it with the server.
func (a *Aligner) look(ctx context.Context, mod *pinner.Mod, plan *pinner.Plan) (*state, error) {
	l, err := a.Stage.List(ctx, mod, a.Bare, a.Plugin.Patterns, plan.Held())
	if err != nil {
		return nil, compiles.Readable(a.Stage.Sources, err)
	}
	if len(l.Roots) == 0 && len(a.Options.Packages) > 0 {
		return nil, importgraph.NotPlugin(strings.Join(a.Options.Packages, " "), "no main package there")
	}
	if len(l.Roots) == 0 {
		return nil, plugin.NoPlugin(a.Plugin.Root, a.Plugin.User.Module.Mod.Path)
	}
	if !a.Parsed {
		if err := compiles.Parse(a.Stage.Sources, l); err != nil {
			return nil, err
		}
		a.Parsed = true
	}
	s := &state{mod: mod.Text(), listing: l, match: pinner.Compare(a.Server, l.Linked())}
	a.hold(l, s.match)
	if err := a.Clash(l); err != nil {
		return nil, err
	}
	misfits, doubts := a.Own(a.Stage.Sources, l, s.match)
	if err := a.Refuse(misfits); err != nil {
		return nil, err
	}
	s.doubts = doubts
	s.choice, err = a.ChooseImports(a.Stage.Sources, a.Bare, l, s.match.Pins, a.Base)
	return s, err
}

// same reports whether b asks for the same pins and imports.
func (s *state) same(b *state) bool {
	return slices.Equal(s.match.Pins, b.match.Pins) && slices.Equal(s.match.Splits, b.match.Splits) &&
		maps.EqualFunc(s.choice.Files, b.choice.Files, slices.Equal[[]byte])
}

// A result of one round: the next state, or what is aligned.
type result struct {
	next    *state
	aligned *Aligned
}

// round plans with what now says, tidies, and looks again.
func (a *Aligner) round(ctx context.Context, now *state) (*result, error) {
	a.takeLoans()
	a.Input.Pins = now.match.Pins
	if err := a.splits(ctx, now.match); err != nil {
		return nil, err
	}
	linked := now.listing.Versions()
	a.Input.Linked = func(path string) bool { return linked[path] != "" || a.wanted[path] }
	plan, err := a.makePlan()
	if err != nil {
		return nil, err
	}
	if ok, err := a.compiles(ctx, plan, now); err != nil || !ok {
		return &result{next: now}, err
	}
	return a.tidyPlan(ctx, plan, now)
}

// tidyPlan tidies a plan that compiles; what tidy finds may ask for another one.
func (a *Aligner) tidyPlan(ctx context.Context, plan *pinner.Plan, now *state) (*result, error) {
	a.Options.Step("go mod tidy with " + report.Count(len(plan.Pins), "pinned module"))
	files, err := wants.Unconstrained(a.Stage.Sources, now.listing, now.choice.Files)
	if err != nil {
		return nil, err
	}
	tidied, sum, err := a.tidy(ctx, plan.Mod, files)
	if a.takeLoans() {
		return &result{next: now}, nil
	}
	if err != nil {
		if a.ambiguous(err) {
			return &result{next: now}, nil
		}
		return &result{next: now}, a.untidy(plan, now, a.whoLacks(ctx, plan, files, err))
	}
	if a.unraise(tidied) {
		return &result{next: now}, nil
	}
	if err := a.sought(ctx, plan, tidied, files); err != nil {
		return &result{next: now}, a.untidy(plan, now, err)
	}
	needed, graph, err := plan.Recheck(a.Input, tidied)
	if err != nil {
		return nil, err
	}
	if MoreExcludes(&a.Input, plan, needed) {
		return &result{next: now}, nil
	}
	if above := slices.DeleteFunc(slices.Clone(needed), func(d pinner.Demand) bool { return d.Lost }); a.Options.Conflicts == "fail" && len(above) > 0 {
		return nil, conflictError(plan.Pins, above)
	}
	mod, err := plan.Finish(a.Plugin.User, tidied, needed)
	if err != nil {
		return nil, err
	}
	done := &Aligned{Mod: mod, Sum: sum, Listing: now.listing, Files: now.choice.Files, staged: files, Plan: plan, Match: now.match, Doubts: now.doubts, Graph: graph,
		Demands: needed, Unpinned: now.choice.Unpinned, Warnings: slices.Concat(a.warnings, a.Old, plan.Warnings)}
	return a.settle(ctx, now, tidied, done)
}

// settle vendors what is tidied, and looks whether it still asks for the same.
func (a *Aligner) settle(ctx context.Context, now *state, tidied *pinner.Mod, done *Aligned) (*result, error) {
	next, err := a.vendorAndLook(ctx, now, tidied, done)
	if err != nil && a.ambiguous(err) {
		return &result{next: now}, nil // tidy has overlooked it, as it does where it adds the nested module itself
	}
	if err != nil {
		return nil, err
	}
	if !next.same(now) {
		return &result{next: next}, nil
	}
	return &result{aligned: done}, selected(next)
}

// MoreExcludes adds to in.Exclude what tidy brought in above a pin, and reports whether
// there was more of it than plan knows.
func MoreExcludes(in *pinner.Input, plan *pinner.Plan, needed []pinner.Demand) bool {
	more := false
	for _, d := range needed {
		had := slices.ContainsFunc(plan.Demands, func(e pinner.Demand) bool { return e.Version == d.Version })
		if !had && !slices.Contains(in.Exclude, d.Version) {
			in.Exclude = append(in.Exclude, d.Version)
			more = true
		}
	}
	return more
}

// vendorAndLook vendors, and meanwhile loads the import graph again if tidy
// left other versions than those it was loaded with.
func (a *Aligner) vendorAndLook(ctx context.Context, now *state, tidied *pinner.Mod, done *Aligned) (*state, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	vendored := make(chan error, 1)
	go func() {
		var err error
		if a.vendors {
			a.Options.Step("go mod vendor")
			done.Vendor, err = a.vendor(ctx, now, tidied, done)
		}
		vendored <- err
	}()
	next := now
	if stale(now, done.Graph) {
		var err error
		if next, err = a.look(ctx, tidied, done.Plan); err != nil {
			cancel()
			<-vendored
			return nil, err
		}
	}
	return next, <-vendored
}

// stale reports whether the import graph may be another one under the build
// list that tidy left.
func stale(now *state, g *pinner.Graph) bool {
	if len(now.match.Splits) > 0 {
		return true
	}
	for _, p := range now.listing.Packages {
		if p.Error != nil {
			return true
		}
	}
	for path, v := range now.listing.Versions() {
		if g.Selected(path) != v {
			return true
		}
	}
	return false
}

// selected makes sure that the go command selects what was planned.
func selected(s *state) error {
	versions := s.listing.Versions()
	for _, p := range s.match.Pins {
		if v, ok := versions[p.Path]; ok && v != p.Version.Version {
			return fault.New(nextBug, "go selects %s %s; the server has %s", p.Path, v, p.Version.Version)
		}
	}
	return nil
}

// ambiguous reads tidy's error: a package that a pinned nested module brings
// and an old parent still holds. It reports whether it has a cure.
func (a *Aligner) ambiguous(err error) bool {
	var failed *gocmd.Error
	return errors.As(err, &failed) && a.ambiguousText(failed.Stderr)
}

func (a *Aligner) ambiguousText(text string) bool {
	found := false
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.Contains(line, "ambiguous import: found package") || i+2 >= len(lines) {
			continue
		}
		_, pkg, _ := strings.Cut(line, "found package ")
		pkg, _, _ = strings.Cut(pkg, " ")
		m := fetch.Move{Package: pkg, Parent: moduleOn(lines[i+1]), Nested: moduleOn(lines[i+2])}
		if len(m.Parent.Path) > len(m.Nested.Path) {
			m.Parent, m.Nested = m.Nested, m.Parent
		}
		found = a.drop(m) || a.moved(m) || a.reraise(m.Parent.Path) || found
	}
	return found
}

// moduleOn reads "\tgoogle.golang.org/genproto v0.0.0-… (/dir)".
func moduleOn(line string) module.Version {
	f := strings.Fields(line)
	if len(f) < 2 {
		return module.Version{}
	}
	return module.Version{Path: f[0], Version: f[1]}
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
