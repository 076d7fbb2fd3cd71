package report

import "strings"

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
	by    map[string]*node
	first *node // the plugin
	end   *node // the bound
}

func (g *graph) node(key, kind, name, was, now string) *node {
	n := g.by[key]
	if n == nil {
		n = &node{kind: kind, name: name, old: was, new: now}
		g.by[key], g.nodes = n, append(g.nodes, n)
	}
	return n
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

// draw makes the graph of a conflict. caps are those of all conflicts.
func (c *conflict) draw(plugin string, caps map[string]Cap) drawing {
	g := &graph{by: map[string]*node{}}
	g.first = g.node("plugin", "plugin", plugin, "", "")
	g.end = g.node("bound", "bound", c.Bound, "", c.Version)
	left, drawn, words := 0, c.Lowered, []string{}
	if len(drawn) > maxDrawn {
		left, drawn = len(drawn)-maxDrawn, drawn[:maxDrawn]
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
		words = append(words, why)
	}
	chains := 0
	for _, a := range c.Asks {
		last := a.Steps[len(a.Steps)-1]
		k, low := caps[stepModule(last)]
		if low && (!lowered[k.Module] || last != k.Module+"@"+k.Old) {
			continue // of a lowered module, what asks for the version that it had
		}
		if chains++; chains > maxDrawn {
			left++
			continue
		}
		g.chain(a.Steps)
		words = append(words, strings.ReplaceAll(strings.Join(append([]string{plugin}, a.Steps...), " requires "), "@", " "))
	}
	g.connect()
	return g.layout(c, words, left)
}

func (g *graph) lowered(k Cap) *node {
	return g.node(k.Module+"@"+k.Old, "lowered", k.Module, k.Old, k.New)
}

// chain draws the steps from the plugin to what is above the bound.
func (g *graph) chain(steps []string) {
	at := g.first
	for i, s := range steps {
		path, version, _ := strings.Cut(s, "@")
		var n *node
		switch {
		case g.by[s] != nil:
			n = g.by[s]
		case i == len(steps)-1:
			n = g.node(s, "above", path, version, "")
		default:
			n = g.node(s, "asks", path, "", version)
		}
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
