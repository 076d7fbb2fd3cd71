package report

import (
	"fmt"
	"io"
	"path"
	"strings"
)

// Markdown writes a dry run for a pull request: the verdict with counts and the modules
// that change, by who decides. Details and the diff are folded away.
func (a *Apply) Markdown(w io.Writer) error {
	b := &strings.Builder{}
	warn := func(warnings []string) {
		for _, warning := range warnings[:min(len(warnings), maxWarnings)] {
			fmt.Fprintf(b, "> warning: %s\n\n", cell(warning))
		}
		if n := len(warnings) - maxWarnings; n > 0 {
			fmt.Fprintf(b, "> and %d more\n\n", n)
		}
	}
	if a.Aligned {
		fmt.Fprintf(b, "✅ **%s**\n\n", cell(a.verdict()))
	} else {
		fmt.Fprintf(b, "📌 **%s**\n\n%s\n\n", cell(a.Headline()), cell(a.verdict()))
	}
	warn(a.Warnings[:a.loopWarnings])
	if !a.Aligned {
		a.rowTables(b)
		a.otherChanges(b)
		for _, n := range a.Notes {
			fmt.Fprintf(b, "> note: %s\n\n", cell(n))
		}
	}
	warn(a.Others())
	text := fit(b.String() + a.apply())
	if !a.Aligned && a.Diff != "" {
		text += a.foldedDiff(maxPlan - len(text))
	}
	_, err := io.WriteString(w, text)
	return err
}

// maxPlan keeps a plan far below what GitHub takes for a comment: its diff is cut first.
const maxPlan, maxWarnings = 30_000, 50

// apply is what to do.
func (a *Apply) apply() string {
	if a.Aligned || a.Write == "" {
		return ""
	}
	return fmt.Sprintf("Apply it, and commit what it changes: %s\n\n", code(a.Write))
}

// foldedDiff is the diff, in at most room bytes. If it cuts lines, it says how many and
// how to see them.
func (a *Apply) foldedDiff(room int) string {
	head := fmt.Sprintf("<details><summary>the change (%s)</summary>\n\n", count(strings.Count(a.Diff, "\n"), "line"))
	const tail, around = "\n</details>\n", 200
	whole := "the whole: `pinfix apply --dry-run --format patch`"
	if a.Write != "" {
		whole = "the whole: " + code(a.Write+" --dry-run --format patch")
	}
	if room -= len(head) + len(tail) + len(whole) + around; room <= 0 {
		return fmt.Sprintf("The diff (%s) is too long for this comment; %s\n", count(strings.Count(a.Diff, "\n"), "line"), whole)
	}
	text, cut := block("diff", a.Diff, room)
	if cut > 0 {
		text += fmt.Sprintf("\n… and %s more; %s\n", count(cut, "line"), whole)
	}
	return head + text + tail
}

// rowTables are the rows by group; those that follow are folded away, and so are the
// excluded versions.
func (a *Apply) rowTables(b *strings.Builder) {
	for _, g := range a.Groups() {
		head := fmt.Sprintf("%s (%d)", g.Head, len(g.Rows))
		if g.Group != Follows {
			fmt.Fprintf(b, "**%s**\n\n", head)
			rowTable(b, g.Rows)
			continue
		}
		fmt.Fprintf(b, "<details><summary>%s</summary>\n\n", head)
		rowTable(b, g.Rows)
		b.WriteString("</details>\n\n")
	}
	a.excludeTable(b)
}

