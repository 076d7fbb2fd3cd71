package flow

import (
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// hold keeps the pin of a missing package's module in match if an earlier look
// has asked for it: without the pin the package would be back, and with it what
// asks for the pin.
func (a *aligner) hold(l *stage.Listing, match *pinner.Match) {
	for path, p := range l.Packages {
		if !missing(p) {
			continue
		}
		var holder *pinner.Pin
		for i, pin := range a.server.Pins {
			within := path == pin.Path || strings.HasPrefix(path, pin.Path+"/")
			if within && (holder == nil || len(pin.Path) > len(holder.Path)) {
				holder = &a.server.Pins[i]
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
