package compiles

import (
	"context"
	"fmt"
	"slices"

	"github.com/pinfix/pinfix/internal/importgraph"
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

// NotOld returns the faults that the plugin does not have without pinfix, each with what
// it has there instead. The others are nothing that versions fix, and none of pinfix's
// doing: each is a warning in old.
func (c *Code) NotOld(ctx context.Context, faults []typecheck.Fault) (out []typecheck.Fault, old []string, err error) {
	if len(faults) == 0 {
		return nil, nil, nil
	}
	if err := c.lookAsItIs(ctx, faults); err != nil {
		return nil, nil, err
	}
	for _, f := range faults {
		if c.before.isOld(f) {
			s := fmt.Sprintf("%s: %s (not because of the server: the plugin without pinfix does not compile either)", c.Place(f), f.Msg)
			if !slices.Contains(old, s) {
				old = append(old, s)
			}
			continue
		}
		if f.API.Kind != typecheck.Other && c.before.checker != nil {
			f.Had = c.before.checker.Declaration(f.API.Package, f.API.Name)
		}
		out = append(out, f)
	}
	return out, old, nil
}

// lookAsItIs checks the packages with faults, as far as that was not done yet, under the
// plugin's own versions.
func (c *Code) lookAsItIs(ctx context.Context, faults []typecheck.Fault) error {
	b := c.before
	if b == nil {
		b = &asItIs{looked: map[string]bool{}}
		c.before = b
		if !typecheck.Knows(c.Plugin.User.GoVersion()) {
			return nil
		}
		c.Options.Step("type-checking the plugin as it is")
		l, err := c.Stage.ListAsIs(ctx, c.Bare, c.Plugin.Patterns)
		if err != nil {
			return ctx.Err()
		}
		b.listing, b.checker = l, c.Checker.Clone() // most packages are the same
	}
	if b.listing == nil {
		return nil
	}
	g := &Graph{Listing: b.listing, Touched: map[string]bool{}, Packages: map[string]*typecheck.Package{}, cache: c.Stage.Cache()}
	g.Why = func(p *importgraph.Package) string { return WhyMissing(c.Server, &pinner.Plan{}, p) }
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
	if len(g.Packages) == 0 {
		return nil
	}
	found, err := b.checker.Check(ctx, g.Packages, c.OwnSource())
	b.faults = append(b.faults, c.onDisk(found)...)
	return err
}
