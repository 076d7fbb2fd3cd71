package pinner

import (
	"maps"
	"slices"
)

// A Move is a pin that two servers do not have alike; Old or New is "" where one
// of them does not share the module with the plugin.
type Move struct{ Path, Old, New string }

// Moves compares what a plugin, with the given packages, has in common with two
// servers: the pins that move, come and go, sorted by path.
func Moves(old, new *Server, linked []Linked) []Move {
	moves := map[string]*Move{}
	at := func(p Pin) *Move {
		if moves[p.Path] == nil {
			moves[p.Path] = &Move{Path: p.Path}
		}
		return moves[p.Path]
	}
	for _, p := range Compare(old, linked).Pins {
		at(p).Old = p.has()
	}
	for _, p := range Compare(new, linked).Pins {
		at(p).New = p.has()
	}
	var out []Move
	for _, path := range slices.Sorted(maps.Keys(moves)) {
		if m := moves[path]; m.Old != m.New {
			out = append(out, *m)
		}
	}
	return out
}

// has is p without its path: "v1.0.0", "v1.0.0 => example.com/fork v1.0.1".
func (p Pin) has() string { return p.String()[len(p.Path)+1:] }
