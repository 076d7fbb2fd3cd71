package report

import "strings"

// A table has a row of cells below each head. Where a line of it is wider than the text,
// the last columns leave the line: each of their cells comes below its row, behind its
// head, so that heads and columns stay whole.
type table struct {
	heads []string
	rows  [][]string
	under int  // the column below which such cells are
	prose bool // the last column is a sentence: it is broken within its column
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// table writes t.
func (p *sheet) table(t *table) {
	widths := make([]int, len(t.heads))
	for _, cells := range append([][]string{t.heads}, t.rows...) {
		for i, cell := range cells {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	inLine := len(t.heads)
	for inLine > t.under+1 && start(widths, inLine)-gap > p.width {
		if t.prose && inLine == len(t.heads) && p.width-start(widths, inLine-1) >= p.width/4 {
			break
		}
		inLine--
	}
	p.cells(t.heads[:inLine], widths)
	below := strings.Repeat(" ", start(widths, t.under)+gap)
	for _, cells := range t.rows {
		p.cells(cells[:inLine], widths)
		for i := inLine; i < len(cells); i++ {
			if cells[i] == "" || cells[i] == "-" {
				continue
			}
			head := strings.ToLower(t.heads[i]) + " "
			if t.prose && i == len(t.heads)-1 {
				head = ""
			}
			p.item(below, head+cells[i])
		}
	}
}

// gap is how many blanks are between two columns.
const gap = 2

// start is where the column of that number begins.
func start(widths []int, column int) int {
	n := 0
	for _, w := range widths[:column] {
		n += w + gap
	}
	return n
}

// cells writes cells, each in its column. What the line does not hold is broken.
func (p *sheet) cells(cells []string, widths []int) {
	var b strings.Builder
	for i, cell := range cells[:len(cells)-1] {
		b.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+gap))
	}
	line, last := b.String(), cells[len(cells)-1]
	if columns(line)+columns(last) <= p.width {
		p.b.WriteString(strings.TrimRight(line+last, " ") + "\n")
		return
	}
	hang := strings.Repeat(" ", start(widths, len(cells)-1))
	if len(hang) > p.width*3/4 { // no room for words next to the other columns
		hang = "  "
	}
	p.b.WriteString(wrap(last, p.width, line, hang))
}
