package align

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// solves reports whether conflicts are solved by lowering modules.
func (a *Aligner) solves() bool {
	return a.Options.Conflicts == "auto" || a.Options.Conflicts == "downgrade"
}

// startSolver makes the solver.
func (a *Aligner) startSolver(ctx context.Context) error {
	if err := pinner.CheckDirectives(a.Plugin.User, a.Server); err != nil {
		return reference.Refusal{Err: err}
	}
	var err error
	if a.Base, err = pinner.LoadGraph(a.Plugin.User, a.Input.Source); err != nil {
		return err
	}
	if err := a.userCaps(); err != nil {
		return err
	}
	a.Input.Caps, a.Input.Keep = a.user, a.Options.Keep
	a.takeLoans()
	if !a.solves() {
		return nil
	}
	a.Input.Versions = a.Stage.Fetch.Versions(ctx)
	if !typecheck.Knows(a.Server.GoVersion()) {
		a.warnings = append(a.warnings, fmt.Sprintf("this pinfix was built by %s and cannot tell what compiles with the server's %s; build it with that: go install github.com/pinfix/pinfix/cmd/pinfix@latest", runtime.Version(), a.Server.Go))
		return nil
	}
	_, goarch, ok := a.Server.Platform()
	if !ok {
		goarch = runtime.GOARCH
	}
	a.Checker = typecheck.New(goarch)
	a.Checker.Count = a.Options.Count
	a.Checker.Kept, a.Checker.Plugin = a.Stage.Kept, a.Plugin.User.Module.Mod.Path
	a.Input.Leave = true
	a.newSolver()
	return nil
}

// newSolver begins to solve from the user's own caps.
func (a *Aligner) newSolver() {
	a.Solver = &solve.Solver{
		Server: a.Server, Base: a.Base, Root: a.Plugin.Root, Keep: a.Input.Keep, User: a.user,
		Only: a.Options.Conflicts == "downgrade", Earlier: map[string]string{}, Pinned: a.pinned,
		Find: pinner.Candidates{Versions: a.Input.Versions, Source: a.Input.Source},
		Downgrade: func() ([]pinner.Cap, error) {
			in := a.Input
			in.Caps = a.user
			return pinner.Downgrade(in)
		},
	}
	for _, v := range a.Plugin.Now.Moved() {
		a.Solver.Earlier[v.Path] = v.Version
	}
	a.started = false
}

// pinned reports whether go.mod, as it is, has all these pins.
func (a *Aligner) pinned(pins []pinner.Pin) bool {
	have := plugin.ByPath(a.Plugin.Now)
	return !slices.ContainsFunc(pins, func(p pinner.Pin) bool { return have[p.Path] == nil || have[p.Path].Mod.Version != p.Version.Version })
}

// userCaps reads --cap, and looks at --keep.
func (a *Aligner) userCaps() error {
	for _, s := range a.Options.Caps {
		path, v, _ := strings.Cut(s, "@")
		if err := module.Check(path, v); err != nil {
			return fault.New("name it as MODULE@VERSION", "--cap %s: %w", s, err)
		}
		had := a.Base.Selected(path)
		if had == "" {
			return notInGraph("--cap", s, path)
		}
		limit := pinner.Cap{Version: module.Version{Path: path, Version: v}, Cause: pinner.CauseUser, Error: "--cap " + s}
		if _, err := a.Input.Source([]module.Version{limit.Version}); err != nil {
			return fault.New("name a version that there is", "--cap %s: %w", s, err)
		}
		if slices.Contains(a.Options.Keep, path) {
			return fault.New("remove one of the flags", "--cap %s and --keep %s contradict each other", s, path)
		}
		if semver.Compare(v, had) < 0 {
			a.user = append(a.user, limit)
		}
	}
	for _, path := range a.Options.Keep {
		if a.Base.Selected(path) == "" {
			return notInGraph("--keep", path, path)
		}
	}
	return nil
}

func notInGraph(flag, value, path string) error {
	return fault.New("name a module of the plugin's build list; go list -m all prints it", "%s %s: the plugin does not require %s, directly or not", flag, value, path)
}

