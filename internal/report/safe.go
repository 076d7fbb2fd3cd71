package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pinfix/pinfix/internal/pattern"
)

// Much of what is printed is foreign text: module paths, settings, file names,
// lines of a log. It must not move the cursor, forge a line or a cell, or give
// commands to a CI that reads the output.
//
// The rules are the readers' own. GitHub's runner ends a line at a carriage
// return as well, skips leading blanks, compares as a dictionary does (without
// characters that show nothing), and takes what then begins with two colons; it
// finds ##[ anywhere in a line (actions/runner, ActionCommand.cs). Azure finds
// ##vso[ and TeamCity ##teamcity[ in the same way.

// clean returns a foreign text for one place in a line: as it is, or quoted if
// it could fool a terminal or a CI.
func clean(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !visible(r) }) || startsCommand(s) {
		return quote(s)
	}
	return spoil(s, `\x23`)
}

// quote returns a foreign text in quotes, with escapes.
func quote(s string) string { return spoil(escaped(strconv.Quote(s)), `\x23`) }

// Printable escapes what a foreign text could use to fool a terminal or a CI,
// but for line ends and tabs.
func Printable(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if startsCommand(line) {
			before, after, _ := strings.Cut(line, ":")
			b.WriteString(escaped(before) + `\x3a`)
			line = after
		}
		b.WriteString(escaped(line))
	}
	return spoil(b.String(), `\x23`)
}

// visible reports whether a terminal shows r, and a comparison of texts heeds
// it: some characters count as letters or marks and show nothing.
func visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escaped escapes the characters of s that are not visible, but for line ends
// and tabs.
func escaped(s string) string {
	var b strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\n', r == '\t', visible(r) && (r != utf8.RuneError || size > 1):
			b.WriteString(s[i : i+size])
		default:
			q := strconv.QuoteToASCII(s[i : i+size])
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// startsCommand reports whether GitHub could take a line that begins with this
// text for a workflow command. One colon is enough: what pinfix itself writes
// after a file name begins with another.
func startsCommand(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !visible(r) })
	return strings.HasPrefix(text, ":")
}

// anywhereRE is how the commands begin that count anywhere in a line.
var anywhereRE = pattern.New(`##([A-Za-z]*\[)`)

// spoil replaces the second # of such commands by its escape.
func spoil(text, number string) string {
	if !strings.Contains(text, "##") {
		return text
	}
	return anywhereRE.Regexp().ReplaceAllString(text, "#"+number+"$1")
}

// JSON writes v as one indented object. What could fool a terminal is written as
// \u and four digits.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, spoil(asciiControls(b.String()), `\u0023`))
	return err
}

// asciiControls escapes the characters that show nothing and that package json
// leaves as they are: all above ASCII, and DEL. They occur in strings only.
func asciiControls(text string) string {
	odd := func(r rune) bool { return r >= 0x7f && !visible(r) }
	if !strings.ContainsFunc(text, odd) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !odd(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
