package report

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Text writes the report for people: for each plugin the verdict, a table of
// what differs, and what to do about each cause.
func (r *Verify) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	for i, p := range r.Plugins {
		if i > 0 {
			b.WriteString("\n")
		}
		p.text(b, r.Server, st)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Verified) text(b *strings.Builder, s Server, st Style) {
	colour := green
	if !p.Loads {
		colour = red
	}
	fmt.Fprintln(b, st.paint(colour, p.verdict(s)))
	if len(p.Causes) > 0 {
		b.WriteString("\n")
		p.table(newSheet(b, st, nil))
		for _, c := range p.Causes {
			if text := c.clash(); text != "" {
				fmt.Fprintf(b, "%s: %s\n", c.Cause, text)
			}
		}
		b.WriteString("\nwhat to do:\n")
		for _, c := range p.Causes {
			fmt.Fprintf(b, "  %s: %s\n", c.Cause, clean(c.Fix))
		}
	}
	if st.Verbose && len(p.Mismatched) > 0 {
		b.WriteString("\n")
		p.packages(newSheet(b, st, nil))
	}
}

// verdict is the first line of every form.
func (p *Verified) verdict(s Server) string {
	server := fmt.Sprintf("%s (%s)", clean(s.Main), clean(cmp.Or(s.Go, "its Go release is not known")))
	const shared = "shared package"
	switch {
	case p.Loads:
		return fmt.Sprintf("%s: loads into %s, no mismatch in %s", clean(p.File), server, count(p.Shared, shared))
	case len(p.Mismatched) == 0 && p.modules() > 0:
		n := p.modules()
		return fmt.Sprintf("%s: would not load into %s: %s %s from the server's", clean(p.File), server, count(n, "module"), Verb(n, "differ"))
	case len(p.Mismatched) == 0:
		return fmt.Sprintf("%s: would not load into %s", clean(p.File), server)
	}
	n := len(p.Mismatched)
	return fmt.Sprintf("%s: would not load into %s, %s %s", clean(p.File), server, Of(n, p.Shared, shared), Verb(n, "differ"))
}

// packages is the count of a cause. There is none where the loader does not come that far,
// or the plugin was not built.
func (c *Cause) packages() string {
	if c.Packages == 0 {
		return "-"
	}
	return strconv.Itoa(c.Packages)
}

// modules counts the modules that differ.
func (p *Verified) modules() int {
	n := 0
	for _, c := range p.Causes {
		if c.Cause == "version" || c.Cause == "replace" {
			n += len(c.Differences)
		}
	}
	return n
}

// table has a row for each difference; the cause and its count are in its
// first. What has nothing to compare is said below it.
func (p *Verified) table(sh *sheet) {
	t := &table{heads: []string{"CAUSE", "PACKAGES", "DIFFERS", "PLUGIN HAS", "SERVER HAS"}, under: 2}
	for _, c := range p.Causes {
		if c.clash() != "" {
			continue
		}
		cause, packages := c.Cause, c.packages()
		if len(c.Differences) == 0 {
			t.row(cause, packages, "-", "-", "-")
		}
		for _, d := range c.Differences {
			t.row(cause, packages, clean(d.What), clean(d.Plugin), clean(c.other(d)))
			cause, packages = "", ""
		}
	}
	if len(t.rows) > 0 {
		sh.table(t)
	}
}

func (p *Verified) packages(sh *sheet) {
	t := &table{heads: []string{"PACKAGE", "CAUSE", "THROUGH", "MODULE", "PLUGIN HAS", "SERVER HAS"}}
	for _, m := range p.Mismatched {
		server := Dash(m.Server)
		if m.With != "" {
			server = clean(m.Server + " in " + m.With)
		}
		t.row(clean(m.Package), m.Cause, Dash(m.Through), clean(m.Module), Dash(m.Plugin), server)
	}
	sh.table(t)
}