// steered returns an error if --cap or --keep names a module that is pinned to
// another version.
func (a *Aligner) steered(plan *pinner.Plan) error {
	for _, p := range plan.Pins {
		for _, c := range a.user {
			if c.Cause == pinner.CauseUser && c.Path == p.Path && c.Version != p.Version {
				return fault.New("remove the flag", "%s: the server links it, so its version is %s", c.Error, p.Version.Version)
			}
		}
		if slices.Contains(a.Options.Keep, p.Path) && a.Base.Selected(p.Path) != p.Version.Version {
			return fault.New("remove the flag", "--keep %s: the server links it, so its version is %s", p.Path, p.Version.Version)
		}
	}
	return nil
}

// compiles makes sure that the plan compiles. If not, it sets other caps and
// returns false, or an error where nothing helps. now becomes the import graph
// under the plan.
func (a *Aligner) compiles(ctx context.Context, plan *pinner.Plan, now *state) (bool, error) {
	if err := a.steered(plan); err != nil || a.Solver == nil {
		return err == nil, err
	}
	if !a.started {
		a.started = true
		caps, err := a.Solver.Start()
		if err != nil || len(caps) > len(a.user) {
			a.Input.Caps = caps
			return false, err
		}
	}
	if !bytes.Equal(now.mod, plan.Mod.Text()) {
		next, err := a.lookAgain(ctx, plan)
		if err != nil {
			return false, a.dead(err)
		}
		if texts := ambiguities(next.listing); len(texts) > 0 {
			if _, probes := a.Solver.Probe(); probes {
				return false, a.dead(errProbe)
			}
			return !slices.ContainsFunc(texts, a.ambiguousText), nil // without a cure, tidy will say so
		}
		settled := next.same(now)
		*now = *next
		if !settled {
			return false, nil
		}
	}
	if a.wants(plan, now.listing) {
		return false, nil
	}
	if a.unreadable(plan, now.listing) {
		if _, probes := a.Solver.Probe(); probes {
			return false, a.dead(errProbe)
		}
		return true, nil // tidy will say so
	}
	faults, err := a.Faults(ctx, plan, now.listing)
	if err != nil {
		return false, err
	}
	faults, old, err := a.NotOld(ctx, faults)
	if err != nil {
		return false, err
	}
	for _, s := range old {
		if !slices.Contains(a.Old, s) {
			a.Old = append(a.Old, s)
		}
	}
	if len(faults) > 0 {
		return false, a.next(ctx, plan, now, faults)
	}
	if !a.pruned && a.prune(now.listing) {
		a.pruned = true
		return false, nil
	}
	if !a.nearer(plan, now) {
		return false, nil
	}
	if !a.prunedLast && a.prune(now.listing) {
		a.prunedLast = true
		return false, nil
	}
	return true, nil
}

// nearer takes the solver's next try for a plan that compiles, with a module nearer
// to the plugin's version. It reports whether there is none, and the plan stays.
func (a *Aligner) nearer(plan *pinner.Plan, now *state) bool {
	caps, done := a.Solver.Solved(solve.State{Plan: plan, Packages: a.solverPackages(plan.Mod, now.listing)})
	stays := done && slices.EqualFunc(caps, a.Input.Caps, func(b, c pinner.Cap) bool { return b.Version == c.Version })
	a.Input.Caps = caps
	if !stays {
		a.probing(now)
		return false
	}
	for i, c := range plan.Caps {
		if k := slices.IndexFunc(caps, func(k pinner.Cap) bool { return k.Version == c.Version }); k >= 0 {
			plan.Caps[i] = caps[k] // its reason may have changed
		}
	}
	return true
}

// probing counts a round of the search for nearer versions. now compiles, and may
// be wanted again.
func (a *Aligner) probing(now *state) {
	a.Rounds++
	if a.looked == nil {
		a.looked = map[string]*state{}
	}
	here := *now
	a.looked[string(now.mod)] = &here
	switch vs, ok := a.Solver.Probe(); {
	case ok && len(vs) == 1:
		a.Options.Step(fmt.Sprintf("round %d: does it compile with %s %s?", a.Rounds, vs[0].Path, vs[0].Version))
	case ok && len(vs) > 1:
		a.Options.Step(fmt.Sprintf("round %d: does it compile with newer versions of %d modules?", a.Rounds, len(vs)))
	case ok:
		a.Options.Step(fmt.Sprintf("round %d: does it compile as go.mod has it?", a.Rounds))
	}
}

