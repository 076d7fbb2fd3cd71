package manual

import (
	"cmp"
	"strings"
)

// A UsageError is a wrong command line.
type UsageError struct {
	Msg  string
	Help string // the command whose help tells more
	Next string // a better step than that help
}

func (e *UsageError) Error() string { return e.Msg }

// NextStep says what the user can do.
func (e *UsageError) NextStep() string {
	return cmp.Or(e.Next, strings.TrimRight("try: pinfix help "+e.Help, " "))
}
