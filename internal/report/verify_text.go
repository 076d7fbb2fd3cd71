package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
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
	_, err := io.WriteString(w, trimRight(b.String()))
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
		p.table(b)
		b.WriteString("\nwhat to do:\n")
		for _, c := range p.Causes {
			fmt.Fprintf(b, "  %s: %s\n", c.Cause, clean(c.Fix))
		}
	}
	if st.Verbose && len(p.Mismatched) > 0 {
		b.WriteString("\n")
		p.packages(b)
	}
}

// verdict is the first line of every form.
func (p *Verified) verdict(s Server) string {
	server := fmt.Sprintf("%s (%s)", clean(s.Main), clean(cmp.Or(s.Go, "its Go release is not known")))
	shared := count(p.Shared, "shared package")
	switch {
	case p.Loads:
		return fmt.Sprintf("%s: loads into %s, no mismatch in %s", clean(p.File), server, shared)
	case len(p.Mismatched) == 0:
		return fmt.Sprintf("%s: would not load into %s", clean(p.File), server)
	}
	return fmt.Sprintf("%s: would not load into %s, %d of %s differ", clean(p.File), server, len(p.Mismatched), shared)
}

// table has a row for each difference; the cause and its count are in its
// first.
func (p *Verified) table(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CAUSE\tPACKAGES\tDIFFERS\tPLUGIN HAS\tSERVER HAS")
	for _, c := range p.Causes {
		first := c.Cause + "\t-" // nothing to count: the loader does not come that far
		if c.Packages > 0 {
			first = fmt.Sprintf("%s\t%d", c.Cause, c.Packages)
		}
		if len(c.Differences) == 0 {
			fmt.Fprintf(t, "%s\t-\t-\t-\n", first)
		}
		for _, d := range c.Differences {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", first, clean(d.What), clean(d.Plugin), clean(c.other(d)))
			first = "\t"
		}
	}
	t.Flush()
}

func (p *Verified) packages(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PACKAGE\tCAUSE\tTHROUGH\tMODULE\tPLUGIN HAS\tSERVER HAS")
	for _, m := range p.Mismatched {
		server := dash(m.Server)
		if m.With != "" {
			server = clean(m.Server + " in " + m.With)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", clean(m.Package), m.Cause, dash(m.Through), clean(m.Module), dash(m.Plugin), server)
	}
	t.Flush()
}