// errProbe is a probe of the solver's that cannot be determined to compile.
var errProbe = errors.New("its import graph is not complete")

// lookAgain is look under a plan, which an earlier round may have made.
func (a *Aligner) lookAgain(ctx context.Context, plan *pinner.Plan) (*state, error) {
	if s := a.looked[string(plan.Mod.Text())]; s != nil {
		c := *s
		return &c, nil
	}
	return a.look(ctx, plan.Mod, plan)
}

// next takes the solver's next try.
func (a *Aligner) next(ctx context.Context, plan *pinner.Plan, now *state, faults []typecheck.Fault) error {
	a.Rounds++
	a.Options.Step(fmt.Sprintf("round %d: %s in %s", a.Rounds, report.Count(len(faults), "error"), faultyModules(now.listing, faults)))
	a.Options.Log(fmt.Sprintf("round %d: %s: %s: %s", a.Rounds, capsText(a.Input.Caps), a.Place(faults[0]), faults[0].Msg))
	caps, err := a.Solver.Next(solve.State{Plan: plan, Packages: a.solverPackages(plan.Mod, now.listing), Faults: faults})
	if err == nil {
		a.Input.Caps = caps
		return nil
	}
	if stopped := a.since(ctx, err); stopped != nil {
		return stopped
	}
	return a.withOld(err)
}

// capsText names what a try has moved.
func capsText(caps []pinner.Cap) string {
	if len(caps) == 0 {
		return "with the server's versions"
	}
	var out []string
	for _, c := range caps {
		out = append(out, c.Version.String())
	}
	return "with " + strings.Join(out, ", ")
}

// prune takes caps back whose modules are not linked any more, now that others
// are lowered. It reports whether there were any; what is then missed is capped
// again, and stays.
func (a *Aligner) prune(l *importgraph.Listing) bool {
	linked := l.Versions()
	needless := func(path string) bool {
		asked := slices.ContainsFunc(a.user, func(c pinner.Cap) bool { return c.Path == path })
		return linked[path] == "" && !asked
	}
	if !slices.ContainsFunc(a.Input.Caps, func(c pinner.Cap) bool { return needless(c.Path) }) {
		return false
	}
	a.Input.Caps = a.Solver.Without(needless)
	return true
}

// faultyModules names the modules of faults: the plugin itself by that word, and a
// package of no module by its import path.
func faultyModules(l *importgraph.Listing, faults []typecheck.Fault) string {
	var out []string
	for _, f := range faults {
		name := f.Package
		switch p := l.Packages[f.Package]; {
		case p != nil && p.Own():
			name = "the plugin"
		case p != nil:
			name = p.Module.Path
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if len(out) > 3 {
		return report.Count(len(out), "module")
	}
	return strings.Join(out, ", ")
}

// makePlan plans; a plan that cannot be made is a dead end for the solver.
func (a *Aligner) makePlan() (*pinner.Plan, error) {
	for {
		plan, err := pinner.Make(a.Input)
		if err == nil {
			return plan, nil
		}
		if err := a.dead(err); err != nil {
			return nil, err
		}
	}
}

// dead tells the solver that its last try could not be made: a module is too new,
// or the import graph cannot be loaded. It returns the error where that is none of
// the solver's, or where there is no next try.
func (a *Aligner) dead(err error) error {
	if a.refused(err) {
		return nil
	}
	var tooNew *pinner.TooNewError
	var failed *gocmd.Error
	if a.Solver == nil || !errors.As(err, &tooNew) && !errors.As(err, &failed) && err != errProbe {
		return err
	}
	a.Rounds++
	caps, err := a.Solver.Dead(err)
	if err == nil {
		a.Input.Caps = caps
	}
	return err
}

// refused reports whether the go command has refused a module for its go line that
// the module graph does not show, and that was not known: the next plan knows it.
func (a *Aligner) refused(err error) bool {
	v := stage.NeedsNewer(err)
	if a.Solver == nil || v.Path == "" || slices.Contains(a.Input.Refused, v) {
		return false
	}
	a.Rounds++
	a.Input.Refused = append(a.Input.Refused, v)
	return true
}

// wants reports whether a package is missing of a module that the plan has excluded, as
// nothing was known to link it: the next plan knows it.
func (a *Aligner) wants(plan *pinner.Plan, l *importgraph.Listing) bool {
	found := false
	for path, p := range l.Packages {
		if !p.Missing() || compiles.Holder(plan, path).Path != "" || compiles.Without(a.Server, plan, path) != "" {
			continue
		}
		for _, d := range plan.Demands {
			if modpath.In(path, d.Path) && !a.wanted[d.Path] && !slices.Contains(a.Input.Drop, d.Path) {
				if a.wanted == nil {
					a.wanted = map[string]bool{}
				}
				a.wanted[d.Path], found = true, true
			}
		}
	}
	if found {
		a.Rounds++
	}
	return found
}

// ambiguities returns what is said of packages that two modules hold.
func ambiguities(l *importgraph.Listing) []string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		if p := l.Packages[path]; p.Error != nil && strings.Contains(p.Error.Err, "ambiguous import") {
			out = append(out, p.Error.Err)
		}
	}
	return out
}

