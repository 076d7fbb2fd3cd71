package align

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// asItIs is the plugin without pinfix: its own go.mod, its own toolchain. It is looked at
// only where something does not compile under the plan, and then once.
type asItIs struct {
	listing *importgraph.Listing // nil: the go command cannot list it
	checker *typecheck.Checker
	looked  map[string]bool // packages that were checked
	faults  []typecheck.Fault
}

// isOld reports whether the plugin has the fault without pinfix too.
func (b *asItIs) isOld(f typecheck.Fault) bool {
	return slices.ContainsFunc(b.faults, func(o typecheck.Fault) bool { return o.File == f.File && o.Line == f.Line && o.Msg == f.Msg })
}

// notOld returns the faults that the plugin does not have without pinfix, each with what
// it has there instead. The others are nothing that versions fix, and none of pinfix's
// doing: each is a warning.
func (a *Aligner) notOld(ctx context.Context, faults []typecheck.Fault) ([]typecheck.Fault, error) {
	if len(faults) == 0 {
		return nil, nil
	}
	if err := a.lookAsItIs(ctx, faults); err != nil {
		return nil, err
	}
	var out []typecheck.Fault
	for _, f := range faults {
		if a.before.isOld(f) {
			s := fmt.Sprintf("%s: %s (not because of the server: the plugin without pinfix does not compile either)", a.place(f), f.Msg)
			if !slices.Contains(a.Old, s) {
				a.Old = append(a.Old, s)
			}
			continue
		}
		if f.API.Kind != typecheck.Other && a.before.checker != nil {
			f.Had = a.before.checker.Declaration(f.API.Package, f.API.Name)
		}
		out = append(out, f)
	}
	return out, nil
}

// lookAsItIs checks the packages with faults, as far as that was not done yet, under the
// plugin's own versions.
func (a *Aligner) lookAsItIs(ctx context.Context, faults []typecheck.Fault) error {
	b := a.before
	if b == nil {
		b = &asItIs{looked: map[string]bool{}}
		a.before = b
		if !typecheck.Knows(a.Plugin.User.GoVersion()) {
			return nil
		}
		a.Options.Step("type-checking the plugin as it is")
		l, err := a.Stage.ListAsIs(ctx, a.Bare, a.Plugin.Patterns)
		if err != nil {
			return ctx.Err()
		}
		b.listing, b.checker = l, a.Checker.Clone() // most packages are the same
	}
	if b.listing == nil {
		return nil
	}
	g := &CodeGraph{Listing: b.listing, Touched: map[string]bool{}, Graph: map[string]*typecheck.Package{}, cache: a.Stage.Cache()}
	g.Why = func(p *importgraph.Package) string { return WhyMissing(a.Server, &pinner.Plan{}, p) }
	var also []string
	for _, f := range faults {
		if p := b.listing.Packages[f.Package]; p != nil && !p.Missing() && !b.looked[f.Package] {
			g.Touched[f.Package], b.looked[f.Package] = true, true
		}
		if !b.looked[f.API.Package] && f.API.Kind != typecheck.Other {
			also, b.looked[f.API.Package] = append(also, f.API.Package), true
		}
	}
	for path := range g.Touched {
		g.Add(path)
	}
	for _, path := range also {
		g.Add(path)
	}
	if len(g.Graph) == 0 {
		return nil
	}
	found, err := b.checker.Check(ctx, g.Graph, a.OwnSource())
	b.faults = append(b.faults, a.onDisk(found)...)
	return err
}

// since finds out with which version of a module came what the server's, an older one,
// does not have: a server with that one would do as well. Where it could not be determined, the
// plugin's version stays the answer.
func (a *Aligner) since(ctx context.Context, err error) error {
	var e *solve.FinalError
	if !errors.As(err, &e) || a.Input.Versions == nil {
		return nil
	}
	known := map[typecheck.API]string{}
	for i, f := range e.Finals {
		if !f.Server || f.API.Kind != typecheck.Gone || semver.Compare(f.Had, f.Module.Version) <= 0 {
			continue
		}
		if _, ok := known[f.API]; !ok && len(known) < maxSince {
			known[f.API] = a.firstWith(ctx, f)
		}
		e.Finals[i].Since = known[f.API]
	}
	return ctx.Err()
}

// maxSince bounds how many declarations are looked for: each takes some downloads.
const maxSince = 4

// firstWith returns the first version of a module, after the server's, that has the
// declaration; "" if it could not be determined.
func (a *Aligner) firstWith(ctx context.Context, f solve.Final) string {
	all, err := a.Input.Versions([]string{f.Module.Path})
	if err != nil {
		return ""
	}
	var between []string
	for _, v := range all[f.Module.Path] {
		if semver.Compare(v, f.Module.Version) > 0 && semver.Compare(v, f.Had) < 0 {
			between = append(between, v)
		}
	}
	semver.Sort(between)
	i, failed := 0, false
	i = sort.Search(len(between), func(i int) bool {
		if failed {
			return true
		}
		files, err := a.Stage.GoFiles(ctx, module.Version{Path: f.Module.Path, Version: between[i]}, f.API.Package)
		failed = err != nil
		return failed || typecheck.Declares(files, f.API.Name)
	})
	if failed || i == len(between) {
		return ""
	}
	return between[i]
}

// withOld adds to the error of a plugin without a solution what does not compile without
// pinfix either.
func (a *Aligner) withOld(err error) error {
	var none *solve.NoSolutionError
	if len(a.Old) == 0 || !errors.As(err, &none) {
		return err
	}
	return fault.With(fmt.Errorf("%w\n%s", err, strings.Join(a.Old, "\n")), none.Next)
}
