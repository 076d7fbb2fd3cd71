package plugin

import (
	"errors"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/syntax"
)

// BadSyntax is the error of files that do not parse, a line for each *[syntax.Error] in
// it; nil for none.
func BadSyntax(bad []*syntax.Error) error {
	if len(bad) == 0 {
		return nil
	}
	var all []error
	next := bad[0].NextStep()
	for _, e := range bad {
		all = append(all, e)
		if e.NextStep() != next {
			next = "correct these places, and run pinfix again"
		}
	}
	return fault.New(next, "%w", errors.Join(all...))
}
