package flow

import (
	"context"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
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
		raise := module.Version{Path: m.Parent.Path, Version: v}
		a.in.Raise, a.raised = append(a.in.Raise, raise), append(a.raised, raise)
	}
	return nil
}

// unraise takes back the raise of each parent that tidy has dropped: what the
// raised version asks for stays in go.mod then, but the next apply would see no
// reason for it. It reports whether there was one.
func (a *aligner) unraise(tidied *pinner.Mod) bool {
	more := false
	for i, v := range a.in.Raise {
		required := slices.ContainsFunc(tidied.Require, func(r *modfile.Require) bool { return r.Mod.Path == v.Path })
		if v.Version != "" && !required && !slices.Contains(a.kept, v.Path) {
			a.in.Raise[i].Version = ""
			more = true
		}
	}
	return more
}

// reraise raises a parent again that is ambiguous without, for good.
func (a *aligner) reraise(parent string) bool {
	i := slices.IndexFunc(a.in.Raise, func(v module.Version) bool { return v.Path == parent })
	if i < 0 || a.in.Raise[i].Version != "" {
		return false
	}
	a.in.Raise[i] = a.raised[i]
	a.kept = append(a.kept, parent)
	return true
}

// after returns the version of the parent to require: the server's own, if it
// links the parent too.
func (a *aligner) after(ctx context.Context, m stage.Move) (string, error) {
	for _, p := range a.server.Required() {
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
		return "", fault.New("require a version of "+m.Parent.Path+" that does not hold it", "%w", err)
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

// drop takes the nested module of a move out of the graph where only the parent
// is the server's: that cannot rise. It reports whether it is news.
func (a *aligner) drop(m stage.Move) bool {
	has := func(path string) bool {
		return slices.ContainsFunc(a.server.Required(), func(p pinner.Pin) bool { return p.Path == path })
	}
	if !has(m.Parent.Path) || has(m.Nested.Path) || slices.Contains(a.in.Drop, m.Nested.Path) {
		return false
	}
	a.in.Drop = append(a.in.Drop, m.Nested.Path)
	return true
}
