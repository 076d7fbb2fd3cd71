package report

import "strings"

// A table has a row of cells below each head. What does not fit the width of the text
// leaves its line: the last columns, if most rows are too long with them, or the last cells
// of a row that is longer than most. Each such cell comes below its row, behind its head.
type table struct {
	heads []string
	rows  [][]string
	under int  // the column below which such cells are; those before it keep their width
	prose bool // the last column is a sentence: it is broken within its column
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// gap is how many blanks are between two columns.
const gap = 2

// table writes t.
func (p *sheet) table(t *table) {
	n := len(t.heads)
	for n > t.under+1 && !p.suits(t, n) {
		n--
	}
	widths := p.widths(t, n)
	p.cells(t, t.heads[:n], widths)
	below := strings.Repeat(" ", start(widths, t.under)+gap)
	for _, cells := range t.rows {
		m := n
		for m > t.under+1 && !t.prose && !p.fits(t, cells[:m], widths) {
			m--
		}
		p.cells(t, cells[:m], widths)
		for i := m; i < len(cells); i++ {
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

// widths are those of the first n columns: as wide as the cells of each row that fits.
func (p *sheet) widths(t *table, n int) []int {
	widths := make([]int, n)
	all := append([][]string{t.heads}, t.rows...)
	for _, cells := range all {
		for i := range t.under {
			widths[i] = max(widths[i], columns(cells[i]))
		}
	}
	for _, cells := range all {
		for i := t.under; i < n; i++ {
			if t.prose || p.fits(t, cells[:n], widths) {
				widths[i] = max(widths[i], columns(cells[i]))
			}
		}
	}
	return widths
}

// start is where the column of that number begins.
func start(widths []int, column int) int {
	n := 0
	for _, w := range widths[:column] {
		n += w + gap
	}
	return n
}

// fits reports whether a line holds cells, with as few blanks as they need.
func (p *sheet) fits(t *table, cells []string, widths []int) bool {
	n := start(widths, t.under)
	line := n
	for _, cell := range cells[t.under:] {
		if cell != "" {
			line = n + columns(cell)
		}
		n += columns(cell) + gap
	}
	return line <= p.width
}

// suits reports whether t has n columns in a line: the last head is in its column, and
// most rows with something there fit. A sentence needs a quarter of the line, and is broken.
func (p *sheet) suits(t *table, n int) bool {
	widths := p.widths(t, n)
	if t.prose {
		return start(widths, n)-gap <= p.width || n == len(t.heads) && start(widths, n-1) <= p.width*3/4
	}
	fit, all := 0, 0
	for _, cells := range t.rows {
		if cells[n-1] == "" {
			continue
		}
		if all++; p.fits(t, cells[:n], widths) {
			fit++
		}
	}
	return 2*fit >= all && start(widths, n-1)+columns(t.heads[n-1]) <= p.width
}

// cells writes a line of cells, each in its column as far as the line has room. A last cell
// that does not fit is broken.
func (p *sheet) cells(t *table, cells []string, widths []int) {
	last := len(cells) - 1
	room := p.width - start(widths, t.under)
	for _, cell := range cells[t.under:] {
		room -= columns(cell) + gap
	}
	if room += gap; room < 0 {
		room = p.width // for the sentence, which is broken
	}
	var b strings.Builder
	for i, cell := range cells[:last] {
		pad := widths[i] - columns(cell)
		if i >= t.under && !t.prose {
			pad = min(max(pad, 0), room)
			room -= pad
		}
		b.WriteString(cell + strings.Repeat(" ", max(pad, 0)+gap))
	}
	line := b.String()
	if columns(line)+columns(cells[last]) <= p.width {
		p.b.WriteString(strings.TrimRight(line+cells[last], " ") + "\n")
		return
	}
	hang := strings.Repeat(" ", columns(line))
	if len(hang) > p.width*3/4 {
		hang = strings.Repeat(" ", gap)
	}
	p.b.WriteString(wrap(cells[last], p.width, line, hang))
}
