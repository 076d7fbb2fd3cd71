package fault

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

// stepless has a step only in some states, as several types of pinfix do.
type stepless struct{ error }

func (stepless) NextStep() string { return "" }
func (s stepless) Unwrap() error  { return s.error }

func TestNext(t *testing.T) {
	low := New("buy a disk", "no space left")
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"none", errors.New("x"), ""},
		{"its own", low, "buy a disk"},
		{"wrapped", fmt.Errorf("write go.mod: %w", low), "buy a disk"},
		{"the outer one comes first", New("set TMPDIR", "scratch: %w", low), "set TMPDIR"},
		{"an empty one does not hide another", New("", "scratch: %w", low), "buy a disk"},
		{"nor does a type whose step is empty", stepless{fmt.Errorf("x: %w", low)}, "buy a disk"},
		{"of several errors", fmt.Errorf("%w, and %w", errors.New("x"), low), "buy a disk"},
		{"of several errors, the first", errors.Join(New("", "x"), New("pay", "y"), low), "pay"},
		{"wrapped in several", errors.Join(nil, fmt.Errorf("x: %w", errors.Join(errors.New("y"), low))), "buy a disk"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Next(tt.err); got != tt.want {
				t.Errorf("Next(%v) = %q, want %q", tt.err, got, tt.want)
			}
		})
	}
}

func TestError(t *testing.T) {
	err := New("make it smaller", "%s: %w", "go.mod", fs.ErrInvalid)
	if err.Error() != "go.mod: invalid argument" || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v, which wraps %v", err, errors.Unwrap(err))
	}
	var e *Error
	if wrapped := fmt.Errorf("x: %w", err); !errors.As(wrapped, &e) || e.Next != "make it smaller" {
		t.Errorf("errors.As finds %v", e)
	}
}

func TestCause(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "/x/go.mod", Err: fs.ErrPermission}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{denied, "permission denied"},
		{fmt.Errorf("reading: %w", denied), "permission denied"},
		{errors.New("too large"), "too large"},
	} {
		if got := Cause(tt.err); got.Error() != tt.want {
			t.Errorf("Cause(%v) = %v, want %s", tt.err, got, tt.want)
		}
	}
	if err := Cause(nil); err != nil {
		t.Errorf("Cause(nil) = %v", err)
	}
}

func TestCannotRead(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "/x/go.mod", Err: fs.ErrPermission}
	for _, tt := range []struct {
		name       string
		err        error
		want, next string
	}{
		{"plugin/go.mod", denied, "plugin/go.mod: permission denied", "make it a file that you can read"},
		{"", denied, "/x/go.mod: permission denied", "make it a file that you can read"},
		{"go.sum", errors.New("too large"), "go.sum: too large", "make it a file that you can read"},
		{"go.sum", New("make it a file", "go.sum is a link"), "go.sum is a link", "make it a file"},
	} {
		err := CannotRead(tt.name, tt.err)
		if err.Error() != tt.want || Next(err) != tt.next {
			t.Errorf("CannotRead(%q, %v) = %v; next %q", tt.name, tt.err, err, Next(err))
		}
	}
}
