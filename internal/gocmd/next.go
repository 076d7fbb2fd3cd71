package gocmd

import (
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// sourceRE is the place of a fault in a Go file.
var sourceRE = pattern.New(`(?m)^\S+\.go:[0-9]+:`)

// NextAfter says what to do about a go command that failed.
func NextAfter(failed *Error, mod string) string {
	if next := failed.NextStep(); next != "" {
		return next
	}
	if strings.Contains(failed.Stderr, "malformed go.sum") {
		return "correct go.sum, or remove it and run go mod tidy"
	}
	if sourceRE.MatchString(failed.Stderr) {
		return "correct the code, and run pinfix again"
	}
	return "correct " + mod + ", and run pinfix again"
}
