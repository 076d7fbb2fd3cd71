// Package shell writes words for a POSIX shell.
package shell

import "strings"

const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=,"

// Quote returns s as one word. What the shell leaves as it is stays.
func Quote(s string) string {
	if Plain(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Plain reports whether the shell leaves s as it is.
func Plain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(plain, r) })
}
