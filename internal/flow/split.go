package flow

import (
	"context"
	"slices"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// splits makes plugin and server take moved packages from the same module: the
// parent rises above the move, or the nested module goes.
func (a *aligner) splits(ctx context.Context, match *pinner.Match) error {
	for _, s := range match.Splits {
		if len(s.To.Path) > len(s.From.Path) {
			a.moved(stage.Move{Package: s.Package, Parent: s.From, Nested: s.To.Version})
		} else if !slices.Contains(a.in.Drop, s.From.Path) {
			a.in.Drop = append(a.in.Drop, s.From.Path)
		}
	}
	for _, m := range a.moves[len(a.in.Raise):] {
		v, err := a.after(ctx, m)
		if err != nil {
			return err
		}
		a.in.Raise = append(a.in.Raise, module.Version{Path: m.Parent.Path, Version: v})
	}
	return nil
}

// after returns the version of the parent to require: the server's own, if it
// links the parent too.
func (a *aligner) after(ctx context.Context, m stage.Move) (string, error) {
	for _, p := range a.server.Pins {
		if p.Path == m.Parent.Path {
			return p.Version.Version, nil
		}
	}
	a.o.Step("looking for a version of " + m.Parent.Path + " without " + m.Package)
	g, err := pinner.LoadGraph(a.plugin.user, a.in.Source)
	if err != nil {
		return "", err
	}
	v, err := a.stage.After(ctx, m, g.Versions(m.Parent.Path), a.server.Accepts)
	if err != nil {
		return "", fault("require a version of "+m.Parent.Path+" that does not hold it", "%w", err)
	}
	return v, nil
}

// moved notes a move, and reports whether it is news.
func (a *aligner) moved(m stage.Move) bool {
	if m.Parent.Path == "" || m.Parent.Path == m.Nested.Path || slices.ContainsFunc(a.moves, func(n stage.Move) bool { return n.Parent.Path == m.Parent.Path }) {
		return false
	}
	a.moves = append(a.moves, m)
	return true
}
