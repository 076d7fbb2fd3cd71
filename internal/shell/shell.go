// Package shell writes words for a POSIX shell.
package shell

import "strings"

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
