package gocmd

import (
	"strings"
)

// LastLine returns the last line of what the go command printed, which says what failed.
func LastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "go: ")
}
