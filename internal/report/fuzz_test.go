package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// hostile are foreign texts as a module path, a version, a setting, a file name
// or a line of a log may have them.
var hostile = []string{
	"\x1b[2J\x1b[H", "a\rb", "a\nb", "\u202egpj.so", "\x9b2J", "\u009b2J", "\x7f", "a\tb", "\v\f\b",
	"::error title=x::y", "  ::stop-commands::x", "x\n::add-mask::a", "##[error]x", "x ##vso[task.complete]y", "%0A::error::", "a,line=9:b",
	"a | b | c", `a \| b`, "|\n|---|", "<script>alert(1)</script>", "<!-- ", "</details>", "&lt;b&gt;", "[x](http://example.com)", "![x](http://example.com/y.png)",
	":", " :", "\u200b::x", "\ufeff::error::x", "\ufe0f::x", ":\ufe0f:x", "\u3164::x", "\u034f\t::x", "\r::x", "x\r ::x", "#", "##", "###[x", "#\ufe0f#[x", "##teamcity[x]", "##\u200bvso[x", "[x",
	"`", "``` ```", "`a | b`", "*x*", "__x__", "~~x~~", `\`, "a`\n```\n# x", "pinfix: forged", "\xff\xfe", "", "\U000e0041", `"`, `';rm -rf /'`,
}

// FuzzForms: no foreign text makes another line, another command or another
// cell of any form, and what reaches a terminal is printable.
func FuzzForms(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+1)%len(hostile)], hostile[(i+7)%len(hostile)], uint8(i))
	}
	f.Fuzz(func(t *testing.T, a, b, c string, which uint8) { checkForm(t, &forms[int(which)%len(forms)], a, b, c) })
}

func checkForm(t *testing.T, form *form, a, b, c string) {
	// A long text is cut, and an empty one may leave out its line.
	if len(a)+len(b)+len(c) > 300 || a == "" || b == "" || c == "" {
		return
	}
	if form.plain == "" {
		form.plain = form.write(t, "a", "b", "c")
	}
	got := form.write(t, a, b, c)
	checkPrintable(t, form.name, got)
	if n, want := strings.Count(got, "\n"), strings.Count(form.plain, "\n"); n != want && !form.lines {
		t.Errorf("%s: %d lines, want %d:\n%s", form.name, n, want, got)
	}
	checkCommands(t, form.name, got, form.commands)
	if form.check != nil {
		form.check(t, form.name, got, form.plain)
	}
}

// checkCommands reads text as the runners of GitHub, Azure and TeamCity do, and
// fails where it finds a command. Those of a form for GitHub are pinfix's own,
// and there is nothing else.
func checkCommands(t *testing.T, name, text string, own bool) {
	t.Helper()
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		heeded := strings.Map(func(r rune) rune {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && !unicode.IsSpace(r) {
				return -1
			}
			return r
		}, line)
		switch {
		case strings.HasPrefix(strings.TrimSpace(heeded), "::") && !own,
			own && !commandRE.MatchString(line+"\n"),
			anywhereInTest.MatchString(heeded):
			t.Errorf("%s: a command in %q", name, line)
		}
	}
}

var anywhereInTest = regexp.MustCompile(`(?i)##([a-z]+)?\[`)

var commandRE = regexp.MustCompile(`^::(error|warning|notice)( file=[^:,\n]*(,line=[0-9]+)?)?::[^\r\n]*\n$`)

func checkPrintable(t *testing.T, name, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s: not UTF-8: %q", name, text)
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			t.Errorf("%s: %q in %q", name, r, text)
			return
		}
	}
}

// A form is one form of one report, made of foreign texts.
type form struct {
	name     string
	lines    bool // lines of the foreign text are lines of it
	commands bool // its lines are workflow commands
	plain    string
	check    func(t *testing.T, name, got, plain string)
	write    func(t *testing.T, a, b, c string) string
}

