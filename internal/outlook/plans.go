package outlook

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// Plans are those of a run for several servers. Releases of one server often have the
// same of all that a plugin shares with them, and then one plan is good for both; or they
// differ in versions, and the outlook is derived.
type Plans struct {
	Brief   bool // outlooks will do, without the reports of plans
	Servers []*pinner.Server

	mu     sync.Mutex
	made   []*madePlan
	groups map[string]*group // by settingsKey
}

// A group are servers that may differ in versions only. Its lock is held while its first
// plan is made and while others are derived.
type group struct {
	mu      sync.Mutex
	first   *planned // to derive from; nil: not made yet, or of a kind that does not serve
	started bool
	fetched bool
}

// A madePlan is a plan, and all of its server that had a part in it.
type madePlan struct {
	settings string
	pins     map[string]pinner.Pin // of the modules in the plugin's graphs; no entry where the server has none
	packages map[string]bool       // the packages of the plugin, and whether the server links them
	outlook  *outlook
}

// Close removes what the plans have in scratch directories.
func (k *Plans) Close() {
	for _, g := range k.groups {
		if g.first != nil {
			g.first.Stage.Close()
		}
	}
}

// group returns that of a server.
func (k *Plans) group(s *pinner.Server) *group {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := settingsKey(s)
	if k.groups == nil {
		k.groups = map[string]*group{}
	}
	if k.groups[key] == nil {
		k.groups[key] = &group{}
	}
	return k.groups[key]
}

// Plan is the outlook for a server: one that was made for a server that is the same for
// this plugin, a derived one, or that of a plan of its own.
func (k *Plans) Plan(ctx context.Context, o wants.Options, plugin *plugin.Plugin, s *pinner.Server) (*outlook, error) {
	if v := k.find(s); v != nil {
		return v, nil
	}
	if !k.Brief {
		return k.own(ctx, o, plugin, s, func(*planned) bool { return false })
	}
	g := k.group(s)
	g.mu.Lock()
	if v := g.derive(ctx, o, s, k.Servers); v != nil {
		g.mu.Unlock()
		return v, nil
	}
	if !g.started { // the others wait for it
		g.started = true
		defer g.mu.Unlock()
		return k.own(ctx, o, plugin, s, g.keep)
	}
	g.mu.Unlock()
	return k.own(ctx, o, plugin, s, func(p *planned) bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.keep(p)
	})
}

// derive is the outlook for a server by the group's first plan; nil where there is none, or
// where it does not serve.
func (g *group) derive(ctx context.Context, o wants.Options, s *pinner.Server, all []*pinner.Server) *outlook {
	if g.first == nil {
		return nil
	}
	if !g.fetched {
		g.fetched = true
		g.first.fetchPins(ctx, all)
	}
	return g.first.derive(ctx, o, s)
}

// keep reports whether p is now the plan that others are derived from.
func (g *group) keep(p *planned) bool {
	if g.first != nil || !p.derives() {
		return false
	}
	g.first = p
	return true
}

// own makes a plan, and closes it unless keep keeps it.
func (k *Plans) own(ctx context.Context, o wants.Options, plugin *plugin.Plugin, s *pinner.Server, keep func(*planned) bool) (*outlook, error) {
	p, err := Make(ctx, o, plugin, s)
	if err != nil {
		return nil, err
	}
	v := p.Outlook()
	v.Plan = p.Set.Report(s, p.Tool)
	v.Unknown, v.Warnings = v.Plan.Unknown, v.Plan.Warnings
	if !p.Aligned.Solved() { // the solver has looked at more than the last plan shows
		k.add(p, v)
	}
	if !keep(p) {
		p.Stage.Close()
	}
	return v, nil
}

// find is the outlook of a plan that serves for s, too.
func (k *Plans) find(s *pinner.Server) *outlook {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range k.made {
		if m.serves(s) {
			v := *m.outlook
			plan := *v.Plan
			v.Plan = &plan
			return &v
		}
	}
	return nil
}

func (k *Plans) add(p *planned, v *outlook) {
	m := &madePlan{settings: settingsKey(p.server), pins: map[string]pinner.Pin{}, packages: map[string]bool{}, outlook: v}
	have := pinsByPath(p.server)
	a := p.Set.Aligner
	for _, g := range []*pinner.Graph{a.Base, p.Set.Before, p.Aligned.Graph} {
		for _, path := range g.Paths() {
			m.pins[path] = have[path]
		}
	}
	for path := range p.Aligned.Listing.Packages {
		m.packages[path], _ = p.server.Links(path)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made = append(k.made, m)
}

// serves reports whether s is the same as the plan's server in all that had a part in it.
func (m *madePlan) serves(s *pinner.Server) bool {
	if m.settings != settingsKey(s) {
		return false
	}
	have := pinsByPath(s)
	for path, pin := range m.pins {
		if have[path] != pin {
			return false
		}
	}
	for path, was := range m.packages {
		if linked, _ := s.Links(path); linked != was {
			return false
		}
	}
	return true
}

func pinsByPath(s *pinner.Server) map[string]pinner.Pin {
	out := map[string]pinner.Pin{}
	for _, p := range s.Pins {
		out[p.Path] = p
	}
	return out
}

// settingsKey is what of a server has a part in every plan.
func settingsKey(s *pinner.Server) string {
	key := fmt.Sprintf("%q %q %q %q %v %v %v", s.Go, s.Main.Path, s.Path, s.Own(), s.Paths, s.Packages == nil, s.Source != nil)
	if s.Installed != nil {
		key += fmt.Sprintf(" %v", *s.Installed)
	}
	if s.Source != nil {
		key += fmt.Sprintf(" %q %v", s.Source.GoFrom, s.Source.Packages == nil)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Settings)) {
		if len(name) < 3 || name[:3] != "vcs" {
			key += fmt.Sprintf(" %q=%q", name, s.Settings[name])
		}
	}
	return key
}
