package fault

import (
	"fmt"
	"strings"
)

// A Setting is an error about the value of a flag. Its text names the flag as it is typed; who
// knows that the value came from elsewhere says so in the place of Subject.
type Setting struct {
	Flag, Value string // "--cap" and its value; "" for an empty one
	Err         error  // what is wrong with it
}

func (s *Setting) Error() string { return s.Subject() + ": " + s.Err.Error() }

// Unwrap returns the error without the flag.
func (s *Setting) Unwrap() error { return s.Err }

// Subject begins the text: the flag and its value.
func (s *Setting) Subject() string { return strings.TrimSpace(s.Flag + " " + s.Value) }

// OfSetting returns a [*Setting] with the step next and the text that fmt.Errorf makes of
// format and args.
func OfSetting(flag, value, next, format string, args ...any) error {
	return &Error{&Setting{flag, value, fmt.Errorf(format, args...)}, next}
}
