package align

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/pinner"
)

// look loads the import graph under mod, the plan's or a tidied one, and compares it with the
// server. What it has learned counts also where it fails.
func (r round) look(ctx context.Context, mod *pinner.Mod, plan *pinner.Plan) (*Look, memory, error) {
	m := r.memory
	l, err := r.Stage.List(ctx, mod, r.Bare, r.Plugin.Patterns, plan.Held())
	if err != nil {
		return nil, m, compiles.Readable(r.Stage.Sources, err)
	}
	if len(l.Roots) == 0 && len(r.Options.Packages) > 0 {
		return nil, m, importgraph.NotPlugin(strings.Join(r.Options.Packages, " "), "no main package there")
	}
	if len(l.Roots) == 0 {
		return nil, m, plugin.NoPlugin(r.Plugin.Root, r.Plugin.User.Module.Mod.Path)
	}
	if !m.parsed {
		if err := compiles.Parse(r.Stage.Sources, l); err != nil {
			return nil, m, err
		}
		m.parsed = true
	}
	look := &Look{mod: mod.Text(), Listing: l, Match: pinner.Compare(r.Server, l.Linked())}
	look.Match.Pins = hold(r.Server, l, look.Match.Pins, m.held)
	m.held = with(m.held, look.Match.Pins, func(p pinner.Pin) string { return p.Path })
	if err := r.Clash(l); err != nil {
		return nil, m, err
	}
	misfits, doubts := r.Own(r.Stage.Sources, l, look.Match)
	if err := r.Refuse(misfits); err != nil {
		return nil, m, err
	}
	look.Doubts = doubts
	look.Choice, err = r.ChooseImports(r.Stage.Sources, r.Bare, l, look.Match.Pins, r.Base)
	return look, m, err
}

// lookAgain is look under the plan, which an earlier round may have made.
func (r round) lookAgain(ctx context.Context) (*Look, memory, error) {
	if l := r.looked[string(r.plan.Mod.Text())]; l != nil {
		return l, r.memory, nil
	}
	return r.look(ctx, r.plan.Mod, r.plan)
}

// hold adds to pins that of a missing package's module, if an earlier look has asked for it:
// without the pin the package would be back, and with it what asks for the pin.
func hold(server *pinner.Server, l *importgraph.Listing, pins []pinner.Pin, held map[string]bool) []pinner.Pin {
	for path, p := range l.Packages {
		if !p.Missing() {
			continue
		}
		pin := server.Label(path).Pin
		if held[pin.Path] && !slices.ContainsFunc(pins, func(q pinner.Pin) bool { return q.Path == pin.Path }) {
			pins = append(pins, pin)
		}
	}
	slices.SortFunc(pins, func(x, y pinner.Pin) int { return strings.Compare(x.Path, y.Path) })
	return pins
}

// with is set and the names of more.
func with[T any](set map[string]bool, more []T, name func(T) string) map[string]bool {
	out := maps.Clone(set)
	if out == nil {
		out = map[string]bool{}
	}
	for _, x := range more {
		out[name(x)] = true
	}
	return out
}

// cure reads an error of the go command: a package that a pinned nested module brings and an
// old parent still holds. It reports whether it has a cure, which the next plan has.
func (m memory) cure(server *pinner.Server, err error) (memory, bool) {
	var failed *gocmd.Error
	if !errors.As(err, &failed) {
		return m, false
	}
	return m.cureText(server, failed.Stderr)
}

func (m memory) cureText(server *pinner.Server, text string) (memory, bool) {
	found := false
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.Contains(line, "ambiguous import: found package") || i+2 >= len(lines) {
			continue
		}
		_, pkg, _ := strings.Cut(line, "found package ")
		pkg, _, _ = strings.Cut(pkg, " ")
		mv := fetch.Move{Package: pkg, Parent: moduleOn(lines[i+1]), Nested: moduleOn(lines[i+2])}
		if len(mv.Parent.Path) > len(mv.Nested.Path) {
			mv.Parent, mv.Nested = mv.Nested, mv.Parent
		}
		var news bool
		if m, news = m.drop(server, mv); !news {
			if m, news = m.moved(mv); !news {
				m, news = m.reraise(mv.Parent.Path)
			}
		}
		found = found || news
	}
	return m, found
}

// moduleOn reads "\tgoogle.golang.org/genproto v0.0.0-… (/dir)".
func moduleOn(line string) module.Version {
	f := strings.Fields(line)
	if len(f) < 2 {
		return module.Version{}
	}
	return module.Version{Path: f[0], Version: f[1]}
}

// ambiguities returns what is said of packages that two modules hold.
func ambiguities(l *importgraph.Listing) []string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		if p := l.Packages[path]; p.Error != nil && strings.Contains(p.Error.Err, "ambiguous import") {
			out = append(out, p.Error.Err)
		}
	}
	return out
}
