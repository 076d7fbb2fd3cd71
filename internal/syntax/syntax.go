// Package syntax says where a text does not parse: the place as an editor shows it,
// and whether it is a merge conflict that git left there.
package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Error is the first place of a text that does not parse.
type Error struct {
	Name         string
	Line, Column int // from 1; Column is 0 where the whole line is meant
	Msg          string
	next         string
}

func (e *Error) Error() string { return e.Place() + ": " + e.Msg }

// Place is where it is, as editors and the go command write it.
func (e *Error) Place() string {
	if e.Column == 0 {
		return fmt.Sprintf("%s:%d", e.Name, e.Line)
	}
	return fmt.Sprintf("%s:%d:%d", e.Name, e.Line, e.Column)
}

// In returns the same error with another name for its file.
func (e *Error) In(name string) *Error {
	out := *e
	out.Name = name
	return &out
}

// NextStep says what the user can do.
func (e *Error) NextStep() string { return e.next }

// What is said of a merge conflict, and what the user can do.
const (
	Unresolved = "a merge conflict is not resolved here"
	ResolveIt  = "resolve it, and run pinfix again"
)

// Go parses a Go file called name, and returns the first error in it, or nil. An import
// path that no module can have counts as one.
func Go(name string, src []byte) *Error {
	_, err := parse(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	return err
}

// Imports is [Go] as far as the imports. The file has those before the error; it is nil
// where there is not even a package clause.
func Imports(fset *token.FileSet, name string, src []byte) (*ast.File, *Error) {
	f, err := parse(fset, name, src, parser.SkipObjectResolution|parser.ImportsOnly)
	if f == nil || f.Name == nil {
		return nil, err
	}
	return f, err
}

func parse(fset *token.FileSet, name string, src []byte, mode parser.Mode) (*ast.File, *Error) {
	f, err := parser.ParseFile(fset, name, src, mode)
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return f, badImport(name, fset, f)
	}
	pos := list[0].Pos
	if lines := bytes.SplitN(src, []byte("\n"), pos.Line+1); pos.Line <= len(lines) && marker(lines[pos.Line-1]) {
		return f, &Error{name, pos.Line, 1, Unresolved, ResolveIt}
	}
	return f, &Error{name, pos.Line, pos.Column, list[0].Msg, "correct the syntax, and run pinfix again"}
}

func badImport(name string, fset *token.FileSet, f *ast.File) *Error {
	for _, spec := range f.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // the parser takes no other literal
		why := ""
		switch {
		case strings.HasPrefix(path, "./"), strings.HasPrefix(path, "../"), path == ".", path == "..":
			why = fmt.Sprintf("%q is relative; a module imports packages by their full path", path)
		case path == "", strings.ContainsFunc(path, func(r rune) bool {
			return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune("!\"#$%&'()*,:;<=>?[\\]^{|}`\uFFFD", r)
		}):
			why = fmt.Sprintf("invalid import path %q", path)
		default:
			continue
		}
		pos := fset.Position(spec.Path.Pos())
		return &Error{name, pos.Line, pos.Column, why, "change the import, and run pinfix again"}
	}
	return nil
}

// Doubtful reports whether a Go file has something in it that most files without
// an error have not: a line like that of a merge conflict, or bytes that are no text.
func Doubtful(src []byte) bool {
	return bytes.Contains(src, []byte("<<<<<<< ")) || bytes.Contains(src, []byte(">>>>>>> ")) || bytes.IndexByte(src, 0) >= 0 || !utf8.Valid(src)
}

// Sum returns the first line of a go.sum that is none; nil if there is none. The text of
// the line is not shown: the file may be a link to any other.
func Sum(name string, text []byte) *Error {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		switch f := bytes.Fields(line); {
		case len(f) == 0 || len(f) == 3 && !marker(line):
		case marker(line):
			return &Error{name, n, 0, Unresolved, "remove the marker lines, and run go mod tidy"}
		default:
			return &Error{name, n, 0, "this is not a line of a go.sum (its text is not shown)", "remove the line, and run go mod tidy"}
		}
	}
	return nil
}

// Conflict returns the first line of a merge conflict in a text that does not parse;
// nil where there is none.
func Conflict(name string, text []byte) *Error {
	n := 0
	for line := range bytes.Lines(text) {
		if n++; marker(line) {
			return &Error{name, n, 0, Unresolved, ResolveIt}
		}
	}
	return nil
}

// marker reports whether a line is one that git puts around the sides of a conflict.
func marker(line []byte) bool {
	s := strings.TrimRight(string(line[:min(len(line), 9)]), "\r\n")
	return strings.HasPrefix(s, "<<<<<<< ") || strings.HasPrefix(s, "||||||| ") || strings.HasPrefix(s, ">>>>>>> ") || s == "======="
}
