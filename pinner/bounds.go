package pinner

import "golang.org/x/mod/module"

// bounds are the highest versions of modules, by path: those of pins, and those of
// caps. A pin wins; the first of several for a path wins.
type bounds struct {
	pins, caps   map[string]string
	nPins, nCaps int // how many are in
}

// take adds the pins and caps that are not in yet. Both lists only grow.
func (b *bounds) take(pins []Pin, caps []Cap) {
	if b.pins == nil {
		b.pins, b.caps = map[string]string{}, map[string]string{}
	}
	for ; b.nPins < len(pins); b.nPins++ {
		first(b.pins, pins[b.nPins].Version)
	}
	for ; b.nCaps < len(caps); b.nCaps++ {
		first(b.caps, caps[b.nCaps].Version)
	}
}

func first(in map[string]string, v module.Version) {
	if _, ok := in[v.Path]; !ok {
		in[v.Path] = v.Version
	}
}

// of returns the bound of a module, and whether there is one.
func (b *bounds) of(path string) (string, bool) {
	if v, ok := b.pins[path]; ok {
		return v, true
	}
	v, ok := b.caps[path]
	return v, ok
}

// bounds returns those of the plan's pins and caps.
func (p *Plan) bounds() *bounds {
	p.known.take(p.Pins, p.Caps)
	return &p.known
}
