package flow

import (
	"context"
	"fmt"
	"slices"

	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// isOld reports whether the plugin has the fault without pinfix too.
func (a *aligner) isOld(f typecheck.Fault) bool {
	return slices.ContainsFunc(a.old, func(o typecheck.Fault) bool { return o.File == f.File && o.Line == f.Line && o.Msg == f.Msg })
}

// findOld looks for faults of the plugin without pinfix: nothing that is done to
// the versions mends them, and nothing did them. It reports whether some of the
// faults are such; each is told once, as a warning. It looks only once.
func (a *aligner) findOld(ctx context.Context, faults []typecheck.Fault) (bool, error) {
	if a.old != nil {
		return false, nil
	}
	a.old = []typecheck.Fault{}
	a.o.Step("type-checking the plugin as it is")
	l, err := a.stage.List(ctx, a.plugin.user, a.bare, a.plugin.patterns, nil)
	if err != nil {
		return false, ctx.Err() // the server's toolchain cannot even list it
	}
	found, err := a.asItIs(ctx, l, faults)
	if err != nil {
		return false, err
	}
	a.old = append(a.old, found...)
	known := slices.DeleteFunc(slices.Clone(faults), func(f typecheck.Fault) bool { return !a.isOld(f) })
	for _, f := range known {
		a.warnings = append(a.warnings, fmt.Sprintf("%s: %s (not because of the server: the plugin without pinfix does not compile either)", a.place(f), f.Msg))
	}
	return len(known) > 0, nil
}

// asItIs checks the packages with faults under another listing.
func (a *aligner) asItIs(ctx context.Context, l *stage.Listing, faults []typecheck.Fault) ([]typecheck.Fault, error) {
	touched := map[string]bool{}
	for _, f := range faults {
		if p := l.Packages[f.Package]; p != nil && !missing(p) {
			touched[f.Package] = true
		}
	}
	graph := map[string]*typecheck.Package{}
	for path := range touched {
		a.addChecked(graph, &pinner.Plan{}, l, path, touched)
	}
	return a.checker.Check(ctx, graph, a.ownSource())
}
