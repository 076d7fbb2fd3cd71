package align

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// newSolver begins to solve from the user's own caps.
func (r round) newSolver() round {
	r.solver = solve.New(solve.Options{
		Task: conflict.Task{
			Server: r.Server, Base: r.Base, Root: r.Plugin.Root, Keep: r.Input.Keep, User: r.user,
			Find: pinner.Candidates{Versions: r.versions, Source: r.Source},
		},
		Only: r.Options.Conflicts == "downgrade", Earlier: map[string]string{}, Pinned: r.pinned,
	})
	for _, v := range r.Plugin.Now.Moved() {
		r.solver.Earlier[v.Path] = v.Version
	}
	r.started = false
	return r
}

// asked is the solver, which sees the module graph as this round does.
func (r round) asked() *solve.Solver {
	in := r.Input
	in.Caps = r.user
	r.solver.Downgrade = func() ([]pinner.Cap, error) { return pinner.Downgrade(in) }
	return r.solver
}

// capped is the round after one of the solver's tries: the next plan has these caps.
func (r round) capped(caps []pinner.Cap) (round, again, error) {
	r.Input.Caps = caps
	return r, againCaps, nil
}

// pinned reports whether go.mod, as it is, has all these pins.
func (a *Aligner) pinned(pins []pinner.Pin) bool {
	have := plugin.ByPath(a.Plugin.Now)
	return !slices.ContainsFunc(pins, func(p pinner.Pin) bool { return have[p.Path] == nil || have[p.Path].Mod.Version != p.Version.Version })
}

// steered returns an error if --cap or --keep names a module that is pinned to
// another version.
func (r round) steered() error {
	for _, p := range r.plan.Pins {
		for _, c := range r.user {
			if c.Cause == pinner.CauseUser && c.Path == p.Path && c.Version != p.Version {
				return fault.OfSetting("--cap", c.Version.String(), "remove the flag", "the server links it, so its version is %s", p.Version.Version)
			}
		}
		if slices.Contains(r.Options.Keep, p.Path) && r.Base.Selected(p.Path) != p.Version.Version {
			return fault.OfSetting("--keep", p.Path, "remove the flag", "the server links it, so its version is %s", p.Version.Version)
		}
	}
	return nil
}

// compiled makes sure that the plan compiles. If not, there is another round with other caps,
// or an error where nothing helps. The look is then the one under the plan.
func (r round) compiled(ctx context.Context) (round, again, error) {
	if err := r.steered(); err != nil || r.solver == nil {
		return r, "", err
	}
	if !r.started {
		r.started = true
		caps, err := r.asked().Start()
		if err != nil || len(caps) > len(r.user) {
			r.Input.Caps = caps
			return r, againCaps, err
		}
	}
	if !bytes.Equal(r.now.mod, r.plan.Mod.Text()) {
		next, m, err := r.lookAgain(ctx)
		r.memory = m
		if err != nil {
			return r.dead(err)
		}
		if texts := ambiguities(next.Listing); len(texts) > 0 {
			return r.ambiguous(texts)
		}
		same := next.same(r.now)
		if r.now = next; !same {
			return r, againPins, nil
		}
	}
	if r, more := r.wantMore(); more {
		return r, againWanted, nil
	}
	if unreadable(r.Server, r.plan, r.now.Listing) {
		if _, probes := r.solver.Probe(); probes {
			return r.dead(errProbe)
		}
		return r, "", nil // tidy will say so
	}
	faults, err := r.Faults(ctx, r.plan, r.now.Listing)
	if err != nil {
		return r, "", err
	}
	faults, old, err := r.NotOld(ctx, faults)
	if err != nil {
		return r, "", err
	}
	for _, s := range old {
		if !slices.Contains(r.old, s) {
			r.old = append(slices.Clip(r.old), s)
		}
	}
	if len(faults) > 0 {
		return r.next(ctx, faults)
	}
	return r.nearer()
}

