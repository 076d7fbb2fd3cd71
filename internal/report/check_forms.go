package report

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Text writes the report for people: for each plugin the verdict, its problems
// as FILE:LINE, and the command that fixes them.
func (r *Check) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	for _, p := range r.Plugins {
		if p.Aligned && len(r.Plugins) > 1 && !st.Verbose {
			continue
		}
		colour := green
		if !p.Aligned {
			colour = red
		}
		fmt.Fprintln(b, st.paint(colour, r.verdict(p)))
		if p.Aligned {
			unknowns(b, p.Unknown)
		}
		for _, problem := range r.of(p) {
			fmt.Fprintf(b, "  %s\n", problem.text())
		}
		for _, fix := range r.fixes(p) {
			fmt.Fprintf(b, "  fix: %s\n", Printable(fix))
		}
	}
	if len(r.Plugins) != 1 {
		fmt.Fprintln(b, r.total())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Check) verdict(p Checked) string {
	what := "pinned"
	if !r.pinned(p) {
		what = "not pinned"
	}
	if r.Staged {
		what = "as staged, " + what
	}
	s := fmt.Sprintf("%s: %s to %s (%s), %s", clean(p.Module), what, clean(p.Server), clean(p.Go), count(p.SharedModules, "shared module"))
	switch {
	case p.Aligned:
		return s + asKnown(p.Unknown)
	case r.pinned(p):
		return s + ", but " + count(p.Problems, "problem")
	}
	return s + ", " + count(p.Problems, "problem")
}

// pinned reports whether all pins of a plugin are right, whatever go.sum and vendor/ lack.
func (r *Check) pinned(p Checked) bool {
	return !slices.ContainsFunc(r.of(p), func(p Problem) bool { return p.Kind != "vendor" && (p.Kind != "sum" || p.Have != "") })
}

func (r *Check) total() string {
	pinned, lack := 0, 0
	for _, p := range r.Plugins {
		if r.pinned(p) {
			pinned++
			if !p.Aligned {
				lack++
			}
		}
	}
	s := Of(pinned, len(r.Plugins), "plugin") + " pinned"
	if lack > 0 {
		s += fmt.Sprintf(", %d with problems", lack)
	}
	return s
}

// of returns the problems of one plugin.
func (r *Check) of(p Checked) []Problem {
	var out []Problem
	for _, problem := range r.Problems {
		if problem.Dir == p.Dir {
			out = append(out, problem)
		}
	}
	return out
}

// fixes are what to do about the problems of one plugin, each once.
func (r *Check) fixes(p Checked) []string {
	var out []string
	seen := map[string]bool{}
	for _, problem := range r.of(p) {
		if !seen[problem.Fix] {
			seen[problem.Fix] = true
			out = append(out, problem.Fix)
		}
	}
	return out
}

// text is a problem in one line, as compilers print them.
func (p *Problem) text() string {
	return fmt.Sprintf("%s:%d: %s", clean(p.Place), p.Line, p.message())
}

func (p *Problem) message() string {
	if p.Have == "" && p.Want == "" {
		return p.Kind + ": " + clean(p.Why)
	}
	s := fmt.Sprintf("%s: %s", p.Kind, clean(p.Module))
	if p.Kind == p.Module || p.Module == "" || p.Have != p.Want && p.named() {
		s = p.Kind
	}
	switch {
	case p.Kind == "import" && p.Have == "imported":
		s += " cannot be used"
	case p.Have == p.Want:
		s += " " + clean(p.Have)
	case p.Have == "":
		s += ": " + clean(p.Want) + " is missing"
	case p.Want == "":
		s += ": " + clean(p.Have) + " should not be there"
	default:
		s += fmt.Sprintf(" is %s, should be %s", clean(p.Have), clean(p.Want))
	}
	switch {
	case p.Why == "":
	case p.plain():
		s += ", as in the server"
	default:
		s += " (" + clean(p.Why) + ")"
	}
	return s
}

