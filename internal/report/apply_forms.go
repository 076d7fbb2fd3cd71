package report

import (
	"fmt"
	"io"
	"path"
	"strings"
)

// Markdown writes a dry run for a pull request: the verdict, the modules that
// move and why; what stays at its version and the diff are folded away.
func (a *Apply) Markdown(w io.Writer) error {
	b := &strings.Builder{}
	warn := func(warnings []string) {
		for _, warning := range warnings[:min(len(warnings), maxRows)] {
			fmt.Fprintf(b, "> warning: %s\n\n", cell(warning))
		}
	}
	if a.Aligned {
		fmt.Fprintf(b, "✅ **%s**\n\n", cell(a.verdict()))
		warn(a.Warnings[:a.loopWarnings])
	} else {
		fmt.Fprintf(b, "❌ **%s**\n\n", cell(strings.TrimSuffix(a.verdict(), "; this would change:")))
		warn(a.Warnings[:a.loopWarnings])
		if a.Summary != "" {
			fmt.Fprintf(b, "%s\n\n", cell(a.Summary))
		}
		a.moduleTables(b)
		a.otherChanges(b)
		b.WriteString("Mend it: `pinfix apply` with the same flags, and commit what it changes.\n\n")
	}
	for _, c := range a.Caps {
		fmt.Fprintf(b, "- %s is lowered from %s to %s (%s)\n", code(c.Module), cell(c.Old), cell(c.New), cell(strings.Join(strings.Fields(c.Cause+" "+c.Error), " ")))
	}
	for _, c := range a.Raises {
		fmt.Fprintf(b, "- %s is raised from %s to %s (%s)\n", code(c.Module), cell(c.Old), cell(c.New), cell(strings.Join(strings.Fields(c.Cause+" "+c.Error), " ")))
	}
	if len(a.Caps)+len(a.Raises) > 0 {
		b.WriteString("\n")
	}
	warn(a.Others())
	text := fit(b.String())
	if !a.Aligned && a.Diff != "" {
		text += a.foldedDiff(maxComment - len(text))
	}
	_, err := io.WriteString(w, text)
	return err
}

// foldedDiff is the diff, in at most room bytes.
func (a *Apply) foldedDiff(room int) string {
	head := fmt.Sprintf("<details><summary>the change (%s)</summary>\n\n", count(strings.Count(a.Diff, "\n"), "line"))
	const tail, around = "\n</details>\n", 200
	if room -= len(head) + len(tail) + around; room <= 0 {
		return ""
	}
	return head + block("diff", a.Diff, room) + tail
}

// moduleTables are the modules that move, and folded away those that only get
// another line.
func (a *Apply) moduleTables(b *strings.Builder) {
	var move, stay []Row
	for _, r := range a.Rows {
		if r.Plugin == r.Server && r.Module != "toolchain" {
			stay = append(stay, r)
		} else {
			move = append(move, r)
		}
	}
	moduleTable(b, move)
	if len(stay) > 0 {
		fmt.Fprintf(b, "<details><summary>%s at the server's version already</summary>\n\n", count(len(stay), "module"))
		moduleTable(b, stay)
		b.WriteString("</details>\n\n")
	}
}

func moduleTable(b *strings.Builder, rows []Row) {
	if len(rows) == 0 {
		return
	}
	b.WriteString("| module | plugin had | server has | action | why |\n|---|---|---|---|---|\n")
	for i, r := range rows {
		if i == maxRows {
			fmt.Fprintf(b, "| … and %d more | | | | |\n", len(rows)-i)
			break
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", cell(r.Module), cell(dash(r.Plugin)), cell(dash(r.Server)), cell(r.Action), cell(cutText(r.why(), 300)))
	}
	b.WriteString("\n")
}

// why is the reason without what the column beside it says.
func (r Row) why() string { return strings.TrimSuffix(r.Why, "; the server has "+r.Server) }

// otherChanges counts what is in no module's row.
func (a *Apply) otherChanges(b *strings.Builder) {
	imports, vendored, first := 0, 0, b.Len()
	for _, c := range a.Changes {
		switch c.Kind {
		case "import":
			imports++
		case "vendor":
			vendored++
		case "sum":
			fmt.Fprintf(b, "- go.sum: %s\n", cell(strings.TrimPrefix(c.Reason, "go mod tidy: ")))
		}
	}
	if imports > 0 {
		fmt.Fprintf(b, "- %s of pinned modules\n", count(imports, "blank import"))
	}
	if vendored > 0 {
		fmt.Fprintf(b, "- vendor/: %s with changed files\n", count(vendored, "module"))
	}
	if b.Len() > first {
		b.WriteString("\n")
	}
}

// message is a change in one line.
func (c *Change) message() string {
	s := c.Kind + ": " + clean(c.Path)
	switch c.Action {
	case "add":
		s += " " + clean(c.New) + " is missing"
	case "remove":
		s += " " + clean(c.Old) + " should not be there"
	default:
		s += fmt.Sprintf(" %s should be %s", clean(c.Old), clean(c.New))
		if c.Old == c.New {
			s = c.Kind + ": " + clean(c.Path) + " " + clean(c.Old)
		}
	}
	if c.Path == c.New || c.Path == c.Old {
		s = strings.Replace(s, " "+clean(c.Path)+" "+clean(c.Path), " "+clean(c.Path), 1)
	}
	if c.Reason != "" {
		s += " (" + clean(c.Reason) + ")"
	}
	return strings.Join(strings.Fields(s), " ")
}

// reviewed are the changes with those of vendor/, which is generated, in one.
func (a *Apply) reviewed() []Change {
	var out []Change
	var vendor *Change
	n := 0
	for _, c := range a.Changes {
		if c.Kind != "vendor" {
			out = append(out, c)
			continue
		}
		if n++; vendor == nil {
			vendor = &c
		}
	}
	if n > 1 {
		vendor = &Change{Kind: "vendor", Action: "change", Path: "vendor/", File: vendor.File, Reason: "files of " + count(n, "module") + " change"}
	}
	if vendor != nil {
		out = append(out, *vendor)
	}
	return out
}

// place is the line of a change in the file as it is; 1 for what is not there yet.
func (c *Change) place() int {
	if c.Action == "add" || c.Line == 0 {
		return 1
	}
	return c.Line
}

// GitHub writes workflow commands: an error for each change of a dry run.
func (a *Apply) GitHub(w io.Writer) error {
	b := &strings.Builder{}
	a.annotateLoops(b)
	for _, warning := range a.Others() {
		command(b, "warning", "", 0, clean(warning))
	}
	list := annotations{b: b, level: "error", what: "change"}
	for _, c := range a.reviewed() {
		list.add(path.Join(a.Plugin.Prefix, c.File), c.place(), c.message())
	}
	list.end()
	level := "notice"
	if !a.Aligned {
		level = "error"
	}
	command(b, level, path.Join(a.Plugin.Prefix, "go.mod"), 0, strings.TrimSuffix(a.verdict(), "; this would change:"))
	_, err := io.WriteString(w, b.String())
	return err
}

// SARIF writes one result for each change of a dry run.
func (a *Apply) SARIF(w io.Writer) error {
	rules, results := a.loopResults([]sarifRule{}, []sarifResult{})
	for _, c := range a.reviewed() {
		rules = addRule(rules, c.Kind, kindRules[c.Kind])
		results = append(results, sarifAt(c.Kind, "error", c.message(), path.Join(a.Plugin.Prefix, c.File), c.place()))
	}
	return sarif(w, rules, results)
}
