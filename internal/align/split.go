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
func (r round) splits(ctx context.Context) (round, error) {
	for _, s := range r.now.Match.Splits {
		if len(s.To.Path) > len(s.From.Path) {
			r.memory, _ = r.moved(fetch.Move{Package: s.Package, Parent: s.From, Nested: s.To.Version})
		} else if !slices.Contains(r.Input.Drop, s.From.Path) {
			r.Input.Drop = append(slices.Clip(r.Input.Drop), s.From.Path)
		}
	}
	for _, m := range r.moves[len(r.Input.Raise):] {
		v, err := r.after(ctx, m)
		if err != nil {
			return r, err
		}
		raise := module.Version{Path: m.Parent.Path, Version: v}
		r.Input.Raise, r.raised = append(slices.Clip(r.Input.Raise), raise), append(slices.Clip(r.raised), raise)
	}
	return r, nil
}

// unraise takes back the raise of each parent that tidy has dropped: what the
// raised version asks for stays in go.mod then, but the next apply would see no
// reason for it. It reports whether there was one.
func (m memory) unraise(tidied *pinner.Mod) (memory, bool) {
	more := false
	m.Input.Raise = slices.Clone(m.Input.Raise)
	for i, v := range m.Input.Raise {
		required := slices.ContainsFunc(tidied.Require, func(r *modfile.Require) bool { return r.Mod.Path == v.Path })
		if v.Version != "" && !required && !slices.Contains(m.kept, v.Path) {
			m.Input.Raise[i].Version = ""
			more = true
		}
	}
	return m, more
}

// reraise raises a parent again that is ambiguous without, for good. It reports whether it is
// news.
func (m memory) reraise(parent string) (memory, bool) {
	i := slices.IndexFunc(m.Input.Raise, func(v module.Version) bool { return v.Path == parent })
	if i < 0 || m.Input.Raise[i].Version != "" {
		return m, false
	}
	m.Input.Raise = slices.Clone(m.Input.Raise)
	m.Input.Raise[i] = m.raised[i]
	m.kept = append(slices.Clip(m.kept), parent)
	return m, true
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
	g, err := pinner.LoadGraph(a.Plugin.User, a.Source)
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
func (m memory) moved(mv fetch.Move) (memory, bool) {
	if mv.Parent.Path == "" || mv.Parent.Path == mv.Nested.Path || slices.ContainsFunc(m.moves, func(n fetch.Move) bool { return n.Parent.Path == mv.Parent.Path }) {
		return m, false
	}
	m.moves = append(slices.Clip(m.moves), mv)
	return m, true
}

// drop takes the nested module of a move out of the graph where only the parent
// is the server's: that cannot rise. It reports whether it is news.
func (m memory) drop(server *pinner.Server, mv fetch.Move) (memory, bool) {
	has := func(path string) bool {
		return slices.ContainsFunc(server.Required(), func(p pinner.Pin) bool { return p.Path == path })
	}
	if !has(mv.Parent.Path) || has(mv.Nested.Path) || slices.Contains(m.Input.Drop, mv.Nested.Path) {
		return m, false
	}
	m.Input.Drop = append(slices.Clip(m.Input.Drop), mv.Nested.Path)
	return m, true
}
