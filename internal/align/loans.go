package align

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/pinner"
)

// takeLoans caps the modules that the stage has begun to take from vendor/ where
// they are. It reports whether there are new ones.
func (r round) takeLoans() (round, bool) {
	more := false
	for _, l := range r.Stage.Loans.Taken()[r.loans:] {
		r.loans++
		more = true
		stay := pinner.Cap{Version: l.Version, Cause: pinner.CauseVendor, Error: "only vendor/ has " + l.Version.String()}
		if slices.Contains(r.Options.Keep, l.Version.Path) {
			continue
		}
		r.user = append(slices.Clip(r.user), stay)
		r.Input.Caps = append(slices.DeleteFunc(slices.Clone(r.Input.Caps), func(c pinner.Cap) bool { return c.Path == l.Version.Path }), stay)
		r.Input.Keep = append(slices.Clip(r.Input.Keep), l.Version.Path)
	}
	if !more {
		return r, false
	}
	if r.ahead != nil { // it ran without these modules
		r.ahead.stop()
		r.ahead = nil
	}
	r.looked = nil
	if r.solver != nil {
		r = r.newSolver()
	}
	return r, true
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