// unreadable reports whether a package is missing for another reason than that
// the version of a pin or a cap does not have it: its module could not be fetched, or
// no one has it.
func (a *Aligner) unreadable(plan *pinner.Plan, l *importgraph.Listing) bool {
	for path, p := range l.Packages {
		if p.Missing() && p.Error != nil && (!providedRE.MatchString(p.Error.Err) || compiles.Holder(plan, path).Path == "") && compiles.Without(a.Server, plan, path) == "" {
			return true
		}
	}
	return false
}

var providedRE = pattern.New(`does not contain package|no required module provides package|cannot find module providing package|build constraints exclude all Go files|no Go files|is not in std|no non-test Go files`)

// untidy tells the solver of an import, most often of a test, that only tidy has
// found missing. It returns the error where that is not what failed.
func (a *Aligner) untidy(plan *pinner.Plan, now *state, err error) error {
	var failed *gocmd.Error
	if a.Solver == nil || !errors.As(err, &failed) {
		return err
	}
	if a.refused(err) {
		return nil
	}
	packages := a.solverPackages(plan.Mod, now.listing)
	var faults []typecheck.Fault
	for _, line := range failed.Faults() {
		if f, ok := a.lackingImport(line, plan, packages); ok {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		caps, ok := a.Solver.Reject()
		if !ok {
			return err
		}
		a.Rounds++
		a.Input.Caps = caps
		return nil
	}
	caps, stuck := a.Solver.Next(solve.State{Plan: plan, Packages: packages, Faults: faults})
	if stuck != nil {
		return err
	}
	a.Rounds++
	a.Input.Caps = caps
	return nil
}

// DerivePlan is the plan for the pins, with all excludes that its graph needs; nil for none.
func (a *Aligner) DerivePlan() (*pinner.Plan, *pinner.Graph) {
	for range maxRounds {
		plan, err := pinner.Make(a.Input)
		if err != nil {
			return nil, nil
		}
		needed, graph, err := plan.Recheck(a.Input, plan.Mod)
		if err != nil {
			return nil, nil
		}
		if !MoreExcludes(&a.Input, plan, needed) {
			return plan, graph
		}
	}
	return nil, nil
}

// DescribeModule adds what go list says of a module.
func (a *Aligner) DescribeModule(mod *pinner.Mod, m *importgraph.Module) error {
	v := module.Version{Path: m.Path, Version: m.Version}
	src := mod.Source(v)
	sums, err := a.Input.Source([]module.Version{src})
	if err != nil {
		return err
	}
	m.GoVersion = sums[src].Go
	if src != v {
		m.Replace = &struct{ Path, Version, Dir string }{Path: src.Path, Version: src.Version}
	}
	return nil
}

// solverPackages shows a listing to the solver.
func (a *Aligner) solverPackages(mod *pinner.Mod, l *importgraph.Listing) map[string]*solve.Package {
	out := map[string]*solve.Package{}
	for path, p := range l.Packages {
		if p.Missing() {
			continue
		}
		q := &solve.Package{Path: path, Own: p.Own(), Imports: slices.Clone(p.Imports)}
		if p.Module != nil {
			q.Module = module.Version{Path: p.Module.Path, Version: p.Module.Version}
			r := mod.Replacement(q.Module)
			q.Fixed, q.Local = r != nil, r != nil && r.New.Version == ""
		}
		out[path] = q
	}
	return out
}
