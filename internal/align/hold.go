package align

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/pinner"
)

// hold keeps the pin of a missing package's module in match if an earlier look
// has asked for it: without the pin the package would be back, and with it what
// asks for the pin.
func (a *Aligner) hold(l *importgraph.Listing, match *pinner.Match) {
	required := a.Server.Required()
	for path, p := range l.Packages {
		if !Missing(p) {
			continue
		}
		var holder *pinner.Pin
		for i, pin := range required {
			if place.Within(path, pin.Path) && (holder == nil || len(pin.Path) > len(holder.Path)) {
				holder = &required[i]
			}
		}
		if holder != nil && a.held[holder.Path] && !slices.ContainsFunc(match.Pins, func(q pinner.Pin) bool { return q.Path == holder.Path }) {
			match.Pins = append(match.Pins, *holder)
		}
	}
	slices.SortFunc(match.Pins, func(x, y pinner.Pin) int { return strings.Compare(x.Path, y.Path) })
	if a.held == nil {
		a.held = map[string]bool{}
	}
	for _, p := range match.Pins {
		a.held[p.Path] = true
	}
}

// holder returns the module of the plan whose package this would be: the pin or
// cap with the longest path, or none.
func holder(plan *pinner.Plan, pkg string) module.Version {
	var longest module.Version
	for _, v := range plan.Held() {
		if place.Within(pkg, v.Path) && len(v.Path) > len(longest.Path) {
			longest = v
		}
	}
	return longest
}

// without returns why the plan does without the module of a package, which is one
// that has no version for the server's Go; "" if it does not.
func without(server *pinner.Server, plan *pinner.Plan, pkg string) string {
	for _, m := range plan.Left {
		if place.Within(pkg, m.Path) {
			return pinner.NeedsGo(m.Version, m.Go, server)
		}
	}
	return ""
}