var forms = []form{
	{name: "apply text", write: func(t *testing.T, a, b, c string) string {
		return written(t, func(w io.Writer) error { return foreignApply(a, b, c).Text(w, Style{Verbose: true, Width: 1 << 20}) })
	}},
	{name: "apply text on a terminal", lines: true, check: narrow, write: func(t *testing.T, a, b, c string) string {
		return written(t, func(w io.Writer) error {
			return foreignApply(a, b, c).Text(w, Style{Verbose: true, Width: narrowWidth, Fold: true})
		})
	}},
	{name: "check text on a terminal", lines: true, check: narrow, write: func(t *testing.T, a, b, c string) string {
		return Fold(written(t, func(w io.Writer) error { return foreignCheck(a, b, c).Text(w, Style{}) }), narrowWidth)
	}},
	{name: "verify text on a terminal", lines: true, check: narrow, write: func(t *testing.T, a, b, c string) string {
		return Fold(written(t, func(w io.Writer) error {
			return foreignVerify(a, b, c).Text(w, Style{Verbose: true, Width: narrowWidth})
		}), narrowWidth)
	}},
	{name: "server text on a terminal", lines: true, check: narrow, write: func(t *testing.T, a, b, c string) string {
		return Fold(written(t, func(w io.Writer) error { return foreignServer(a, b, c).Text(w, Style{Width: narrowWidth}) }), narrowWidth)
	}},
	{name: "failure markdown", lines: true, write: func(t *testing.T, a, b, c string) string {
		return written(t, foreignFailure(a, b, c).Markdown)
	}},
	{name: "failure github", commands: true, write: func(t *testing.T, a, b, c string) string {
		return written(t, foreignFailure(a, b, c).GitHub)
	}},
	{name: "failure sarif", check: validJSON, write: func(t *testing.T, a, b, c string) string {
		return written(t, foreignFailure(a, b, c).SARIF)
	}},
	{name: "apply markdown", check: sameTables, write: func(t *testing.T, a, b, c string) string { return written(t, foreignApply(a, b, c).Markdown) }},
	{name: "apply github", commands: true, write: func(t *testing.T, a, b, c string) string { return written(t, foreignApply(a, b, c).GitHub) }},
	{name: "apply sarif", check: validJSON, write: func(t *testing.T, a, b, c string) string { return written(t, foreignApply(a, b, c).SARIF) }},
	{name: "apply json", lines: true, check: validJSON, write: func(t *testing.T, a, b, c string) string {
		return written(t, func(w io.Writer) error { return JSON(w, foreignApply(a, b, c)) })
	}},
	{name: "check text", write: func(t *testing.T, a, b, c string) string {
		return written(t, func(w io.Writer) error { return foreignCheck(a, b, c).Text(w, Style{}) })
	}},
	{name: "check markdown", check: sameTables, write: func(t *testing.T, a, b, c string) string { return written(t, foreignCheck(a, b, c).Markdown) }},
	{name: "check github", commands: true, write: func(t *testing.T, a, b, c string) string { return written(t, foreignCheck(a, b, c).GitHub) }},
	{name: "check sarif", check: validJSON, write: func(t *testing.T, a, b, c string) string { return written(t, foreignCheck(a, b, c).SARIF) }},
	{name: "verify text", write: func(t *testing.T, a, b, c string) string {
		return written(t, func(w io.Writer) error { return foreignVerify(a, b, c).Text(w, Style{Verbose: true, Width: 1 << 20}) })
	}},
	{name: "verify markdown", check: sameTables, write: func(t *testing.T, a, b, c string) string { return written(t, foreignVerify(a, b, c).Markdown) }},
	{name: "verify github", commands: true, write: func(t *testing.T, a, b, c string) string { return written(t, foreignVerify(a, b, c).GitHub) }},
	{name: "verify sarif", check: validJSON, write: func(t *testing.T, a, b, c string) string { return written(t, foreignVerify(a, b, c).SARIF) }},
	{name: "check github walk", commands: true, write: func(t *testing.T, a, b, c string) string {
		r := foreignCheck(a, b, c)
		r.Problems[0].File, r.Problems[0].Line = a, 0
		return written(t, r.GitHub)
	}},
	{name: "apply all text", write: func(t *testing.T, a, b, c string) string {
		r := &ApplyAll{Dirs: []string{a, b, c, a}, Modules: []*Apply{foreignApply(a, b, c), {Error: b}, {Skipped: c}, {Plugin: Plugin{Module: c}, Aligned: true}}}
		return written(t, func(w io.Writer) error { return r.Text(w, Style{Verbose: true, Width: 1 << 20}) })
	}},
	{name: "server text", write: func(t *testing.T, a, b, c string) string {
		return written(t, func(w io.Writer) error { return foreignServer(a, b, c).Text(w, Style{Width: 1 << 20}) })
	}},
	{name: "server renovate", lines: true, check: validJSON, write: func(t *testing.T, a, b, c string) string { return written(t, foreignServer(a, b, c).Renovate) }},
	{name: "explain text", lines: true, write: func(t *testing.T, a, b, c string) string {
		r := &Explain{Findings: []Explained{{Line: 1, Count: 2, Cause: "version", Package: a, Text: a + "\n" + b, Why: b, Fix: c, DemandedBy: []string{a}}}}
		return written(t, func(w io.Writer) error { return r.Text(w, Style{Verbose: true}) })
	}},
	{name: "build text", write: func(t *testing.T, a, b, c string) string {
		r := &Build{Server: foreignServer(a, b, c).Server, Plugins: foreignVerify(a, b, c).Plugins, Commands: []Command{{Output: a}, {Output: b, Written: true}}}
		return written(t, func(w io.Writer) error {
			fmt.Fprintln(w, Left{a, b, "why"})
			return r.Text(w, Style{Verbose: true, Width: 1 << 20})
		})
	}},
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func foreignApply(a, b, c string) *Apply {
	r := apply()
	r.Server.Main, r.Server.Go, r.Plugin.Module, r.Plugin.Prefix = a, b, c, a
	for i := range 12 { // more than GitHub shows
		r.Changes = append(r.Changes, Change{Kind: "require", Action: []string{"add", "change", "remove"}[i%3], Path: "x" + a, Old: "x" + b, New: "y" + c, File: c, Line: i, Reason: a})
	}
	r.Changes = append(r.Changes, Change{Kind: "vendor", Action: "change", Path: a, Old: b, New: c, File: a, Reason: b, Files: &FileCounts{Changed: 1}}, Change{Kind: "sum", Path: "go.sum", File: "go.sum", Reason: a, Lines: &LineCounts{1, 2}})
	r.Caps = []Cap{{Module: a, Old: b, New: c, Cause: "compile", Error: b}}
	r.Unpinned = []Unpinned{{a, b}}
	r.Warnings = []string{a, b, c}
	r.Rows = []Row{{Module: "x" + a, From: "x" + b, To: "y" + c, Group: Yours, Why: a, Excludes: []string{b}}, {Module: b, From: c, To: a, Group: Servers, Why: b}, {Module: c, To: b, Group: Follows, Why: c}}
	r.ServerChanges = &ServerChanges{From: a, To: b, Settings: []Moved{{a, b, c}}, Pins: []Moved{{c, a, b}}, Keep: "x"}
	return r
}

const narrowWidth = 40

// narrow: no line is longer than the terminal.
func narrow(t *testing.T, name, got, _ string) {
	t.Helper()
	for line := range strings.Lines(got) {
		if n := columns(strings.TrimRight(line, "\n")); n > narrowWidth {
			t.Errorf("%s: %d columns: %q", name, n, line)
		}
	}
}

func foreignFailure(a, b, c string) *Failure {
	return &Failure{Command: "apply", Error: Failed{Message: a, Place: b + ":1", Cause: b, Fix: c}, File: b, Line: 1}
}

func foreignCheck(a, b, c string) *Check {
	r := &Check{Notes: []string{a, b}, Plugins: []Checked{{Dir: "d", Module: a, Server: b, Go: c, Problems: 13, Prefix: c}, {Dir: "e", Module: b, Server: c, Go: a, Aligned: true, Prefix: a}}}
	for i := range 13 {
		r.Problems = append(r.Problems, Problem{Kind: "version", Module: a, Want: "x" + b, Have: "y" + c, File: c, Line: i, Why: b, Fix: "run " + strings.ReplaceAll(a, "\n", " "), Dir: "d", Place: a, Path: b})
	}
	return r
}

func foreignVerify(a, b, c string) *Verify {
	return &Verify{Server: foreignServer(a, b, c).Server, Plugins: []Verified{
		{File: a, Shared: 2, Warnings: []string{b}, Mismatched: []Mismatch{{Package: a, Module: b, Server: c, Plugin: a, Cause: "version", Through: b}},
			Causes: []Cause{{Cause: "version", Packages: 1, Fix: c, Differences: []Difference{{a, b, c}, {b, c, a}}}}},
		{File: b, Loads: true, Shared: 1},
	}}
}

func foreignServer(a, b, c string) *ServerResult {
	return &ServerResult{
		Server: Server{Main: a, Go: b, Settings: map[string]string{"x" + a: c}, ModCache: c, Modules: 1, Source: &Source{Ref: a, Digest: b, Platform: c, Program: a},
			Pins: []Pin{{Path: a, Version: b, Replace: &Replace{Path: c, Version: a}}, {Path: c, Version: b}}},
		Unknown: []string{a}, Assumed: []string{b}, Reference: Reference{From: a, PassedOver: []string{b, c}},
	}
}

func validJSON(t *testing.T, name, got, _ string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(got), &v); err != nil {
		t.Errorf("%s: %v\n%s", name, err, got)
	}
}

