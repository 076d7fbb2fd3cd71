package astimports

import (
	"errors"
	"go/scanner"
	"go/token"
)

// ErrGenerated says that a file which a generator would overwrite was asked to
// get new imports. Another file of the package can take them.
var ErrGenerated = errors.New("generated file (DO NOT EDIT), its generator would drop new imports")

// An Error tells what is wrong with a file or with the paths meant for it.
type Error struct {
	File         string
	Line, Column int // from 1, in bytes as the compiler counts; 0 where there is no place
	Err          error
}

func (e *Error) Error() string {
	at := token.Position{Filename: e.File, Line: e.Line, Column: e.Column}
	return at.String() + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// syntaxError turns what go/parser found into an Error at the first place in
// the file. It counts the lines itself: the parser's honour //line comments
// and so may belong to another file.
func syntaxError(filename string, src []byte, err error) error {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return &Error{File: filename, Err: err}
	}
	first := list[0]
	for _, e := range list[1:] {
		if e.Pos.Offset < first.Pos.Offset {
			first = e
		}
	}
	line, column := position(src, first.Pos.Offset)
	return &Error{File: filename, Line: line, Column: column, Err: errors.New(first.Msg)}
}
