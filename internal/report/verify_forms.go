package report

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes the report for a pull request: the verdict, a table, the
// packages folded away.
func (r *Verify) Markdown(w io.Writer) error {
	b := &strings.Builder{}
	for _, p := range r.Plugins {
		mark := "✅"
		if !p.Loads {
			mark = "❌"
		}
		fmt.Fprintf(b, "%s **%s**\n\n", mark, cell(p.verdict(r.Server)))
		if len(p.Causes) > 0 {
			p.markdown(b)
		}
		for _, warning := range p.Warnings {
			fmt.Fprintf(b, "> warning: %s\n\n", cell(warning))
		}
	}
	_, err := io.WriteString(w, fit(b.String()))
	return err
}

func (p *Verified) markdown(b *strings.Builder) {
	b.WriteString("| cause | packages | differs | plugin has | server has | what to do |\n|---|---|---|---|---|---|\n")
	for _, c := range p.Causes {
		var what, plugin, server []string
		if text := c.clash(); text != "" {
			fmt.Fprintf(b, "| %s | %s | %s | | | %s |\n", c.Cause, c.packages(), cell(text), cell(c.Fix))
			continue
		}
		for _, d := range c.Differences {
			what, plugin, server = append(what, cell(d.What)), append(plugin, cell(d.Plugin)), append(server, cell(c.other(d)))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", c.Cause, c.packages(),
			strings.Join(what, "<br>"), strings.Join(plugin, "<br>"), strings.Join(server, "<br>"), cell(c.Fix))
	}
	b.WriteString("\n")
	if len(p.Mismatched) == 0 {
		return
	}
	fmt.Fprintf(b, "<details><summary>%s</summary>\n\n| package | cause | through |\n|---|---|---|\n", count(len(p.Mismatched), "package"))
	for i, m := range p.Mismatched {
		if i == maxRows {
			fmt.Fprintf(b, "| … and %d more | | |\n", len(p.Mismatched)-i)
			break
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", cell(m.Package), m.Cause, cell(m.Through))
	}
	b.WriteString("\n</details>\n\n")
}

// GitHub writes workflow commands, which GitHub shows next to the file: one error
// for each cause, one notice for a plugin that loads.
func (r *Verify) GitHub(w io.Writer) error {
	b := &strings.Builder{}
	for _, p := range r.Plugins {
		for _, warning := range p.Warnings {
			command(b, "warning", p.File, 0, warning)
		}
		for _, c := range p.Causes {
			command(b, "error", p.File, 0, c.message())
		}
		level := "notice"
		if !p.Loads {
			level = "error"
		}
		command(b, level, p.File, 0, p.verdict(r.Server))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// has says what the other side has.
func (c *Cause) has(d Difference) string {
	if c.With == "" {
		return "server " + clean(d.Server)
	}
	return fmt.Sprintf("%s, loaded before it, %s", clean(c.With), clean(d.Server))
}

// message is a cause in one line.
func (c Cause) message() string {
	var what []string
	for i, d := range c.Differences {
		if i == 5 {
			what = append(what, fmt.Sprintf("and %d more", len(c.Differences)-i))
			break
		}
		what = append(what, fmt.Sprintf("%s: plugin %s, %s", clean(d.What), clean(d.Plugin), c.has(d)))
	}
	if clash := c.clash(); clash != "" {
		what = []string{clash}
	}
	text := c.Cause
	if c.Packages > 0 {
		text += ", " + count(c.Packages, "package")
	}
	return fmt.Sprintf("%s (%s): %s", text, strings.Join(what, "; "), clean(c.Fix))
}
