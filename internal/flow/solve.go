package flow

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

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// solves reports whether conflicts are solved by lowering modules.
func (a *aligner) solves() bool { return a.o.Conflicts == "auto" || a.o.Conflicts == "downgrade" }

// startSolver makes the solver.
func (a *aligner) startSolver(ctx context.Context) error {
	if err := pinner.CheckDirectives(a.plugin.user, a.server); err != nil {
		return refusal{err}
	}
	var err error
	if a.base, err = pinner.LoadGraph(a.plugin.user, a.in.Source); err != nil {
		return err
	}
	if err := a.userCaps(); err != nil {
		return err
	}
	a.in.Caps, a.in.Keep = a.user, a.o.Keep
	a.takeLoans()
	if !a.solves() {
		return nil
	}
	a.in.Versions = a.stage.Versions(ctx)
	if !typecheck.Knows(a.server.GoVersion()) {
		a.warnings = append(a.warnings, fmt.Sprintf("this pinfix was built by %s and cannot tell what compiles with the server's %s; build it with that: go install github.com/pinfix/pinfix/cmd/pinfix@latest", runtime.Version(), a.server.Go))
		return nil
	}
	_, goarch, ok := a.server.Platform()
	if !ok {
		goarch = runtime.GOARCH
	}
	a.checker = typecheck.New(goarch)
	a.newSolver()
	return nil
}

// newSolver begins to solve from the user's own caps.
func (a *aligner) newSolver() {
	a.solver = &solve.Solver{
		Server: a.server, Base: a.base, Root: a.plugin.root, Keep: a.in.Keep, User: a.user,
		Only: a.o.Conflicts == "downgrade",
		Find: pinner.Candidates{Versions: a.in.Versions, Source: a.in.Source},
		Downgrade: func() ([]pinner.Cap, error) {
			in := a.in
			in.Caps = a.user
			return pinner.Downgrade(in)
		},
	}
	a.started = false
}

// userCaps reads --cap, and looks at --keep.
func (a *aligner) userCaps() error {
	for _, s := range a.o.Caps {
		path, v, _ := strings.Cut(s, "@")
		if err := module.Check(path, v); err != nil {
			return fault("name it as MODULE@VERSION", "--cap %s: %w", s, err)
		}
		had := a.base.Selected(path)
		if had == "" {
			return notInGraph("--cap", s, path)
		}
		cap := pinner.Cap{Version: module.Version{Path: path, Version: v}, Cause: pinner.CauseUser, Error: "--cap " + s}
		if _, err := a.in.Source([]module.Version{cap.Version}); err != nil {
			return fault("name a version that there is", "--cap %s: %w", s, err)
		}
		if slices.Contains(a.o.Keep, path) {
			return fault("take one of the flags out", "--cap %s and --keep %s contradict each other", s, path)
		}
		if semver.Compare(v, had) < 0 {
			a.user = append(a.user, cap)
		}
	}
	for _, path := range a.o.Keep {
		if a.base.Selected(path) == "" {
			return notInGraph("--keep", path, path)
		}
	}
	return nil
}

func notInGraph(flag, value, path string) error {
	return fault("name a module of the plugin's build list; go list -m all prints it", "%s %s: the plugin does not require %s, directly or not", flag, value, path)
}

// steered returns an error if --cap or --keep names a module that is pinned to
// another version.
func (a *aligner) steered(plan *pinner.Plan) error {
	for _, p := range plan.Pins {
		for _, c := range a.user {
			if c.Cause == pinner.CauseUser && c.Path == p.Path && c.Version != p.Version {
				return fault("take the flag out", "%s: the server links it, so its version is %s", c.Error, p.Version.Version)
			}
		}
		if slices.Contains(a.o.Keep, p.Path) && a.base.Selected(p.Path) != p.Version.Version {
			return fault("take the flag out", "--keep %s: the server links it, so its version is %s", p.Path, p.Version.Version)
		}
	}
	return nil
}

// compiles makes sure that the plan compiles. If not, it sets other caps and
// returns false, or an error where nothing helps. now becomes the import graph
// under the plan.
func (a *aligner) compiles(ctx context.Context, plan *pinner.Plan, now *state) (bool, error) {
	if err := a.steered(plan); err != nil || a.solver == nil {
		return err == nil, err
	}
	if !a.started {
		a.started = true
		caps, err := a.solver.Start()
		if err != nil || len(caps) > len(a.user) {
			a.in.Caps = caps
			return false, err
		}
	}
	if !bytes.Equal(now.mod, plan.Mod.Text()) {
		next, err := a.look(ctx, plan.Mod, plan)
		if err != nil {
			return false, a.dead(err)
		}
		if texts := ambiguities(next.listing); len(texts) > 0 {
			return !slices.ContainsFunc(texts, a.ambiguousText), nil // without a cure, tidy will say so
		}
		settled := next.same(now)
		*now = *next
		if !settled {
			return false, nil
		}
	}
	if unreadable(plan, now.listing) {
		return true, nil // tidy will say so
	}
	faults, err := a.compile(ctx, plan, now.listing)
	if err != nil {
		return false, err
	}
	faults = slices.DeleteFunc(faults, a.isOld)
	if len(faults) == 0 {
		return !a.prune(now.listing), nil
	}
	return false, a.next(ctx, plan, now, faults)
}