// ambiguous is for packages that two modules hold: texts say which.
func (r round) ambiguous(texts []string) (round, again, error) {
	if _, probes := r.solver.Probe(); probes {
		return r.dead(errProbe)
	}
	for _, text := range texts {
		if m, cured := r.cureText(r.Server, text); cured {
			r.memory = m
			return r, againAmbiguous, nil
		}
	}
	return r, "", nil // without a cure, tidy will say so
}

// nearer takes the solver's next try for a plan that compiles, with a module nearer
// to the plugin's version. Before and after, caps that no one needs are taken back.
func (r round) nearer() (round, again, error) {
	if !r.pruned {
		if caps, ok := r.needless(); ok {
			r.pruned = true
			return r.capped(caps)
		}
	}
	caps, done := r.asked().Solved(conflict.State{Plan: r.plan, Packages: solverPackages(r.plan.Mod, r.now.Listing)})
	stays := done && slices.EqualFunc(caps, r.Input.Caps, func(b, c pinner.Cap) bool { return b.Version == c.Version })
	r.Input.Caps = caps
	if !stays {
		return r.probing(), againCaps, nil
	}
	plan := *r.plan
	plan.Caps = slices.Clone(plan.Caps)
	for i, c := range plan.Caps {
		if k := slices.IndexFunc(caps, func(k pinner.Cap) bool { return k.Version == c.Version }); k >= 0 {
			plan.Caps[i] = caps[k] // its reason may have changed
		}
	}
	r.plan = &plan
	if !r.prunedLast {
		if caps, ok := r.needless(); ok {
			r.prunedLast = true
			return r.capped(caps)
		}
	}
	return r, "", nil
}

// probing counts a round of the search for nearer versions. What it has now compiles, and may
// be wanted again.
func (r round) probing() round {
	r.tried++
	r.looked = maps.Clone(r.looked)
	if r.looked == nil {
		r.looked = map[string]*Look{}
	}
	r.looked[string(r.now.mod)] = r.now
	switch vs, ok := r.solver.Probe(); {
	case ok && len(vs) == 1:
		r.Options.Step(fmt.Sprintf("round %d: does it compile with %s %s?", r.tried, vs[0].Path, vs[0].Version))
	case ok && len(vs) > 1:
		r.Options.Step(fmt.Sprintf("round %d: does it compile with newer versions of %d modules?", r.tried, len(vs)))
	case ok:
		r.Options.Step(fmt.Sprintf("round %d: does it compile as go.mod has it?", r.tried))
	}
	return r
}

// errProbe is a probe of the solver's that cannot be determined to compile.
var errProbe = errors.New("its import graph is not complete")

