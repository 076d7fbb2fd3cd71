package astimports

import (
	"cmp"
	"errors"
	"slices"

	"golang.org/x/mod/module"
)

// Mark is the comment that marks an import as pinfix's own. It is on the
// line of a blank import, after the path, alone or followed by a space and
// more text. A blank import without it is the user's, whoever wrote it.
const Mark = "// pinfix"

// Set returns src with pinfix's own blank imports set to exactly paths, less
// those that the file already imports by any name (blank, named, dot or plain)
// in a line of the user's own. Everything else stays byte for byte. The order
// of paths does not matter. When the file has the wanted ones already, wherever
// they are in it, Set returns src itself.
//
// Own imports form a group, sorted and aligned as gofmt does it:
//
//   - At the end of the last parenthesised import block, behind the comments
//     there, if the block imports something but not "C" and its closing
//     parenthesis is on a line of its own.
//   - Where there is no such block, in a declaration to themselves after the
//     last import or the package clause. So "import ()", a block of comments,
//     import ("a"; "b") and import "a" are left as they are. Where code follows
//     on the line, as in "package p; var x int", the declaration is put before it.
//
// Whatever Set adds it can remove: for a file without own imports,
// Set(Set(x, p), nil) is x. A file in gofmt's form stays in it.
//
// Not all that others do with own lines can be undone:
//
//   - When lines that were moved among the user's are removed, gofmt may want
//     to align the user's comments anew. A comment above an own line stays.
//   - goimports and gopls merge all import declarations into the first, and tear
//     comments from their lines on the way. Own imports in a second declaration
//     then are the user's: still imported, and Set finds nothing to do, but it
//     will not remove them either. A file with one block or none is safe.
//
// The error is an [*Error], or several joined: for a path that no Go file can
// import, for a syntax error up to the last import and its line, and, wrapping
// [ErrGenerated], for a generated file that lacks one of the paths.
func Set(filename string, src []byte, paths []string) ([]byte, error) {
	if err := checkPaths(filename, paths); err != nil {
		return nil, err
	}
	f, err := parse(filename, src)
	if err != nil {
		return nil, err
	}
	have, want := f.paths(true), f.wanted(paths)
	if slices.Equal(have, want) {
		return src, nil
	}
	if f.generated && !subset(want, have) {
		return nil, &Error{File: filename, Err: ErrGenerated}
	}
	out := f.strip()
	if len(want) == 0 {
		return out, nil
	}
	// Always from the bare file: the result must not depend on what was there.
	if f, err = parse(filename, out); err != nil {
		return nil, err
	}
	out = f.add(want)
	if _, err = parse(filename, out); err != nil {
		// A bad comment on the last line of the imports is before one from here on.
		return nil, cmp.Or(parseBeyond(filename, src), err)
	}
	return out, nil
}

// Owned returns the import paths of pinfix's own blank imports of the file,
// sorted. The error is an [*Error], for a syntax error up to the last import.
func Owned(filename string, src []byte) ([]string, error) {
	f, err := parse(filename, src)
	if err != nil {
		return nil, err
	}
	return f.paths(true), nil
}

// wanted returns paths sorted, each once, without those that the user imports.
func (f *file) wanted(paths []string) []string {
	theirs := f.paths(false)
	list := slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		_, found := slices.BinarySearch(theirs, p)
		return found
	})
	slices.Sort(list)
	return slices.Compact(list)
}

// subset reports whether all has each of some. Both are sorted.
func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(p string) bool {
		_, found := slices.BinarySearch(all, p)
		return !found
	})
}

func checkPaths(filename string, paths []string) error {
	var errs []error
	for _, p := range paths {
		err := module.CheckImportPath(p)
		if p == "C" {
			err = errors.New(`import "C" is cgo's, not a package`)
		}
		if err != nil {
			errs = append(errs, &Error{File: filename, Err: err})
		}
	}
	return errors.Join(errs...)
}
