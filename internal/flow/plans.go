package flow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/pinfix/pinfix/pinner"
)

// plans remembers what was planned for servers: releases of one server often have the
// same of all that a plugin shares with them, and then the same plan is good for both.
type plans struct {
	mu   sync.Mutex
	made []*madePlan
}

// A madePlan is a plan, and all of its server that had a part in it.
type madePlan struct {
	settings string
	pins     map[string]pinner.Pin // of the modules in the plugin's graphs; no entry where the server has none
	packages map[string]bool       // the packages of the plugin, and whether the server links them
	outlook  *outlook
}

// plan is the outlook for a server: one that was made for a server that is the same for
// this plugin, or a new one.
func (k *plans) plan(ctx context.Context, o Options, plugin *plugin, s *pinner.Server) (*outlook, error) {
	if v := k.find(s); v != nil {
		return v, nil
	}
	p, err := o.plan(ctx, plugin, s)
	if err != nil {
		return nil, err
	}
	defer p.stage.Close()
	v := p.outlook()
	v.plan = p.set.report(s, p.tool)
	v.unknown = v.plan.Unknown
	if p.set.a.rounds == 0 { // the solver has looked at more than the last plan shows
		k.add(p, v)
	}
	return v, nil
}

func (k *plans) find(s *pinner.Server) *outlook {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range k.made {
		if m.serves(s) {
			v := *m.outlook
			plan := *v.plan
			v.plan = &plan
			return &v
		}
	}
	return nil
}

func (k *plans) add(p *planned, v *outlook) {
	m := &madePlan{settings: settingsKey(p.server), pins: map[string]pinner.Pin{}, packages: map[string]bool{}, outlook: v}
	have := pinsByPath(p.server)
	a := p.set.a
	for _, g := range []*pinner.Graph{a.base, p.set.before, p.aligned.graph} {
		for _, path := range g.Paths() {
			m.pins[path] = have[path]
		}
	}
	for path := range p.aligned.listing.Packages {
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