// next takes the solver's next try.
func (r round) next(ctx context.Context, faults []typecheck.Fault) (round, again, error) {
	r.tried++
	r.Options.Step(fmt.Sprintf("round %d: %s in %s", r.tried, report.Count(len(faults), "error"), faultyModules(r.now.Listing, faults)))
	r.Options.Log(fmt.Sprintf("round %d: %s: %s: %s", r.tried, capsText(r.Input.Caps), r.Place(faults[0]), faults[0].Msg))
	caps, err := r.asked().Next(conflict.State{Plan: r.plan, Packages: solverPackages(r.plan.Mod, r.now.Listing), Faults: faults})
	if err == nil {
		return r.capped(caps)
	}
	if stopped := r.since(ctx, err); stopped != nil {
		return r, "", stopped
	}
	return r, "", r.withOld(err)
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

// needless returns the caps without those whose modules are not linked any more, now that
// others are lowered, and reports whether there are any; what is then missed is capped again,
// and stays.
func (r round) needless() ([]pinner.Cap, bool) {
	linked := r.now.Listing.Versions()
	needless := func(path string) bool {
		asked := slices.ContainsFunc(r.user, func(c pinner.Cap) bool { return c.Path == path })
		return linked[path] == "" && !asked
	}
	if !slices.ContainsFunc(r.Input.Caps, func(c pinner.Cap) bool { return needless(c.Path) }) {
		return nil, false
	}
	return r.solver.Without(needless), true
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

// dead tells the solver that its last try could not be made: a module is too new,
// or the import graph cannot be loaded. It returns the error where that is none of
// the solver's, or where there is no next try.
func (r round) dead(err error) (round, again, error) {
	if r, ok := r.refused(err); ok {
		return r, againRefused, nil
	}
	var tooNew *pinner.TooNewError
	var failed *gocmd.Error
	if r.solver == nil || !errors.As(err, &tooNew) && !errors.As(err, &failed) && err != errProbe {
		return r, "", err
	}
	r.tried++
	caps, err := r.asked().Dead(err)
	if err != nil {
		return r, "", err
	}
	return r.capped(caps)
}

// refused reports whether the go command has refused a module for its go line that
// the module graph does not show, and that was not known: the next plan knows it.
func (r round) refused(err error) (round, bool) {
	v := stage.NeedsNewer(err)
	if r.solver == nil || v.Path == "" || slices.Contains(r.Input.Refused, v) {
		return r, false
	}
	r.tried++
	r.Input.Refused = append(slices.Clip(r.Input.Refused), v)
	return r, true
}

// wantMore reports whether a package is missing of a module that the plan has excluded, as
// nothing was known to link it: the next plan knows it.
func (r round) wantMore() (round, bool) {
	var found []string
	for path, p := range r.now.Listing.Packages {
		if !p.Missing() || compiles.Holder(r.plan, path).Path != "" || compiles.Without(r.Server, r.plan, path) != "" {
			continue
		}
		for _, d := range r.plan.Demands {
			if modpath.In(path, d.Path) && !r.wanted[d.Path] && !slices.Contains(r.Input.Drop, d.Path) {
				found = append(found, d.Path)
			}
		}
	}
	if len(found) == 0 {
		return r, false
	}
	r.tried++
	r.wanted = with(r.wanted, found, func(path string) string { return path })
	return r, true
}

// unreadable reports whether a package is missing for another reason than that
// the version of a pin or a cap does not have it: its module could not be fetched, or
// no one has it.
func unreadable(server *pinner.Server, plan *pinner.Plan, l *importgraph.Listing) bool {
	for path, p := range l.Packages {
		if p.Missing() && p.Error != nil && (!providedRE.MatchString(p.Error.Err) || compiles.Holder(plan, path).Path == "") && compiles.Without(server, plan, path) == "" {
			return true
		}
	}
	return false
}

var providedRE = pattern.New(`does not contain package|no required module provides package|cannot find module providing package|build constraints exclude all Go files|no Go files|is not in std|no non-test Go files`)

// untidy tells the solver of an import, most often of a test, that only tidy has
// found missing. It returns the error where that is not what failed.
func (r round) untidy(err error) (round, again, error) {
	var failed *gocmd.Error
	if r.solver == nil || !errors.As(err, &failed) {
		return r, "", err
	}
	if r, ok := r.refused(err); ok {
		return r, againRefused, nil
	}
	packages := solverPackages(r.plan.Mod, r.now.Listing)
	var faults []typecheck.Fault
	for _, line := range failed.Faults() {
		if f, ok := r.lackingImport(line, r.plan, packages); ok {
			faults = append(faults, f)
		}
	}
	r.tried++
	if len(faults) == 0 {
		caps, ok := r.asked().Reject()
		if !ok {
			return r, "", err
		}
		return r.capped(caps)
	}
	caps, stuck := r.asked().Next(conflict.State{Plan: r.plan, Packages: packages, Faults: faults})
	if stuck != nil {
		return r, "", err
	}
	return r.capped(caps)
}

// solverPackages shows a listing to the solver.
func solverPackages(mod *pinner.Mod, l *importgraph.Listing) map[string]*conflict.Package {
	out := map[string]*conflict.Package{}
	for path, p := range l.Packages {
		if p.Missing() {
			continue
		}
		q := &conflict.Package{Path: path, Own: p.Own(), Imports: slices.Clone(p.Imports)}
		if p.Module != nil {
			q.Module = module.Version{Path: p.Module.Path, Version: p.Module.Version}
			r := mod.Replacement(q.Module)
			q.Fixed, q.Local = r != nil, r != nil && r.New.Version == ""
		}
		out[path] = q
	}
	return out
}
