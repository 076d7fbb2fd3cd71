package page

import (
	"strings"

	"github.com/pinfix/pinfix/internal/report"
)

// maxDrawn is how many chains, and how many lowered modules, a drawing holds;
// the words below it hold all.
const maxDrawn = 20

// node is a box of a drawing.
type node struct {
	kind     string // plugin, asks, above, lowered, bound
	name     string
	old, new string // versions; old is struck out

	next []*node
	col  int // steps to the bound
	x, y int
}

// A graph shows which module requires which, from the plugin to the bound.
type graph struct {
	nodes []*node
	by    map[report.Step]*node // those of modules at versions
	first *node                 // the plugin
	end   *node                 // the bound
}

// add adds a box.
func (g *graph) add(n *node) *node {
	g.nodes = append(g.nodes, n)
	return n
}

// at returns the box of a module at a version, which is n if there is none yet.
func (g *graph) at(s report.Step, n *node) *node {
	if g.by[s] == nil {
		g.by[s] = g.add(n)
	}
	return g.by[s]
}

func (n *node) to(m *node) {
	for _, k := range n.next {
		if k == m {
			return
		}
	}
	if n != m {
		n.next = append(n.next, m)
	}
}

// draw draws the graph of a conflict. caps are those of all conflicts.
func (c *conflict) draw(plugin string, caps map[string]report.Cap) {
	g := &graph{by: map[report.Step]*node{}}
	g.first = g.add(&node{kind: "plugin", name: plugin})
	g.end = g.add(&node{kind: "bound", name: c.Bound, new: c.Version})
	drawn, says := c.Lowered, []string{}
	if len(drawn) > maxDrawn {
		c.Left, drawn = len(drawn)-maxDrawn, drawn[:maxDrawn]
	}
	lowered := map[string]bool{}
	for _, k := range drawn {
		lowered[k.Module] = true
		g.lowered(k)
	}
	for _, k := range drawn {
		target := g.end
		why := k.Module + " " + k.Old + " is lowered to " + k.New
		if k.For != nil {
			why += " for " + k.For.Module + " " + k.For.Version
			if lowered[k.For.Module] {
				target = g.lowered(caps[k.For.Module])
			}
		}
		g.lowered(k).to(target)
		says = append(says, why)
	}
	chains := 0
	for _, a := range c.Asks {
		last := a[len(a)-1]
		k, low := caps[last.Module]
		if low && (!lowered[k.Module] || last.Version != k.Old) {
			continue // of a lowered module, what asks for the version that it had
		}
		if chains++; chains > maxDrawn {
			c.Left++
			continue
		}
		g.chain(a)
		says = append(says, plugin+" requires "+words(a, " requires "))
	}
	if len(says) == 0 {
		says = append(says, "what asks for it is not known")
	}
	g.connect()
	c.Drawings = g.layout(c, strings.Join(says, "; "))
}

func (g *graph) lowered(k report.Cap) *node {
	return g.at(report.Step{Module: k.Module, Version: k.Old}, &node{kind: "lowered", name: k.Module, old: k.Old, new: k.New})
}

// chain draws the steps from the plugin to what is above the bound.
func (g *graph) chain(steps report.Chain) {
	at := g.first
	for i, s := range steps {
		n := &node{kind: "asks", name: s.Module, new: s.Version}
		if i == len(steps)-1 {
			n = &node{kind: "above", name: s.Module, old: s.Version}
		}
		n = g.at(s, n)
		at.to(n)
		at = n
	}
	if len(at.next) == 0 {
		at.to(g.end)
	}
}

// connect draws an edge from the plugin to each module that no other module requires.
func (g *graph) connect() {
	asked := map[*node]bool{g.first: true}
	for _, n := range g.nodes {
		for _, m := range n.next {
			asked[m] = true
		}
	}
	for _, n := range g.nodes {
		if !asked[n] {
			g.first.to(n)
		}
	}
}

// columns counts each node's steps to the bound, the longest way. What asks in
// a circle stays where it was met first.
func (g *graph) columns() int {
	state := map[*node]bool{} // being counted, then counted
	var visit func(n *node) int
	visit = func(n *node) int {
		if _, ok := state[n]; ok {
			return n.col
		}
		state[n] = true
		for _, m := range n.next {
			n.col = max(n.col, visit(m)+1)
		}
		return n.col
	}
	return visit(g.first)
}
