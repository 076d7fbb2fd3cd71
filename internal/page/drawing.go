package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/report"
)

// drawing is a graph as the template "drawing" writes it.
type drawing struct {
	Class         string // across or tall
	ID            string // of the conflict
	Title, Words  string
	Width, Height int
	Arrows        []arrow
	Boxes         []box
}

// arrow is two paths of SVG, made of numbers only.
type arrow struct{ Line, Tip string }

// box is a module: its name, and below it the version.
type box struct {
	Kind, Full          string
	X, Y, Width, Height int
	Lines               []label
}

// label is a line of text in a box, a part of which may be struck out.
type label struct {
	Class                 string
	X, Y                  int
	Before, Struck, After string
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

// layout returns the drawings of a graph: from left to right, and from the top down.
func (g *graph) layout(c *conflict, words string) []drawing {
	d := drawing{ID: c.ID, Title: "From the plugin to " + strings.TrimSpace(c.Bound+" "+c.Version), Words: words}
	return []drawing{g.across(d, c), g.tall(d, c)}
}

// across places the nodes in columns, the plugin left and the bound right, and draws
// them.
func (g *graph) across(d drawing, c *conflict) drawing {
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
	d.Class, d.Width, d.Height = "across", firstBox+last*(boxWidth+gapX)+2, height+2
	for _, n := range g.nodes {
		for _, m := range n.next {
			d.Arrows = append(d.Arrows, arrowRight(n, m))
		}
		if n.kind == "plugin" { // its right side is where that of others would be
			d.Boxes = append(d.Boxes, n.box(c, n.x+boxWidth-firstBox, firstBox))
			continue
		}
		d.Boxes = append(d.Boxes, n.box(c, n.x, boxWidth))
	}
	return d
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
func (g *graph) tall(d drawing, c *conflict) drawing {
	nodes := slices.Clone(g.nodes)
	slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(b.col, a.col) })
	for i, n := range nodes {
		n.x, n.y = tallRoom, 1+i*(boxHeight+tallGap)
	}
	d.Class, d.Width, d.Height = "tall", tallWidth, len(nodes)*(boxHeight+tallGap)-tallGap+2
	for _, n := range nodes {
		for _, m := range n.next {
			d.Arrows = append(d.Arrows, arrowDown(n, m))
		}
		d.Boxes = append(d.Boxes, n.box(c, n.x, tallWidth-tallRoom-1))
	}
	return d
}

// arrowRight is an arrow from the right side of a box to the left side of another.
func arrowRight(from, to *node) arrow {
	x, y, tx, ty := from.x+boxWidth, from.y+boxHeight/2, to.x-7, to.y+boxHeight/2
	return arrow{
		Line: fmt.Sprintf("M%d %dC%d %[2]d %[4]d %[6]d %[5]d %[6]d", x, y, x+gapX/2, tx-gapX/2, tx, ty),
		Tip:  fmt.Sprintf("M%d %dl-1-4 8 4-8 4z", tx, ty),
	}
}

// arrowDown is an arrow down to the next box, or in a bow past those between.
func arrowDown(from, to *node) arrow {
	if to.y == from.y+boxHeight+tallGap {
		x, ty := from.x+24, to.y-7
		return arrow{Line: fmt.Sprintf("M%d %dV%d", x, from.y+boxHeight, ty), Tip: fmt.Sprintf("M%d %dl-4-1 4 8 4-8z", x, ty)}
	}
	boxes := (to.y - from.y) / (boxHeight + tallGap)
	bow := min(14+8*max(boxes, -boxes), tallRoom-6)
	x, y, ty := from.x, from.y+boxHeight/2, to.y+boxHeight/2
	return arrow{
		Line: fmt.Sprintf("M%d %dC%d %[2]d %[3]d %[5]d %[4]d %[5]d", x, y, x-bow*4/3, x-7, ty),
		Tip:  fmt.Sprintf("M%d %dl-1-4 8 4-8 4z", x-7, ty),
	}
}

// mean is the middle of what a node asks for.
func (n *node) mean() int {
	sum := 0
	for _, m := range n.next {
		sum += m.y
	}
	return sum / max(len(n.next), 1)
}

// box is the node's box at x.
func (n *node) box(c *conflict, x, width int) box {
	b := box{Kind: n.kind, X: x, Y: n.y, Width: width, Height: boxHeight}
	b.Full = strings.TrimSpace(n.name + " " + n.old)
	b.Lines = []label{{Class: "name", Before: shortPath(n.name)}}
	switch n.kind {
	case "plugin":
		b.Lines[0].Before = "your plugin"
	case "asks":
		b.Full = strings.TrimSpace(n.name + " " + n.new)
		b.Lines = append(b.Lines, label{Before: middle(n.new, maxLabel)})
	case "above":
		b.Full += ", above the bound"
		b.Lines = append(b.Lines, label{Before: "✕ ", Struck: middle(n.old, maxLabel-2)})
	case "lowered":
		b.Full += " → " + n.new
		b.Lines = append(b.Lines, label{Struck: middle(n.old, maxLabel/2-1), After: " → " + middle(n.new, maxLabel/2-1)})
	case "bound":
		b.Full = strings.TrimSpace(n.name + " " + n.new)
		if n.new != "" {
			b.Lines = append(b.Lines, label{Before: boundLine(n.new, c.Server)})
		}
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		l.X, l.Y = x+10, n.y+boxHeight/2+4-8*(len(b.Lines)-1)+16*i
		if i > 0 {
			l.Class = "at"
		}
	}
	return b
}

// boundLine says whose the bound is.
func boundLine(version string, server bool) string {
	whose := "stays at "
	if server {
		whose = "server has "
	}
	return whose + middle(version, maxLabel-len(whose))
}

// shortPath is the end of a module path, which tells modules apart.
func shortPath(path string) string {
	if strings.Contains(path, " ") { // words
		return middle(path, maxLabel)
	}
	rest := report.Printable(path)
	r := []rune(rest)
	for len([]rune(rest)) > maxLabel-2 && len(r) > maxLabel {
		_, after, ok := strings.Cut(rest, "/")
		if !ok {
			return "…" + string(r[len(r)-maxLabel+1:])
		}
		rest = after
	}
	if len(r) > maxLabel {
		rest = "…/" + rest
	}
	return rest
}

// middle leaves out the middle of a long version, of which both ends say something.
func middle(version string, n int) string {
	r := []rune(report.Printable(version))
	if len(r) > n {
		tail := (n - 1) / 2
		r = append(append(r[:n-1-tail:n-1-tail], '…'), r[len(r)-tail:]...)
	}
	return string(r)
}
