// Package shell writes words for a POSIX shell.
package shell

import (
	"strings"
	"unicode/utf8"
)

const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=,"

// Quote returns s as one word. What the shell leaves as it is stays.
//
// A word of several lines must not begin a line with a command to a CI that
// reads the output (package report, safe.go): an empty pair of quotes, which
// means nothing to the shell, comes first, and between the ## of others.
func Quote(s string) string {
	if Plain(s) {
		return s
	}
	s = inner.Replace(s)
	if strings.Contains(s, "##") {
		s = strings.ReplaceAll(s, "#", "#''")
	}
	return "'" + s + "'"
}

var inner = strings.NewReplacer("'", `'\''`, "\n", "\n''", "\r", "\r''")

// Plain reports whether the shell leaves s as it is.
func Plain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(plain, r) })
}

// Fold breaks a command line of words that [Quote] has written: a shell takes the lines
// for one. The first has at most first columns, the others begin with indent and have at
// most width.
func Fold(line string, first, width int, indent string) string {
	var b strings.Builder
	room, column := first, 0
	next := func() {
		b.WriteString(" \\\n" + indent)
		room, column = width, len(indent)
	}
	for i, word := range words(line) {
		n := utf8.RuneCountInString(word)
		if i > 0 && column+1+n > room-2 && column > len(indent) {
			next()
			if strings.HasPrefix(word, ":") {
				word, n = "''"+word, n+2 // as in Quote
			}
		} else if i > 0 {
			b.WriteString(" ")
			column++
		}
		// The shell joins what a backslash at a line's end parts.
		for Plain(word) && column+n > room-1 && room-1-column > 0 && len(word) > room-1-column {
			cut := room - 1 - column
			for cut > 1 && word[cut] == ':' {
				cut--
			}
			b.WriteString(word[:cut] + "\\\n")
			word = word[cut:]
			n, room, column = len(word), width, 0
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// words parts a command line between its words; quotes stay.
func words(line string) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\'':
			quoted = !quoted
		case line[i] == '\\' && !quoted:
			i++
		case line[i] == ' ' && !quoted:
			out = append(out, line[start:i])
			start = i + 1
		}
	}
	return append(out, line[start:])
}
