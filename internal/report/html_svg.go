package report

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
)

// drawing is a graph as SVG.
type drawing struct {
	SVG  markup // from left to right
	Tall markup // from the top down, for a phone
	Left int    // chains and modules that it leaves out
}

// The measures of a drawing, in pixels. A label has room for maxLabel letters of
// a monospaced face.
const (
	boxWidth  = 186
	firstBox  = 100 // the plugin's
	boxHeight = 42
	gapX      = 26
	gapY      = 10
	maxLabel  = 26
)

// layout places the nodes in columns, the plugin left and the bound right, and
// draws them.
func (g *graph) layout(c *conflict, words []string, left int) drawing {
	last := g.columns()
	columns := make([][]*node, last+1)
	most := 0
	for _, n := range g.nodes {
		columns[n.col] = append(columns[n.col], n)
		most = max(most, len(columns[n.col]))
	}
	height := most*(boxHeight+gapY) - gapY
	for col, nodes := range columns {
		// From the right: each is where what it asks for is.
		slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(a.mean(), b.mean()) })
		top := (height - len(nodes)*(boxHeight+gapY) + gapY) / 2
		for i, n := range nodes {
			n.x, n.y = 1+firstBox-boxWidth+(last-col)*(boxWidth+gapX), 1+top+i*(boxHeight+gapY)
		}
	}
	b := &strings.Builder{}
	width := firstBox + last*(boxWidth+gapX)
	fmt.Fprintf(b, `<svg class="across" role="img" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" aria-labelledby="%s-t %[3]s-d">`, width+2, height+2, c.ID)
	fmt.Fprintf(b, `<title id="%s-t">%s</title><desc id="%[1]s-d">%[3]s</desc>`, c.ID, escape(c.title()), escape(strings.Join(words, "; ")))
	for _, n := range g.nodes {
		for _, m := range n.next {
			edge(b, n, m)
		}
	}
	for _, n := range g.nodes {
		n.draw(b, c)
	}
	b.WriteString("</svg>")
	return drawing{markup(b.String()), g.tall(c, words), left}
}

// The measures of a drawing from the top down: the boxes in one column, and left of them
// room for the arrows that pass others.
const (
	tallWidth = 300
	tallRoom  = 64
	tallGap   = 18
)

// tall draws the graph from the plugin at the top down to the bound, one box below the
// other: on a phone there is no room for two of them.
func (g *graph) tall(c *conflict, words []string) markup {
	nodes := slices.Clone(g.nodes)
	slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(b.col, a.col) })
	for i, n := range nodes {
		n.x, n.y = tallRoom, 1+i*(boxHeight+tallGap)
	}
	b := &strings.Builder{}
	height := len(nodes)*(boxHeight+tallGap) - tallGap + 2
	fmt.Fprintf(b, `<svg class="tall" role="img" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" aria-labelledby="%s-u %[3]s-e">`, tallWidth, height, c.ID)
	fmt.Fprintf(b, `<title id="%s-u">%s</title><desc id="%[1]s-e">%[3]s</desc>`, c.ID, escape(c.title()), escape(strings.Join(words, "; ")))
	for _, n := range nodes {
		for _, m := range n.next {
			tallEdge(b, n, m)
		}
	}
	for _, n := range nodes {
		n.box(b, c, n.x, tallWidth-tallRoom-1)
	}
	b.WriteString("</svg>")
	return markup(b.String())
}

// tallEdge draws an arrow down to the next box, or in a bow past those between.
func tallEdge(b *strings.Builder, from, to *node) {
	if to.y == from.y+boxHeight+tallGap {
		x := from.x + 24
		fmt.Fprintf(b, `<path class="edge" d="M%d %dV%d"/><path class="tip" d="M%[1]d %[3]dl-4-1 4 8 4-8z"/>`, x, from.y+boxHeight, to.y-7)
		return
	}
	boxes := (to.y - from.y) / (boxHeight + tallGap)
	bow := min(14+8*max(boxes, -boxes), tallRoom-6)
	x, y, ty := from.x, from.y+boxHeight/2, to.y+boxHeight/2
	fmt.Fprintf(b, `<path class="edge" d="M%d %dC%d %[2]d %[3]d %[5]d %[4]d %[5]d"/><path class="tip" d="M%[4]d %[5]dl-1-4 8 4-8 4z"/>`, x, y, x-bow*4/3, x-7, ty)
}