// sameTables: rows have as many cells as with harmless text, and of what is
// foreign nothing begins a construct of markdown or HTML.
func sameTables(t *testing.T, name, got, plain string) {
	t.Helper()
	if d := cmp.Diff(skeleton(plain), skeleton(got)); d != "" {
		t.Errorf("%s (-plain +got):\n%s\n%s", name, d, got)
	}
}

// skeleton is what is left of markdown without text: for each line the bars of
// cells and the tags of HTML, outside of code and of what is escaped.
func skeleton(text string) []string {
	text = fencedRE.ReplaceAllString(text, "") // the diff, which is tested by itself
	var out []string
	for line := range strings.Lines(text) {
		line = escapedRE.ReplaceAllString(withoutCode(line), "")
		out = append(out, strings.Join(constructRE.FindAllString(line, -1), ""))
	}
	return out
}

// withoutCode takes the code spans out of a line: from a run of backticks to the
// next as long. A bar in them ends the cell, so that stays.
func withoutCode(line string) string {
	var b strings.Builder
	for line != "" {
		switch {
		case line[0] == '\\' && len(line) > 1:
			b.WriteString(line[:2])
			line = line[2:]
			continue
		case line[0] == '`':
			fence := line[:len(line)-len(strings.TrimLeft(line, "`"))]
			if code, rest, ok := cutFence(line[len(fence):], fence); ok {
				b.WriteString(strings.Repeat("|", strings.Count(code, "|")))
				line = rest
				continue
			}
		}
		b.WriteByte(line[0])
		line = line[1:]
	}
	return b.String()
}