func rowTable(b *strings.Builder, rows []Row) {
	b.WriteString("| module | from → to | why |\n|---|---|---|\n")
	for i, r := range rows {
		if i == maxPlanRows {
			fmt.Fprintf(b, "| … and %d more | | |\n", len(rows)-i)
			break
		}
		most := 300
		if r.Group == Yours { // down to what decided
			most = 1000
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", cell(r.Module), cell(r.cell(" → ", clean)), cell(cutText(r.Why, most)))
	}
	b.WriteString("\n")
}

// maxPlanRows is how many rows of a group a comment shows.
const maxPlanRows = 60

// excludeTable names the versions that are excluded, folded away.
func (a *Apply) excludeTable(b *strings.Builder) {
	n, lines := 0, []string{}
	for _, r := range a.Rows {
		if n += len(r.Excludes); len(r.Excludes) > 0 && len(lines) < maxPlanRows {
			lines = append(lines, fmt.Sprintf("- %s %s", cell(r.Module), cell(cutText(strings.Join(r.Excludes, ", "), 200))))
		}
	}
	if n > 0 {
		fmt.Fprintf(b, "<details><summary>%s excluded</summary>\n\n%s\n\n</details>\n\n", count(n, "version"), strings.Join(lines, "\n"))
	}
}

// otherChanges counts the changes that no module's row shows.
func (a *Apply) otherChanges(b *strings.Builder) {
	imports, first := 0, b.Len()
	for _, c := range a.Changes {
		if c.Kind == "import" {
			imports++
		}
		if c.Lines != nil || c.Kind == "server" {
			fmt.Fprintf(b, "- %s\n", cell(c.counted()))
		}
	}
	if imports > 0 {
		fmt.Fprintf(b, "- %s\n", count(imports, "blank import"))
	}
	if modules, files := a.vendored(); a.NewVendor != "" {
		fmt.Fprintf(b, "- %s\n", cell(a.NewVendor))
	} else if modules > 0 {
		fmt.Fprintf(b, "- vendor/: %s; %s\n", count(modules, "module"), files.Text())
	}
	if b.Len() > first {
		b.WriteString("\n")
	}
}

// An entry is a row, or a change in no row, at its place: what an annotation shows.
type entry struct {
	kind, level, text string
	file              string
	line              int
}

// entries are the plan for reviews. What people decide about is a warning.
func (a *Apply) entries() []entry {
	var out []entry
	for _, r := range a.Rows {
		level := "notice"
		if r.Group == Yours {
			level = "warning"
		}
		text := fmt.Sprintf("%s %s", clean(r.Module), r.cell(" -> ", clean))
		if r.Why != "" {
			text += " (" + clean(r.Why) + ")"
		}
		out = append(out, entry{string(r.Group), level, text, "go.mod", max(r.Line, 1)})
	}
	for _, c := range a.Changes {
		switch c.Kind {
		case "import":
			text := map[string]string{"add": "added", "remove": "removed"}[c.Action]
			out = append(out, entry{"import", "notice", fmt.Sprintf("the blank import %s is %s (%s)", clean(c.Path), text, clean(c.Reason)), c.File, c.place()})
		case "sum", "work", "server":
			text := clean(c.Path) + ": " + clean(c.Reason)
			if c.Lines != nil || c.Kind == "server" {
				text = c.counted()
			}
			kind := c.Kind
			if kind == "server" { // is a group
				kind = "reference"
			}
			out = append(out, entry{kind, "notice", text, c.File, c.place()})
		}
	}
	if modules, files := a.vendored(); modules > 0 {
		out = append(out, entry{"vendor", "notice", fmt.Sprintf("vendor/: %s; %s", count(modules, "module"), files.Text()), "vendor/modules.txt", 1})
	}
	return out
}

// place is the line of a change in the file as it is, or near it for what is not there yet.
func (c *Change) place() int {
	if c.Action == "add" || c.Line == 0 {
		return max(c.Near, 1)
	}
	return c.Line
}

// GitHub writes workflow commands: one for each row, and the verdict.
func (a *Apply) GitHub(w io.Writer) error {
	b := &strings.Builder{}
	warnings, notices := annotations{b: b, level: "warning", what: "change"}, annotations{b: b, level: "notice", what: "change"}
	a.annotateLoops(&warnings)
	for _, warning := range a.Others() {
		command(b, "warning", "", 0, clean(warning))
	}
	for _, e := range a.entries() {
		list := &notices
		if e.level == warnings.level {
			list = &warnings
		}
		list.add(path.Join(a.Plugin.Prefix, e.file), e.line, e.text)
	}
	warnings.end()
	notices.end()
	text := a.verdict()
	if !a.Aligned {
		text = a.Headline() + "; " + text
	}
	command(b, "notice", path.Join(a.Plugin.Prefix, "go.mod"), 0, text)
	_, err := io.WriteString(w, b.String())
	return err
}

// SARIF writes one result for each row, and for what changes in none.
func (a *Apply) SARIF(w io.Writer) error {
	rules, results := a.loopResults([]sarifRule{}, []sarifResult{})
	for _, e := range a.entries() {
		rules = addRule(rules, e.kind, kindRules[e.kind])
		level := map[string]string{"warning": "warning", "notice": "note"}[e.level]
		results = append(results, sarifAt(e.kind, level, e.text, path.Join(a.Plugin.Prefix, e.file), e.line))
	}
	return sarif(w, rules, results)
}