// title is what a drawing shows.
func (c *conflict) title() string {
	return "From the plugin to " + strings.TrimSpace(c.Bound+" "+c.Version)
}

// mean is the middle of what a node asks for.
func (n *node) mean() int {
	sum := 0
	for _, m := range n.next {
		sum += m.y
	}
	return sum / max(len(n.next), 1)
}

// edge draws an arrow from the right side of a box to the left side of another.
func edge(b *strings.Builder, from, to *node) {
	x, y, tx, ty := from.x+boxWidth, from.y+boxHeight/2, to.x-7, to.y+boxHeight/2
	fmt.Fprintf(b, `<path class="edge" d="M%d %dC%d %[2]d %[4]d %[6]d %[5]d %[6]d"/><path class="tip" d="M%[5]d %[6]dl-1-4 8 4-8 4z"/>`, x, y, x+gapX/2, tx-gapX/2, tx, ty)
}

// draw draws a box of the drawing from left to right.
func (n *node) draw(b *strings.Builder, c *conflict) {
	if n.kind == "plugin" { // its right side is where that of others would be
		n.box(b, c, n.x+boxWidth-firstBox, firstBox)
		return
	}
	n.box(b, c, n.x, boxWidth)
}

// box draws a box: the module, and below it the version.
func (n *node) box(b *strings.Builder, c *conflict, x, width int) {
	full := strings.TrimSpace(n.name + " " + n.old)
	switch n.kind {
	case "lowered":
		full += " → " + n.new
	case "above":
		full += ", above the bound"
	case "bound", "asks":
		full = strings.TrimSpace(n.name + " " + n.new)
	}
	fmt.Fprintf(b, `<g class="%s"><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="6"/>`, n.kind, escape(full), x, n.y, width, boxHeight)
	lines := []string{shortPath(n.name)}
	switch n.kind {
	case "plugin":
		lines = []string{"your plugin"}
	case "asks":
		lines = append(lines, middle(n.new, maxLabel))
	case "above":
		lines = append(lines, `✕ <tspan class="struck">`+middle(n.old, maxLabel-2)+`</tspan>`)
	case "lowered":
		lines = append(lines, `<tspan class="struck">`+middle(n.old, maxLabel/2-1)+`</tspan> → `+middle(n.new, maxLabel/2-1))
	case "bound":
		if n.new != "" {
			lines = append(lines, boundLine(n.new, c.Server))
		}
	}
	for i, line := range lines {
		class := "name"
		if i > 0 {
			class = "at"
		}
		fmt.Fprintf(b, `<text class="%s" x="%d" y="%d">%s</text>`, class, x+10, n.y+boxHeight/2+4-8*(len(lines)-1)+16*i, line)
	}
	b.WriteString("</g>")
}

// boundLine says whose the bound is.
func boundLine(version string, server bool) string {
	whose := "stays at "
	if server {
		whose = "server has "
	}
	return whose + middle(version, maxLabel-len(whose))
}

// shortPath is the end of a module path, which tells modules apart, as HTML.
func shortPath(path string) string {
	if strings.Contains(path, " ") { // words
		return middle(path, maxLabel)
	}
	rest := Printable(path)
	r := []rune(rest)
	for len([]rune(rest)) > maxLabel-2 && len(r) > maxLabel {
		_, after, ok := strings.Cut(rest, "/")
		if !ok {
			return html.EscapeString("…" + string(r[len(r)-maxLabel+1:]))
		}
		rest = after
	}
	if len(r) > maxLabel {
		rest = "…/" + rest
	}
	return html.EscapeString(rest)
}

// middle leaves out the middle of a long version, of which both ends say
// something, and makes it HTML.
func middle(version string, n int) string {
	r := []rune(Printable(version))
	if len(r) > n {
		tail := (n - 1) / 2
		r = append(append(r[:n-1-tail:n-1-tail], '…'), r[len(r)-tail:]...)
	}
	return html.EscapeString(string(r))
}
