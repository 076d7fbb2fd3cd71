package flow

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/pinner"
)

// hold keeps the pin of a missing package's module in match if an earlier look
// has asked for it: without the pin the package would be back, and with it what
// asks for the pin.
func (a *aligner) hold(l *importgraph.Listing, match *pinner.Match) {
	required := a.server.Required()
	for path, p := range l.Packages {
		if !missing(p) {
			continue
		}
		var holder *pinner.Pin
		for i, pin := range required {
			if within(path, pin.Path) && (holder == nil || len(pin.Path) > len(holder.Path)) {
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
		if within(pkg, v.Path) && len(v.Path) > len(longest.Path) {
			longest = v
		}
	}
	return longest
}

// without returns why the plan does without the module of a package, which is one
// that has no version for the server's Go; "" if it does not.
func without(server *pinner.Server, plan *pinner.Plan, pkg string) string {
	for _, m := range plan.Left {
		if within(pkg, m.Path) {
			return pinner.NeedsGo(m.Version, m.Go, server)
		}
	}
	return ""
}

// within reports whether a package of this path may be of the module.
func within(pkg, module string) bool {
	_, ok := cutModule(pkg, module)
	return ok
}

// cutModule returns what follows the module's path in that of a package, "" or
// "/x", and whether the package may be of the module.
func cutModule(pkg, module string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(pkg, module)
	return rest, ok && (rest == "" || rest[0] == '/')
}
