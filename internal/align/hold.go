package align

import (
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/importgraph"
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
