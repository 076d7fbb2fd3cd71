package align

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/toolchain"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// newAligner makes the aligner: the plugin's own module graph, and whether vendor/ is written.
func newAligner(ctx context.Context, want *wants.Case, st *stage.Stage, tool *toolchain.Toolchain) (*Aligner, error) {
	a := &Aligner{Code: &compiles.Code{Case: want, Stage: st}, Tool: tool, Source: st.Fetch.ModFiles(ctx)}
	var err error
	if a.Have, a.Bare, err = importgraph.OwnFiles(a.Plugin.Root); err != nil {
		return nil, err
	}
	var warning string
	if a.vendors, warning, a.VendorNote = a.VendorRule(ctx, a.HasVendor()).Decide(); warning != "" {
		a.warnings = append(a.warnings, warning)
	}
	if a.vendors {
		a.Stage.Loans.Offer(vendordir.Read(a.Plugin))
	}
	if a.vendors = a.vendors && !a.Options.LookOnly; a.vendors {
		a.oldVendor = make(chan vendordir.Old, 1)
		go func() { a.oldVendor <- vendordir.ReadOld(ctx, a.Plugin.Root) }()
	}
	a.Options.Step("loading the plugin's packages")
	if err := pinner.CheckDirectives(a.Plugin.User, a.Server); err != nil {
		return nil, reference.Refusal{Err: err}
	}
	if a.Base, err = pinner.LoadGraph(a.Plugin.User, a.Source); err != nil {
		return nil, err
	}
	if !a.Options.Solves() {
		return a, nil
	}
	a.versions = a.Stage.Fetch.Versions(ctx)
	if !typecheck.Knows(a.Server.GoVersion()) {
		a.warnings = append(a.warnings, fmt.Sprintf("this pinfix was built by %s and cannot tell what compiles with the server's %s; build it with that: go install github.com/pinfix/pinfix/cmd/pinfix@latest", runtime.Version(), a.Server.Go))
		return a, nil
	}
	_, goarch, ok := a.Server.Platform()
	if !ok {
		goarch = runtime.GOARCH
	}
	a.Checker = typecheck.New(goarch)
	a.Checker.Count = a.Options.Count
	a.Checker.Kept, a.Checker.Plugin = a.Stage.Kept, a.Plugin.User.Module.Mod.Path
	return a, nil
}

// begin is the round before the first look: what the user has asked for.
func (a *Aligner) begin() (round, error) {
	r := round{Aligner: a}
	r.Input = pinner.Input{Server: a.Server, Mod: a.Plugin.User, Pins: guess(a.Case), Source: a.Source}
	var err error
	if r.user, err = a.userCaps(); err != nil {
		return r, err
	}
	r.Input.Caps, r.Input.Keep = r.user, a.Options.Keep
	r, _ = r.takeLoans()
	r.Input.Versions, r.Input.Leave = a.versions, a.Checker != nil
	if a.Checker != nil {
		r = r.newSolver()
	}
	return r, nil
}

// maxVendorAhead is how many packages may be left to type-check where the guess of the plan is
// vendored meanwhile. More of them keep all processors busy, so that it gains no time, and
// often one does not compile, so that it is for nothing.
const maxVendorAhead = 200

// first looks at the plugin under a guess of the plan, while that is tidied and
// vendored ahead; where the guess does not work out, as it is.
func (r round) first(ctx context.Context) (round, error) {
	in := r.Input
	in.Caps = r.guessCaps()
	plan, err := pinner.Make(in)
	if err == nil {
		r.ahead = runAhead(ctx, r.Aligner, plan)
		r.now, r.memory, err = r.look(ctx, plan.Mod, plan)
		if err == nil {
			r.ahead.goOn(r.vendors && (r.Checker == nil || len(r.Suspects(plan.Mod, r.now.Listing)) <= maxVendorAhead))
		}
		if err == nil || ctx.Err() != nil {
			return r, err
		}
		r.ahead.stop()
	}
	r.Input.Pins = nil
	if plan, err = plainPlan(r.Input); err != nil {
		return r, err
	}
	r.ahead = runAhead(ctx, r.Aligner, plan)
	r.ahead.goOn(false)
	r.now, r.memory, err = r.look(ctx, plan.Mod, plan)
	return r, err
}

// plainPlan pins nothing but what the server's toolchain would refuse to read.
func plainPlan(in pinner.Input) (*pinner.Plan, error) {
	plan, err := pinner.Make(in)
	var tooNew *pinner.TooNewError
	if !errors.As(err, &tooNew) {
		return plan, err
	}
	// Perhaps they are there only because of modules that the server has at
	// an older version: try with all of them.
	g, err := pinner.LoadGraph(in.Mod, in.Source)
	if err != nil {
		return nil, err
	}
	in.Pins = slices.DeleteFunc(in.Server.Required(), func(p pinner.Pin) bool { return g.Selected(p.Path) == "" })
	return pinner.Make(in)
}

// guess returns the pins for what go.mod requires. In a tidy go.mod (go 1.17
// and newer) that is nearly what is linked in both.
func guess(c *wants.Case) []pinner.Pin {
	have := map[string]bool{}
	for _, r := range c.Plugin.Now.Require {
		have[r.Mod.Path] = true
	}
	pins := slices.DeleteFunc(c.Server.Required(), func(p pinner.Pin) bool {
		return !have[p.Path] || excludesBelow(c.Plugin, p.Path)
	})
	slices.SortFunc(pins, func(x, y pinner.Pin) int { return strings.Compare(x.Path, y.Path) })
	return pins
}

// guessCaps returns the caps that an earlier run has set.
func (r round) guessCaps() []pinner.Cap {
	caps := slices.Clone(r.user)
	if !r.Options.Solves() {
		return caps
	}
	for _, v := range r.Plugin.Now.Moved() {
		pinned := slices.ContainsFunc(r.Server.Required(), func(p pinner.Pin) bool { return p.Path == v.Path })
		if capped := slices.ContainsFunc(caps, func(c pinner.Cap) bool { return c.Path == v.Path }); !pinned && !capped {
			caps = append(caps, pinner.Cap{Version: v})
		}
	}
	return caps
}

// excludesBelow reports whether an earlier run has excluded a module nested in
// path: a guess of the pin would hide the split that asked for it.
func excludesBelow(p *plugin.Plugin, path string) bool {
	own := func(x *modfile.Exclude) bool {
		return !slices.ContainsFunc(p.User.Exclude, func(u *modfile.Exclude) bool { return u.Mod == x.Mod })
	}
	return slices.ContainsFunc(p.Now.Exclude, func(x *modfile.Exclude) bool {
		return strings.HasPrefix(x.Mod.Path, path+"/") && own(x)
	})
}

// userCaps returns the caps of --cap, and looks at --keep.
func (a *Aligner) userCaps() (user []pinner.Cap, err error) {
	caps, err := a.Options.UserCaps()
	if err != nil {
		return nil, err
	}
	for _, c := range caps {
		had := a.Base.Selected(c.Path)
		if had == "" {
			return nil, wants.NotRequired("--cap", c)
		}
		if _, err := a.Source([]module.Version{c}); err != nil {
			return nil, fault.OfSetting("--cap", c.String(), "name a version that there is", "%w", err)
		}
		if semver.Compare(c.Version, had) < 0 {
			user = append(user, pinner.Cap{Version: c, Cause: pinner.CauseUser, Error: "--cap " + c.String()})
		}
	}
	for _, path := range a.Options.Keep {
		if a.Base.Selected(path) == "" {
			return nil, wants.NotRequired("--keep", module.Version{Path: path})
		}
	}
	return user, nil
}
