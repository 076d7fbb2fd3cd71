// Package fault is how pinfix says that something failed and what to do about it: an
// error, and the next step of the user. Any type with a method NextStep() string is such
// an error. [Error] is the one for all that need no type of their own, [Next] finds the
// step in whatever wraps it, and [Cause] shortens what the system says.
package fault

import (
	"errors"
	"fmt"
	"io/fs"
)

// An Error is an error and what the user can do about it. Its text is Err's alone: who
// prints it puts the step on a line of its own.
type Error struct {
	Err  error
	Next string // a step that works when it is typed, without a full stop; "" for none
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error without the step.
func (e *Error) Unwrap() error { return e.Err }

// NextStep says what the user can do.
func (e *Error) NextStep() string { return e.Next }

// New returns an [*Error] with the step next and the text that fmt.Errorf makes of format
// and args; %w wraps, as it does there.
func New(next, format string, args ...any) error {
	return &Error{fmt.Errorf(format, args...), next}
}

// With returns an [*Error] with the text of err and the step next.
func With(err error, next string) error { return &Error{err, next} }

// Next returns the first step in err's chain, in the order of errors.As: an error comes
// before the ones that it wraps, which may be several. An error whose step is empty is
// like one without. Next is "" where there is no step, and for nil.
func Next(err error) string {
	if e, ok := err.(interface{ NextStep() string }); ok {
		if next := e.NextStep(); next != "" {
			return next
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return Next(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if next := Next(one); next != "" {
				return next
			}
		}
	}
	return ""
}

// Cause returns what the system says of a file, without the operation and the name, for a
// sentence that names the file itself: "permission denied" of "open /x/go.mod: permission
// denied". It returns any other error as it is.
func Cause(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// CannotRead returns the error of the file called name, which could not be read because
// of err, with a step. Without a name it is that of the file which err names. An err that
// has a step says more already, and is returned as it is.
func CannotRead(name string, err error) error {
	if Next(err) != "" {
		return err
	}
	var e *fs.PathError
	if errors.As(err, &e) && name == "" {
		name = e.Path
	}
	return New("make it a file that you can read", "%s: %w", name, Cause(err))
}
