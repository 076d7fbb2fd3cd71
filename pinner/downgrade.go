package pinner

import (
	"fmt"
	"slices"

	"golang.org/x/mod/module"
)

// Downgrade returns the caps under which no module requires more than it gets. It
// lowers each module that requires more than a pin or another cap to the newest
// version that does not, until none is left (as go get X@lower does it,
// cmd/go/internal/mvs.Downgrade, but it never removes a module or takes a
// pre-release). What cannot be lowered stays and is left to excludes: a pinned
// module, a directory, a module of in.Keep, one without such a version.
func Downgrade(in Input) ([]Cap, error) {
	d := &downgrade{in: in, stuck: map[string]bool{}}
	for range maxDowngrades {
		plan, err := Make(in)
		if err != nil {
			return nil, err
		}
		d.start(in.Pins, plan.Caps)
		open, err := plan.open()
		if err != nil {
			return nil, err
		}
		g, err := LoadGraph(open, in.Source)
		if err != nil {
			return nil, err
		}
		lowered, err := d.step(plan.Mod, g)
		if err != nil || lowered == 0 {
			return plan.Caps, err
		}
		in.Caps = d.caps()
	}
	return nil, fmt.Errorf("no end after %d rounds of downgrades", maxDowngrades)
}

// maxDowngrades bounds the rounds. Each round lowers every module that requires too much
// in the graph of the round before.
const maxDowngrades = 200

type downgrade struct {
	in    Input
	limit limit
	stuck map[string]bool

	old, lowered []Cap // of the plan, and of this step
}

// start begins a step from the caps of a plan.
func (d *downgrade) start(pins []Pin, caps []Cap) {
	d.limit = limit{d.in.Server, &bounds{}}
	d.limit.take(pins, caps)
	d.old, d.lowered = caps, nil
}

// caps returns those after the step.
func (d *downgrade) caps() []Cap {
	again := map[string]bool{}
	for _, c := range d.lowered {
		again[c.Path] = true
	}
	kept := slices.DeleteFunc(slices.Clone(d.old), func(c Cap) bool { return again[c.Path] })
	return append(kept, d.lowered...)
}

// step caps every module of g that requires more than it gets.
func (d *downgrade) step(m *Mod, g *Graph) (int, error) {
	lowered := 0
	for _, path := range g.paths() {
		v := module.Version{Path: path, Version: g.Selected(path)}
		if limit, ok := d.limit.of(path); ok {
			v.Version = limit
		}
		if !d.mayLower(m, v) {
			continue
		}
		sums, lost, err := d.in.Source.some([]module.Version{v})
		if err != nil {
			return 0, err
		}
		if lost[v] {
			continue // what it asks for is not known
		}
		over := d.limit.exceeds(sums[v])
		if len(over) == 0 {
			continue
		}
		done, err := d.lower(g, v, over[0])
		if err != nil {
			return 0, err
		}
		if done {
			lowered++
		}
	}
	return lowered, nil
}

func (d *downgrade) mayLower(m *Mod, v module.Version) bool {
	_, pinned := d.limit.pins[v.Path]
	if d.in.Linked != nil && !d.in.Linked(v.Path) {
		return false // what it asks for matters to no one
	}
	return !pinned && !d.stuck[v.Path] && m.Replacement(v) == nil && !slices.Contains(d.in.Keep, v.Path)
}

// lower caps v, which requires over.
func (d *downgrade) lower(g *Graph, v, over module.Version) (bool, error) {
	c := Candidates{d.in.Versions, d.in.Source}
	below, err := c.Below(v, g.Versions(v.Path))
	if err != nil {
		below = nil // a private module, say: it stays
	}
	to, err := c.First(v.Path, below, d.limit.allows)
	if err != nil {
		return false, err
	}
	if to == "" {
		d.stuck[v.Path] = true
		return false, nil
	}
	limit, _ := d.limit.of(over.Path)
	lowered := Cap{Version: module.Version{Path: v.Path, Version: to}, Cause: CauseDowngrade, Error: d.why(v, over, limit), For: module.Version{Path: over.Path, Version: limit},
		Why: Why{Module: v, Needs: over.Version}}
	d.lowered = append(d.lowered, lowered)
	d.limit.caps[v.Path] = to
	return true, nil
}

func (d *downgrade) why(v, over module.Version, limit string) string {
	if _, pinned := d.limit.pins[over.Path]; pinned {
		return fmt.Sprintf("%s %s requires %s %s; the server has %s", v.Path, v.Version, over.Path, over.Version, limit)
	}
	return fmt.Sprintf("%s %s requires %s %s, which is lowered to %s", v.Path, v.Version, over.Path, over.Version, limit)
}

// open returns the plan's go.mod without pinfix's own excludes. Its graph shows which
// modules require too much.
func (p *Plan) open() (*Mod, error) {
	m, err := p.Mod.Clone()
	if err != nil {
		return nil, err
	}
	m.dropOwnExcludes()
	return m, nil
}

// paths returns the modules of the graph, sorted.
func (g *Graph) paths() []string {
	var out []string
	for path := range g.selected {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}
