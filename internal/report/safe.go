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
)

// Much of what is printed is foreign text: module paths, settings, file names,
// lines of a log. It must not move the cursor, forge a line or a cell, or give
// commands to a CI that reads the output (docs of GitHub: workflow commands).

// clean returns a foreign text for one place in a line: as it is, or quoted if
// it could fool a terminal or a CI.
func clean(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) || isCommand(s) {
		s = strconv.Quote(s)
	}
	return oldCommands.Replace(s)
}

// Printable escapes what a foreign text could use to fool a terminal or a CI,
// but for line ends and tabs.
func Printable(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if isCommand(line) {
			line = strings.Replace(line, ":", `\x3a`, 1)
		}
		for i, r := range line {
			_, size := utf8.DecodeRuneInString(line[i:])
			switch {
			case r == '\n', r == '\t', unicode.IsPrint(r) && (r != utf8.RuneError || size > 1):
				b.WriteString(line[i : i+size])
			default:
				q := strconv.QuoteToASCII(line[i : i+size])
				b.WriteString(q[1 : len(q)-1])
			}
		}
	}
	return oldCommands.Replace(b.String())
}

// isCommand reports whether GitHub takes a line for a workflow command, which
// may stand behind blanks.
func isCommand(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "::") }

// oldCommands spoils the commands that GitHub and Azure take at any place.
var oldCommands = strings.NewReplacer("##[", `#\x23[`, "##vso[", `#\x23vso[`)

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
	_, err := io.WriteString(w, jsonCommands.Replace(asciiControls(b.String())))
	return err
}

// jsonCommands does in JSON what oldCommands does in text.
var jsonCommands = strings.NewReplacer("##[", `#\u0023[`, "##vso[", `#\u0023vso[`)

// asciiControls escapes the unprintable characters that package json leaves as
// they are: all above ASCII, and DEL. They stand in strings only.
func asciiControls(text string) string {
	odd := func(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }
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
