package plugin

import (
	"strings"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/syntax"
)

// BadSyntax is the error of files that do not parse; nil for none.
func BadSyntax(bad []*syntax.Error) error {
	if len(bad) == 0 {
		return nil
	}
	var lines []string
	next := bad[0].NextStep()
	for _, e := range bad {
		lines = append(lines, e.Error())
		if e.NextStep() != next {
			next = "correct these places, and run pinfix again"
		}
	}
	return fault.New(next, "%s", strings.Join(lines, "\n"))
}
