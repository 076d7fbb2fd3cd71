package look

import (
	"bytes"
	"errors"
	"go/ast"
	"go/build/constraint"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pinfix/pinfix/astimports"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/syntax"
)

// A File is one Go file of the plugin's own packages, tests included.
type File struct {
	Name    string // slash path below the module root
	Package string // as its package clause says; "" for a file that does not parse
	Imports []Import
	Own     []string // imports of pinfix's own among them
	Bare    []byte   // the file without these; nil without any
	Moved   bool     // these are not where pinfix puts them

	// Ignored files are those that no set of build tags but "ignore" takes;
	// go mod tidy leaves them out.
	Ignored bool

	// Constrained files may be left out on some platform: they have a build
	// constraint, or a name that may be one.
	Constrained bool

	// Entry files declare main or InitModule.
	Entry bool

	// Broken is where the file does not parse, as far as Scan parses it: to the end of
	// the imports, and on where [syntax.Doubtful] says so. [File.Parse] goes on.
	Broken *syntax.Error

	// Size is that of the file, in bytes.
	Size int
	src  []byte // nil for a large file
}

// Whole is how many bytes of Go source together are parsed to their end, to find an error
// in the syntax before the compiler does. More would take more than milliseconds.
const Whole = 128 << 10

// Parse parses the rest of a file of no more than [Whole] bytes, and returns the
// first error in it.
func (f *File) Parse() *syntax.Error {
	if f.Broken != nil || f.src == nil {
		return f.Broken
	}
	return syntax.Go(f.Name, f.src)
}

// Dir returns the file's directory.
func (f *File) Dir() string { return path.Dir(f.Name) }

// Test reports whether it is a test file.
func (f *File) Test() bool { return strings.HasSuffix(f.Name, "_test.go") }

// An Import is one import and its place.
type Import struct {
	Path string
	Line int
}

// Scan reads the imports of all Go files of the module in t, as go mod tidy
// sees them: for every platform and tag. Directories are those of [mains.Walk]. The files are
// sorted by name.
func Scan(t Tree) ([]File, error) {
	var files []File
	err := mains.Walk(t.ReadDir, func(dir string, entries []fs.DirEntry) error {
		for _, e := range entries {
			name := e.Name()
			if strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || path.Ext(name) != ".go" || e.Type()&^fs.ModeSymlink != 0 {
				continue
			}
			f, err := scanFile(t, path.Join(dir, name))
			if errors.Is(err, fs.ErrNotExist) {
				continue // a link to nowhere
			}
			if err != nil {
				return err
			}
			files = append(files, *f)
		}
		return nil
	})
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, err
}

func scanFile(t Tree, name string) (*File, error) {
	src, err := t.ReadFile(name)
	if err != nil {
		return nil, err
	}
	out := &File{Name: name, Size: len(src)}
	if len(src) <= Whole {
		out.src = src
	}
	out.constraints(src)
	fset := token.NewFileSet()
	f, bad := syntax.Imports(fset, name, src)
	if bad == nil && !out.Test() && syntax.Doubtful(src) {
		bad = syntax.Go(name, src)
	}
	out.Broken = bad
	if f == nil {
		return out, nil
	}
	out.Package = f.Name.Name
	for _, spec := range f.Imports {
		out.add(fset, spec)
	}
	if bytes.Contains(src, []byte(astimports.Mark)) {
		out.own(src)
	}
	out.Entry = bytes.Contains(src, []byte("\nfunc main(")) || bytes.Contains(src, []byte("\nfunc InitModule("))
	return out, nil
}

// own reads the imports of pinfix's own. apply leaves a file alone that does not
// parse.
func (f *File) own(src []byte) {
	own, err := astimports.Owned(f.Name, src)
	if err != nil || len(own) == 0 {
		return
	}
	f.Own = own
	if f.Bare, err = astimports.Set(f.Name, src, nil); err != nil {
		return
	}
	again, err := astimports.Set(f.Name, f.Bare, own)
	f.Moved = err != nil || !bytes.Equal(again, src)
}

func (f *File) add(fset *token.FileSet, spec *ast.ImportSpec) {
	if p, err := strconv.Unquote(spec.Path.Value); err == nil && p != "C" {
		f.Imports = append(f.Imports, Import{p, fset.Position(spec.Pos()).Line})
	}
}

// constraints reads what may keep a file out of a build. Ignored are files that
// no build takes unless it sets the tag ignore: the go command's rule for go mod
// tidy, where any other tag counts as both set and not set.
func (f *File) constraints(src []byte) {
	f.Constrained = strings.Contains(strings.TrimSuffix(path.Base(f.Name), "_test.go"), "_")
	if !bytes.Contains(src, []byte("build")) {
		return
	}
	var plus []string // lines of the old form, which count if a blank line follows
	for line := range bytes.Lines(src) {
		s := strings.TrimSpace(string(line))
		switch {
		case strings.HasPrefix(s, "package "):
			return
		case s == "":
			f.Ignored = f.Ignored || slices.ContainsFunc(plus, ignored)
		case constraint.IsPlusBuild(s):
			f.Constrained = true
			plus = append(plus, s)
		case constraint.IsGoBuild(s):
			f.Constrained = true
			f.Ignored = ignored(s)
			return // lines of the old form next to it do not count
		}
	}
}

// ignored reports whether no build takes a file with this constraint.
func ignored(line string) bool {
	expr, err := constraint.Parse(line)
	return err == nil && !anyTags(expr, true)
}

// anyTags evaluates a constraint as go mod tidy does (matchTag in
// cmd/go/internal/imports).
func anyTags(expr constraint.Expr, prefer bool) bool {
	switch x := expr.(type) {
	case *constraint.NotExpr:
		return !anyTags(x.X, !prefer)
	case *constraint.AndExpr:
		return anyTags(x.X, prefer) && anyTags(x.Y, prefer)
	case *constraint.OrExpr:
		return anyTags(x.X, prefer) || anyTags(x.Y, prefer)
	case *constraint.TagExpr:
		return x.Tag != "ignore" && prefer
	}
	return true
}
