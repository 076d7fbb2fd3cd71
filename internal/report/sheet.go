package report

import (
	"fmt"
	"slices"
	"strings"
)

// A sheet is text that is as wide as the terminal.
type sheet struct {
	b     *strings.Builder
	st    Style
	width int

	excludes map[string]string // why a module version is excluded
}

// newSheet returns an empty sheet for what changes.
func newSheet(b *strings.Builder, st Style, changes []Change) *sheet {
	p := &sheet{b, st, st.width(), map[string]string{}}
	for _, c := range changes {
		if c.Kind == "exclude" && c.Action == "add" {
			p.excludes[c.Path+"@"+c.New] = c.Reason
		}
	}
	return p
}

// line writes lines. They are broken for a terminal alone: what else reads them looks for
// whole sentences and commands.
func (p *sheet) line(text string) {
	if p.st.Fold {
		text = Fold(text, p.width)
	}
	p.b.WriteString(strings.TrimSuffix(text, "\n") + "\n")
}

// gap writes the empty line before a paragraph, which no two paragraphs have twice.
func (p *sheet) gap() {
	if s := p.b.String(); s != "" && !strings.HasSuffix(s, "\n\n") {
		p.b.WriteString("\n")
	}
}

// item writes a line with an indent; what does not fit is indented twice as far.
func (p *sheet) item(indent, text string) {
	p.b.WriteString(wrap(text, p.width, indent, indent+"  "))
}

// rows writes the rows of each group: module and versions in a line, and the reason
// below where the heading does not say it.
func (p *sheet) rows(a *Apply) {
	for _, g := range a.Groups() {
		p.gap()
		fmt.Fprintf(p.b, "%s (%d):\n", p.st.paint(bold, g.Head), len(g.Rows))
		column := p.column(g.Rows)
		for _, r := range g.Rows {
			p.row(r, column)
		}
	}
}

const rowIndent = "  "

// column is how many columns the names of modules get, as far as the versions fit next
// to them.
func (p *sheet) column(rows []Row) int {
	most := 0
	for _, r := range rows {
		if n := columns(clean(r.Module)); p.room(r, n) >= 0 {
			most = max(most, n)
		}
	}
	return most
}

// room is how many columns are left of a line with a name of n columns and the versions.
func (p *sheet) room(r Row, n int) int {
	return p.width - len(rowIndent) - n - 2 - columns(r.cell(" -> ", p.version))
}

// version is a version as a row shows it: with -v whole.
func (p *sheet) version(v string) string {
	if p.st.Verbose {
		return clean(v)
	}
	return short(clean(v))
}

func (p *sheet) row(r Row, column int) {
	name, cell := clean(r.Module), p.painted(r)
	if room := p.room(r, columns(name)); room >= 0 {
		fmt.Fprintf(p.b, "%s%s%s  %s\n", rowIndent, name, strings.Repeat(" ", max(min(column-columns(name), room), 0)), cell)
	} else {
		p.b.WriteString(wrap(name, p.width, rowIndent, rowIndent+"  "))
		p.item(rowIndent+"    ", cell)
	}
	if r.Why != "" && (r.says() || p.st.Verbose) {
		p.item(rowIndent+"    ", clean(r.Why))
	}
	if p.st.Verbose {
		for _, v := range r.Excludes {
			text := "excludes " + clean(v)
			if why := p.excludes[r.Module+"@"+v]; why != "" {
				text += ": " + clean(why)
			}
			p.item(rowIndent+"    ", text)
		}
	}
}

// painted is the cell with the version that counts from now on in bold.
func (p *sheet) painted(r Row) string {
	return r.cell(" -> ", func(v string) string {
		if v == r.To && v != r.From {
			return p.st.paint(bold, p.version(v))
		}
		return p.version(v)
	})
}

// says reports whether the reason says more than the group of the row does.
func (r Row) says() bool {
	return !slices.Contains([]Decision{CauseServer, CauseReplaced, CauseUnneeded}, r.Reason.Cause)
}

// servers is what another server than the module's own changes for the plugin.
func (p *sheet) servers(c *ServerChanges) {
	head := fmt.Sprintf("the server changes from that of %s to %s; ", clean(c.From), clean(c.To))
	p.gap()
	if len(c.Settings)+len(c.Pins) == 0 {
		p.line(p.st.paint(bold, head+"for this plugin nothing is different"))
		return
	}
	p.line(p.st.paint(bold, head+"for this plugin:"))
	var rows []Row
	for _, m := range slices.Concat(c.Settings, c.Pins) {
		r := Row{Module: m.Name, From: m.Old, To: m.New}
		if r.From == "-" { // a setting that is not there
			r.From = ""
		}
		if r.To == "-" {
			r.To = ""
		}
		rows = append(rows, r)
	}
	column := p.column(rows)
	for _, r := range rows {
		p.row(r, column)
	}
}
