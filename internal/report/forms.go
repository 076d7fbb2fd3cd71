package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxComment keeps markdown below what GitHub takes for a comment: 65,536
// characters. GitLab takes a million.
const maxComment = 60_000

// maxRows is how many rows a table shows: [fit] should not cut in the first.
const maxRows = 500

// fit cuts markdown that is too long for a comment after a line.
func fit(s string) string {
	if len(s) <= maxComment {
		return s
	}
	s = s[:maxComment]
	if i := strings.LastIndexByte(s, '\n'); i > 0 {
		s = s[:i+1]
	}
	return s + "\n… cut here: this is too long for a comment.\n"
}

// cell makes text safe for a cell of a markdown table, or for a line.
func cell(s string) string { return markdown.Replace(clean(s)) }

// markdown escapes all that can begin emphasis, code, a link, an image or HTML.
var markdown = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`,
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
)

// code is text in a code span, which may be in a table. A bar in it would end
// the cell, and one behind a backslash for some readers and not for others.
func code(s string) string {
	if s == "" || strings.Contains(s, "|") {
		return cell(s)
	}
	s = clean(s)
	fence := strings.Repeat("`", longest(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// longest returns the length of the longest run of c in s.
func longest(s string, c rune) int {
	most, n := 0, 0
	for _, r := range s {
		if n++; r != c {
			n = 0
		}
		most = max(most, n)
	}
	return most
}

// block is a fenced block of at most room bytes, cut after a line; it returns how many
// lines are cut.
func block(lang, text string, room int) (s string, cut int) {
	text = Printable(strings.ReplaceAll(text, "\r\n", "\n"))
	if len(text) > room {
		keep := text[:max(strings.LastIndexByte(text[:max(room, 0)], '\n')+1, 0)]
		cut = strings.Count(text, "\n") - strings.Count(keep, "\n")
		text = keep
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	fence := strings.Repeat("`", max(longest(text, '`')+1, 3))
	return fence + lang + "\n" + text + fence + "\n", cut
}

// maxAnnotations is how many of a kind GitHub shows for a step.
const maxAnnotations = 10

// annotations writes errors as workflow commands: a few, and the rest in one.
type annotations struct {
	b     *strings.Builder
	level string // error, warning
	what  string
	rest  []annotation // those that are not shown by themselves
	n     int
}

type annotation struct {
	file string
	line int
	text string
}

func (a *annotations) add(file string, line int, text string) {
	if a.n++; a.n < maxAnnotations {
		command(a.b, a.level, file, line, text)
		return
	}
	a.rest = append(a.rest, annotation{file, line, text})
}

func (a *annotations) end() {
	switch len(a.rest) {
	case 0:
		return
	case 1:
		command(a.b, a.level, a.rest[0].file, 0, a.rest[0].text)
		return
	}
	text := fmt.Sprintf("%d more %s:", len(a.rest), Plural(len(a.rest), a.what))
	for _, r := range a.rest {
		text += fmt.Sprintf("\n%s:%d: %s", r.file, r.line, r.text)
	}
	command(a.b, a.level, a.rest[0].file, 0, cutText(text, 8_000))
}

func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + " …"
}

// command writes ::level file=F,line=N::text with GitHub's escapes
// (actions/toolkit, packages/core/src/command.ts); without a file, ::level::text.
func command(b *strings.Builder, level, file string, line int, text string) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	at := ""
	if file != "" {
		at = " file=" + property.Replace(Printable(file))
		if line > 0 {
			at += fmt.Sprintf(",line=%d", line)
		}
	}
	fmt.Fprintf(b, "::%s%s::%s\n", level, at, data.Replace(Printable(text)))
}

func addRule(rules []sarifRule, id, text string) []sarifRule {
	rule := sarifRule{id, sarifText{text}}
	if slices.Contains(rules, rule) {
		return rules
	}
	return append(rules, rule)
}
