package align

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/advice"
	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/toolchain"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// maxRounds bounds plan -> tidy -> look again; two are normal. A try of the solver's may
// ask for other pins, and those for others again.
const maxRounds, maxRoundsOfTry = 12, 4

// nextBug is the next step where pinfix itself is wrong.
const nextBug = "report it with the go.mod and the server's build info: this is a bug in pinfix"

// An Aligner is what stays the same while a plugin is aligned. Nothing of it is written after
// it is made.
type Aligner struct {
	*compiles.Code // the plugin, the server, what was asked for, the stage, the plugin's own graph
	Tool           *toolchain.Toolchain
	Source         pinner.Source // go.mod files, as the stage reads them
	VendorNote     string        // why no vendor/ is written

	vendors   bool // vendor/ is written
	oldVendor chan vendordir.Old
	versions  pinner.Versions // nil: conflicts are not solved
	warnings  []string
}

// For is a for another server of the same kind, as a derived plan needs it.
func (a *Aligner) For(want *wants.Case) *Aligner {
	b := *a
	b.Code = a.Code.For(want)
	return &b
}

// A Look is the plugin's import graph under a go.mod, and what that asks for. It does not
// change.
type Look struct {
	mod     []byte // the go.mod under which the listing was made
	Listing *importgraph.Listing
	Match   *pinner.Match
	wants.Choice
	Doubts []string // what of the server's own packages only the fingerprints tell
}

// same reports whether b asks for the same pins and imports.
func (l *Look) same(b *Look) bool {
	return slices.Equal(l.Match.Pins, b.Match.Pins) && slices.Equal(l.Match.Splits, b.Match.Splits) &&
		maps.EqualFunc(l.Files, b.Files, slices.Equal[[]byte])
}

// Aligned is a staged plugin that has every shared module as the server has it.
type Aligned struct {
	Aligner *Aligner
	*Look
	Plan     *pinner.Plan
	Mod      *pinner.Mod // go.mod to be written
	Sum      []byte
	Vendor   string // the new vendor directory; "" = stays, or none
	Graph    *pinner.Graph
	Demands  []pinner.Demand
	Warnings []string
	Work     map[string][]byte // go.work and go.work.sum, for a plugin that imports the server's packages
	memory   memory
}

// Input is what the plan was made from.
func (al *Aligned) Input() pinner.Input { return al.memory.Input }

// Solved reports whether the solver had a part in the plan, or anything else that takes a
// round of its own.
func (al *Aligned) Solved() bool { return al.memory.tried > 0 }

// Stopped says what has ended the search for nearer versions; "" if it came to its end.
func (al *Aligned) Stopped() string {
	if al.memory.solver == nil {
		return ""
	}
	return al.memory.solver.Stopped()
}

// Plain reports whether the plan is of pins alone, with nothing lowered, moved, taken from
// vendor/, or broken before.
func (al *Aligned) Plain() bool {
	m := al.memory
	return m.tried == 0 && m.loans == 0 && len(m.old)+len(m.Input.Caps)+len(m.Input.Drop)+len(m.Input.Raise)+len(m.Input.Refused)+len(m.moves)+len(m.raised) == 0 && len(al.Match.Splits) == 0
}

// Align goes from round to round until one changes nothing, and returns what the plugin
// would be then. Nothing outside of the stage is written. An error has its next step.
func Align(ctx context.Context, want *wants.Case, st *stage.Stage, tool *toolchain.Toolchain) (*Aligned, error) {
	a, err := newAligner(ctx, want, st, tool)
	if err != nil {
		return nil, advice.Explain(want, nil, guess(want), err)
	}
	r, al, err := a.rounds(ctx)
	if err == nil {
		err = workFiles(ctx, al)
	}
	if err != nil {
		return nil, advice.Explain(want, a.Base, r.Input.Pins, err)
	}
	return al, nil
}

// rounds goes from round to round. The last one is returned with an error, too.
func (a *Aligner) rounds(ctx context.Context) (r round, al *Aligned, err error) {
	defer func() {
		if r.ahead != nil {
			r.ahead.stop()
		}
	}()
	if r, err = a.begin(); err != nil {
		return r, nil, err
	}
	if r, err = r.first(ctx); err != nil {
		return r, nil, err
	}
	var why again
	for n := 0; n < maxRounds+maxRoundsOfTry*r.tried; n++ {
		r, al, why, err = r.step(ctx)
		if ctx.Err() != nil {
			return r, nil, ctx.Err() // and not what the solver made of it
		}
		if err != nil {
			return r, nil, err
		}
		if al != nil {
			for _, d := range al.Plan.Lost {
				a.Options.Log(fmt.Sprintf("left out: %s could not be fetched, and nothing selects it (%s)", d.Version, strings.Join(d.By, ", ")))
			}
			return r, al, nil
		}
	}
	return r, nil, fault.New(nextBug, "the plan does not settle in %d rounds; the last one: %s", maxRounds+maxRoundsOfTry*r.tried, why)
}