// named reports whether what p wants or has tells which module it is of: by the module's
// name, or as a file of the plugin's own.
func (p *Problem) named() bool {
	for _, s := range []string{p.Want, p.Have} {
		if s == p.Module || s == "vendor/"+p.Module || strings.Contains(s, `"`+p.Module) {
			return true
		}
	}
	return p.Module == p.Plugin && p.Have == ""
}

// Markdown writes the report for a pull request: the verdict, a table, how to
// fix it.
func (r *Check) Markdown(w io.Writer) error {
	b := &strings.Builder{}
	aligned := 0
	for _, p := range r.Plugins {
		if p.Aligned && len(r.Plugins) > 1 {
			aligned++
			continue
		}
		mark := "✅"
		if !p.Aligned {
			mark = "❌"
		}
		fmt.Fprintf(b, "%s **%s**\n\n", mark, cell(r.verdict(p)))
		r.problemTable(b, p)
	}
	if aligned > 0 {
		fmt.Fprintf(b, "✅ %s\n\n", r.total())
	}
	for _, n := range r.Remarks(false) {
		fmt.Fprintf(b, "> note: %s\n\n", cell(n))
	}
	_, err := io.WriteString(w, fit(b.String()))
	return err
}

func (r *Check) problemTable(b *strings.Builder, p Checked) {
	problems := r.of(p)
	if len(problems) == 0 {
		return
	}
	b.WriteString("| where | what | module | plugin has | should be | why |\n|---|---|---|---|---|---|\n")
	for i, q := range problems {
		if i == maxRows {
			fmt.Fprintf(b, "| … and %d more | | | | | |\n", len(problems)-i)
			break
		}
		why := q.Why
		if q.plain() {
			why = q.Reason
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", code(fmt.Sprintf("%s:%d", q.Path, q.Line)), q.Kind, cell(q.Module), cell(Dash(q.Have)), cell(Dash(q.Want)), cell(why))
	}
	b.WriteString("\n")
	for _, fix := range r.fixes(p) {
		fmt.Fprintf(b, "Fix: %s\n\n", code(fix))
	}
}

// GitHub writes workflow commands: an error for each problem, next to its line.
func (r *Check) GitHub(w io.Writer) error {
	b := &strings.Builder{}
	for _, n := range r.Remarks(false) {
		command(b, "notice", "", 0, n)
	}
	a := annotations{b: b, level: "error", what: "problem"}
	for _, p := range r.Problems {
		a.add(p.Path, p.Line, p.message()+"; fix: "+p.Fix)
	}
	a.end()
	for _, p := range r.Plugins {
		if p.Aligned {
			command(b, "notice", path.Join(p.Prefix, "go.mod"), 0, r.verdict(p))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// SARIF writes one result for each problem.
func (r *Check) SARIF(w io.Writer) error {
	rules, results := []sarifRule{}, []sarifResult{}
	for _, p := range r.Problems {
		rules = addRule(rules, p.Kind, kindRules[p.Kind])
		results = append(results, sarifAt(p.Kind, "error", p.message()+"; fix: "+p.Fix, p.Path, p.Line))
	}
	return sarif(w, rules, results)
}

// kindRules are the kinds of problems and changes in words.
var kindRules = map[string]string{
	"yours":     "a module that only the plugin has goes to another version",
	"server":    "a module, or the go line, goes to what the server has",
	"follows":   "a requirement changes because others do",
	"reference": "what names the server changes",
	"work":      "a go.work gives the server's own packages their label",
	"version":   "a module that plugin and server link is at another version than the server's",
	"require":   "a requirement is not what the server's build info asks for",
	"exclude":   "an excluded version is not what the server's build info asks for",
	"replace":   "a replacement is not the server's",
	"go":        "the go line is not one that the server's Go asks for",
	"toolchain": "the toolchain line is not one that the server's Go accepts",
	"vendor":    "vendor/ does not hold what go.mod asks for",
	"import":    "a blank import that keeps a pin is missing, or is no longer needed",
	"sum":       "go.sum lacks sums that the plugin needs, or has other sums than the server",
}
