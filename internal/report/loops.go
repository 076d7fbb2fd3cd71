package report

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Loop is a for statement whose meaning another language version changes: a closure
// or a pointer can take its variable out of the iteration.
type Loop struct {
	File string `json:"file"` // from the plugin's root, with slashes
	Line int    `json:"line"`

	From, To string `json:"-"` // language versions, "1.22"
	Shared   bool   `json:"-"` // under To, all iterations share the variable
	Own      bool   `json:"-"` // of the plugin itself, and not of a directory that replaces a module
}

// message is what changes, and why it can be seen.
func (l Loop) message() string {
	change := "from go 1.22 on each iteration of a loop has a variable of its own"
	if l.Shared {
		change = "before go 1.22 all iterations of a loop share its variable"
	}
	return fmt.Sprintf("the language goes from go %s to go %s: %s", clean(l.From), clean(l.To), change)
}

const canOutlive = "a closure or pointer can outlive the iteration"

// fix is how the loop keeps its meaning.
func (l Loop) fix() string {
	if l.Shared {
		return "copy the variable at the top of the body (v := v)"
	}
	return "where they must share it, declare the variable before the loop"
}

// maxLoops bounds the loops that a text names one by one.
const maxLoops = 20

// places names loops by file and line.
func places(loops []Loop) []string {
	var names []string
	for i, l := range loops {
		if i == maxLoops {
			return append(names, fmt.Sprintf("and %d more", len(loops)-i))
		}
		names = append(names, fmt.Sprintf("%s:%d", clean(l.File), l.Line))
	}
	return names
}

// LoopsReason says, in the reason of a go line that crosses 1.22, which loops of the
// plugin that concerns.
func LoopsReason(loops []Loop) string {
	if len(loops) == 0 {
		return "no loop of the plugin depends on what go 1.22 changed of loop variables"
	}
	return fmt.Sprintf("it changes what %s may do: %s", count(len(loops), "loop"), strings.Join(places(loops), ", "))
}

// AddLoops sets the loops and puts a warning for each change of the language before
// the others.
func (a *Apply) AddLoops(loops []Loop) {
	a.Loops = append(a.Loops, loops...)
	warnings := []string{}
	for _, same := range a.loopsByChange() {
		l := same[0]
		warnings = append(warnings, fmt.Sprintf("%s, and in %s %s: %s; %s", l.message(), count(len(same), "loop"), canOutlive, strings.Join(places(same), ", "), l.fix()))
	}
	a.loopWarnings = len(warnings)
	a.Warnings = append(warnings, a.Warnings...) // never nil
}

// Others are the warnings but those of loops, which the text has at its top.
func (a *Apply) Others() []string { return a.Warnings[a.loopWarnings:] }

// loopsByChange groups the loops by the change of their language.
func (a *Apply) loopsByChange() [][]Loop {
	var out [][]Loop
	for _, l := range a.Loops {
		i := slices.IndexFunc(out, func(same []Loop) bool { return same[0].From == l.From && same[0].To == l.To })
		if i < 0 {
			out = append(out, nil)
			i = len(out) - 1
		}
		out[i] = append(out[i], l)
	}
	return out
}

// loopText is the warnings of loops as text, a loop a line.
func (a *Apply) loopText(p *sheet) {
	for _, same := range a.loopsByChange() {
		l := same[0]
		p.gap()
		p.line(fmt.Sprintf("%s %s; in %s %s:", p.st.paint(red, "warning:"), l.message(), count(len(same), "loop"), canOutlive))
		for _, place := range places(same) {
			p.item("  ", place)
		}
		p.line("fix: " + l.fix())
	}
}

// annotateLoops is the warnings of loops as annotations of their lines.
func (a *Apply) annotateLoops(list *annotations) {
	for _, l := range a.Loops {
		list.add(path.Join(a.Plugin.Prefix, l.File), l.Line, l.message()+"; here "+canOutlive+"; "+l.fix())
	}
}

// loopResults is the warnings of loops as SARIF results.
func (a *Apply) loopResults(rules []sarifRule, results []sarifResult) ([]sarifRule, []sarifResult) {
	for _, l := range a.Loops {
		rules = addRule(rules, "loop", "another language version changes what the variable of a loop is")
		results = append(results, sarifAt("loop", "warning", l.message()+"; here "+canOutlive+"; "+l.fix(), path.Join(a.Plugin.Prefix, l.File), l.Line))
	}
	return rules, results
}
