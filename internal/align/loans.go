package align

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/pinner"
)

// takeLoans caps the modules that the stage has begun to take from vendor/ where
// they are. It reports whether there are new ones.
func (a *Aligner) takeLoans() bool {
	more := false
	for _, l := range a.Stage.Loans.Taken()[a.Loans:] {
		a.Loans++
		more = true
		stay := pinner.Cap{Version: l.Version, Cause: pinner.CauseVendor, Error: "only vendor/ has " + l.Version.String()}
		if slices.Contains(a.Options.Keep, l.Version.Path) {
			continue
		}
		a.user = append(a.user, stay)
		a.Input.Caps = append(slices.DeleteFunc(slices.Clone(a.Input.Caps), func(c pinner.Cap) bool { return c.Path == l.Version.Path }), stay)
		a.Input.Keep = append(slices.Clone(a.Input.Keep), l.Version.Path)
	}
	if more {
		if a.ahead != nil {
			a.ahead.forget()
		}
		a.looked = nil
		if a.Solver != nil {
			a.newSolver()
		}
	}
	return more
}

// LoanWarnings says which modules come from vendor/, and why.
func (a *Aligner) LoanWarnings() []string {
	var causes []gocmd.Cause
	var names []string
	for _, l := range a.Stage.Loans.Taken() {
		causes = append(causes, l.Cause)
		names = append(names, l.Version.String())
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("taken over from vendor/ as they are: %s (%s)", strings.Join(names, ", "), strings.ReplaceAll(gocmd.Explain(causes), "\n", "; "))}
}

// onlyVendored explains an error of modules that could not be fetched where vendor/
// has them all, but another version than the plan needs, or where vendor/ is not
// written.
func (a *Aligner) onlyVendored(missing *fetch.MissingError) error {
	var same []gocmd.Cause
	var lines []string
	have := vendordir.Read(a.Plugin)
	for _, c := range missing.Causes {
		i := slices.IndexFunc(have, func(v stage.Vendored) bool { return v.Version.Path == c.Module.Path || v.Source.Path == c.Module.Path })
		switch {
		case i < 0 || c.Kind == gocmd.Mismatch:
			return nil
		case have[i].Source == c.Module:
			same = append(same, c)
		default:
			lines = append(lines, fmt.Sprintf("%s; vendor/ has %s, and %s", gocmd.Explain([]gocmd.Cause{c}), have[i].Source.Version, a.whyOther(c.Module)))
		}
	}
	switch {
	case len(same) > 0 && a.Options.Vendor == "never":
		return fault.New("leave --vendor never out", "%s; vendor/ has that version, but is left alone", gocmd.Explain(same))
	case len(same) > 0:
		return fault.New(missing.NextStep(), "%s; vendor/ has that version, but a plugin built from vendor/ does not load into this server", gocmd.Explain(same))
	}
	next := "this module alone is in the way: "
	if len(lines) > 1 {
		next = "these modules alone are in the way: "
	}
	return fault.With(errors.New(strings.Join(lines, "\n")), next+missing.NextStep())
}

// whyOther says who needs that very version.
func (a *Aligner) whyOther(v module.Version) string {
	for _, p := range a.Server.Pins {
		if p.Version == v || p.Replace == v {
			return "the server links " + v.Version
		}
	}
	return "the plan needs " + v.Version
}
