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

// Word returns the first of the words that [Quote] has written, and what follows it. ok is
// false if a quote is open at the end.
func Word(s string) (word, rest string, ok bool) {
	var b strings.Builder
	for quoted := false; s != ""; s = s[1:] {
		switch c := s[0]; {
		case c == '\'':
			quoted = !quoted
		case c == '\\' && !quoted && len(s) > 1:
			s = s[1:]
			b.WriteByte(s[0])
		case c == ' ' && !quoted:
			return b.String(), s[1:], true
		default:
			b.WriteByte(c)
		}
		if len(s) == 1 {
			return b.String(), "", !quoted
		}
	}
	return "", "", false
}

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
	for i, word := range words(line) {
		switch {
		case i > 0 && column+1+columns(word) > room-2 && column > len(indent):
			b.WriteString(" \\\n" + indent)
			room, column = width, len(indent)
			if strings.HasPrefix(word, ":") {
				word = "''" + word // as in Quote
			}
		case i > 0:
			b.WriteString(" ")
			column++
		}
		for column+columns(word) > room-1 {
			head, tail := part(word, room-3-column)
			if head == "" {
				break
			}
			// The shell joins what a backslash at a line's end parts.
			b.WriteString(head + "\\\n")
			word, room, column = tail, width, 0
		}
		b.WriteString(word)
		column += columns(word)
	}
	return b.String()
}

// columns is how many columns of a terminal a text takes at most.
func columns(text string) int {
	n := utf8.RuneCountInString(text)
	for _, r := range text {
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

// part parts a word so that its head takes at most room columns. A quoted one is quoted
// in both parts; where that is not simple, head is empty.
func part(word string, room int) (head, tail string) {
	quoted := len(word) > 2 && word[0] == '\'' && !strings.Contains(word[1:len(word)-1], "'")
	if !quoted && !Plain(word) {
		return "", word
	}
	cut := 0
	for i, r := range word {
		if n := columns(word[:i+utf8.RuneLen(r)]); n > room {
			break
		}
		cut = i + utf8.RuneLen(r)
	}
	for cut > 1 && cut < len(word) && word[cut] == ':' {
		cut-- // no line begins with a command to a CI
	}
	if cut < 2 || cut >= len(word)-1 {
		return "", word
	}
	if quoted {
		return word[:cut] + "'", "'" + word[cut:]
	}
	return word[:cut], word[cut:]
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