// cutFence cuts s at a run of backticks that is just as long as fence.
func cutFence(s, fence string) (code, rest string, ok bool) {
	for i := 0; i < len(s); {
		n := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
		if n == len(fence) {
			return s[:i], s[i+n:], true
		}
		i += max(n, 1)
	}
	return "", "", false
}

var (
	fencedRE    = regexp.MustCompile("(?ms)^```+diff\n.*?^```+\n")
	escapedRE   = regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]|&(amp|lt|gt);`)
	constructRE = regexp.MustCompile("[|<>&`*_~\\[\\]\\\\]")
)

func TestForms(t *testing.T) {
	for i, a := range hostile {
		for j := range 3 {
			for k := range forms {
				checkForm(t, &forms[k], a, hostile[(i+j)%len(hostile)], hostile[(i+3*j)%len(hostile)])
			}
		}
	}
}

// TestCode: a code span holds its text, whatever that is, in one cell.
func TestCode(t *testing.T) {
	for _, s := range append(hostile, "a``b`c", "`a", "a`") {
		if strings.Contains(s, "|") {
			continue // no code span
		}
		got := code(s)
		fence := got[:len(got)-len(strings.TrimLeft(got, "`"))]
		in := strings.TrimSuffix(strings.TrimPrefix(got, fence), fence)
		if strings.Contains(in, fence) && s != "" || !strings.HasSuffix(got, fence) || strings.Contains(in, "|") || strings.Contains(in, "\n") {
			t.Errorf("%q: %s", s, got)
		}
	}
}

// TestJSONText: the escapes for terminals change nothing of what is read.
func TestJSONText(t *testing.T) {
	for _, s := range append(hostile, "\U0001f600 \u2028 é") {
		if !utf8.ValidString(s) {
			continue // package json replaces what is none
		}
		got := written(t, func(w io.Writer) error { return JSON(w, map[string]string{"x": s}) })
		checkPrintable(t, s, got)
		var back map[string]string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back["x"] != s {
			t.Errorf("%q: %q, %v", s, back, err)
		}
	}
}
