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

// Lacking is what go mod tidy says of an import that nothing provides: who imports it, and the
// package.
var Lacking = pattern.New(`(\S+) imports (\S+): (?:module .* does not contain package|cannot find module providing package|no required module provides package) `)
