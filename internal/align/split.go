package align

import (
	"context"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/pinner"
)

// splits makes plugin and server take moved packages from the same module: the
// parent rises above the move, or the nested module goes.
func (a *Aligner) splits(ctx context.Context, match *pinner.Match) error {
	for _, s := range match.Splits {
		if len(s.To.Path) > len(s.From.Path) {
			a.moved(fetch.Move{Package: s.Package, Parent: s.From, Nested: s.To.Version})
		} else if !slices.Contains(a.Input.Drop, s.From.Path) {
			a.Input.Drop = append(a.Input.Drop, s.From.Path)
		}
	}
	for _, m := range a.Moves[len(a.Input.Raise):] {
		v, err := a.after(ctx, m)
		if err != nil {
			return err
		}
		raise := module.Version{Path: m.Parent.Path, Version: v}
		a.Input.Raise, a.Raised = append(a.Input.Raise, raise), append(a.Raised, raise)
	}
	return nil
}

// unraise takes back the raise of each parent that tidy has dropped: what the
// raised version asks for stays in go.mod then, but the next apply would see no
// reason for it. It reports whether there was one.
func (a *Aligner) unraise(tidied *pinner.Mod) bool {
	more := false
	for i, v := range a.Input.Raise {
		required := slices.ContainsFunc(tidied.Require, func(r *modfile.Require) bool { return r.Mod.Path == v.Path })
		if v.Version != "" && !required && !slices.Contains(a.kept, v.Path) {
			a.Input.Raise[i].Version = ""
			more = true
		}
	}
	return more
}

// reraise raises a parent again that is ambiguous without, for good.
func (a *Aligner) reraise(parent string) bool {
	i := slices.IndexFunc(a.Input.Raise, func(v module.Version) bool { return v.Path == parent })
	if i < 0 || a.Input.Raise[i].Version != "" {
		return false
	}
	a.Input.Raise[i] = a.Raised[i]
	a.kept = append(a.kept, parent)
	return true
}

// after returns the version of the parent to require: the server's own, if it
// links the parent too.
func (a *Aligner) after(ctx context.Context, m fetch.Move) (string, error) {
	for _, p := range a.Server.Required() {
		if p.Path == m.Parent.Path {
			return p.Version.Version, nil
		}
	}
	a.Options.Step("looking for a version of " + m.Parent.Path + " without " + m.Package)
	g, err := pinner.LoadGraph(a.Plugin.User, a.Input.Source)
	if err != nil {
		return "", err
	}
	v, err := a.Stage.Fetch.After(ctx, m, g.Versions(m.Parent.Path), a.Server.Accepts)
	if err != nil {
		return "", fault.New("require a version of "+m.Parent.Path+" that does not hold it", "%w", err)
	}
	return v, nil
}

// moved notes a move, and reports whether it is news.
func (a *Aligner) moved(m fetch.Move) bool {
	if m.Parent.Path == "" || m.Parent.Path == m.Nested.Path || slices.ContainsFunc(a.Moves, func(n fetch.Move) bool { return n.Parent.Path == m.Parent.Path }) {
		return false
	}
	a.Moves = append(a.Moves, m)
	return true
}

// drop takes the nested module of a move out of the graph where only the parent
// is the server's: that cannot rise. It reports whether it is news.
func (a *Aligner) drop(m fetch.Move) bool {
	has := func(path string) bool {
		return slices.ContainsFunc(a.Server.Required(), func(p pinner.Pin) bool { return p.Path == path })
	}
	if !has(m.Parent.Path) || has(m.Nested.Path) || slices.Contains(a.Input.Drop, m.Nested.Path) {
		return false
	}
	a.Input.Drop = append(a.Input.Drop, m.Nested.Path)
	return true
}