// next takes the solver's next try.
func (a *aligner) next(ctx context.Context, plan *pinner.Plan, now *state, faults []typecheck.Fault) error {
	a.rounds++
	a.o.Step(fmt.Sprintf("round %d: %s in %s", a.rounds, count(len(faults), "error"), faultyModules(now.listing, faults)))
	caps, err := a.solver.Next(solve.State{Plan: plan, Packages: a.solverPackages(plan.Mod, now.listing), Faults: faults})
	if err == nil {
		a.in.Caps = caps
		return nil
	}
	if known, baseErr := a.findOld(ctx, faults); baseErr != nil || !known {
		return errors.Join(err, baseErr)
	}
	a.newSolver()
	a.in.Caps = a.user
	return nil
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// prune takes caps back whose modules are not linked any more, now that others
// are lowered. It reports whether there were any; what is then missed is capped
// again, and stays.
func (a *aligner) prune(l *stage.Listing) bool {
	if a.pruned {
		return false
	}
	linked := l.Versions()
	needless := func(path string) bool {
		asked := slices.ContainsFunc(a.user, func(c pinner.Cap) bool { return c.Path == path })
		return linked[path] == "" && !asked
	}
	if !slices.ContainsFunc(a.in.Caps, func(c pinner.Cap) bool { return needless(c.Path) }) {
		return false
	}
	a.pruned = true
	a.in.Caps = a.solver.Without(needless)
	return true
}

// faultyModules names the modules of faults.
func faultyModules(l *stage.Listing, faults []typecheck.Fault) string {
	var out []string
	for _, f := range faults {
		if p := l.Packages[f.Package]; p != nil && p.Module != nil && !slices.Contains(out, p.Module.Path) {
			out = append(out, p.Module.Path)
		}
	}
	if len(out) > 3 {
		return fmt.Sprintf("%d modules", len(out))
	}
	return strings.Join(out, ", ")
}

// makePlan plans; a plan that cannot be made is a dead end for the solver.
func (a *aligner) makePlan() (*pinner.Plan, error) {
	for {
		plan, err := pinner.Make(a.in)
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
func (a *aligner) dead(err error) error {
	var tooNew *pinner.TooNewError
	var failed *gocmd.Error
	if a.solver == nil || !errors.As(err, &tooNew) && !errors.As(err, &failed) {
		return err
	}
	a.rounds++
	caps, err := a.solver.Dead(err)
	if err == nil {
		a.in.Caps = caps
	}
	return err
}

// ambiguities returns what is said of packages that two modules hold.
func ambiguities(l *stage.Listing) []string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		if p := l.Packages[path]; p.Error != nil && strings.Contains(p.Error.Err, "ambiguous import") {
			out = append(out, p.Error.Err)
		}
	}
	return out
}

// unreadable reports whether a package is missing for another reason than that
// the version of a pin or a cap does not have it: its module cannot be had, or
// nobody has it.
func unreadable(plan *pinner.Plan, l *stage.Listing) bool {
	for path, p := range l.Packages {
		if missing(p) && p.Error != nil && (!providedRE.MatchString(p.Error.Err) || holder(plan, path).Path == "") {
			return true
		}
	}
	return false
}

var providedRE = pattern.New(`does not contain package|no required module provides package|cannot find module providing package|build constraints exclude all Go files|no Go files|is not in std|no non-test Go files`)

// whyMissing says why nothing provides a package.
func whyMissing(plan *pinner.Plan, p *stage.Package) string {
	if v := holder(plan, p.ImportPath); v.Path != "" {
		return fmt.Sprintf("%s is not in %s", p.ImportPath, v)
	}
	if p.Error != nil {
		return p.Error.Err
	}
	return p.ImportPath + " has no Go files for the server's platform"
}

// untidy tells the solver of an import, most often of a test, that only tidy has
// found missing. It returns the error where that is not what failed.
func (a *aligner) untidy(plan *pinner.Plan, now *state, err error) error {
	var failed *gocmd.Error
	if a.solver == nil || !errors.As(err, &failed) {
		return err
	}
	packages := a.solverPackages(plan.Mod, now.listing)
	var faults []typecheck.Fault
	for _, line := range failed.Faults() {
		if f, ok := a.lackingImport(line, plan, packages); ok {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		return err
	}
	caps, stuck := a.solver.Next(solve.State{Plan: plan, Packages: packages, Faults: faults})
	if stuck != nil {
		return err
	}
	a.rounds++
	a.in.Caps = caps
	return nil
}
