package align

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/pinner"
)

// hold keeps the pin of a missing package's module in match if an earlier look
// has asked for it: without the pin the package would be back, and with it what
// asks for the pin.
func (a *Aligner) hold(l *importgraph.Listing, match *pinner.Match) {
	for path, p := range l.Packages {
		if !p.Missing() {
			continue
		}
		pin := a.Server.Label(path).Pin
		if a.held[pin.Path] && !slices.ContainsFunc(match.Pins, func(q pinner.Pin) bool { return q.Path == pin.Path }) {
			match.Pins = append(match.Pins, pin)
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
	held := map[string]module.Version{}
	for _, v := range slices.Backward(plan.Held()) {
		held[v.Path] = v // a pin goes before a cap
	}
	path, _ := modpath.Longest(pkg, func(p string) bool { return held[p].Path != "" })
	return held[path]
}

// without returns why the plan does without the module of a package, which is one
// that has no version for the server's Go; "" if it does not.
func without(server *pinner.Server, plan *pinner.Plan, pkg string) string {
	left := map[string]pinner.TooNew{}
	for _, m := range plan.Left {
		left[m.Path] = m
	}
	path, ok := modpath.Longest(pkg, func(p string) bool { return left[p].Path != "" })
	if !ok {
		return ""
	}
	return pinner.NeedsGo(left[path].Version, left[path].Go, server)
}
