package mains

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
)

// A Kind says what a module is.
type Kind int

const (
	Library Kind = iota // no main package
	Program             // each main package is a program
	Plugins             // a main package may be a plugin
)

// KindOf looks at the Go files of the module in root, whatever their build
// constraints are, but for those with the tag ignore. A plugin is a main package
// whose func main is missing, empty, or does nothing but panic: it never runs.
// Files that do not parse are taken for a plugin's; apply says what is wrong with
// them. seen is told each directory and Go file that is looked at, and may be nil.
func KindOf(root string, seen func(name string)) (Kind, error) {
	found := Library
	err := Walk(Seen(root, seen), func(dir string, entries []fs.DirEntry) error {
		found = max(found, kindOfDir(filepath.Join(root, filepath.FromSlash(dir)), entries, seen))
		if found == Plugins {
			return fs.SkipAll
		}
		return nil
	})
	return found, err
}

func kindOfDir(dir string, entries []fs.DirEntry, seen func(name string)) Kind {
	isMain, runs := false, false
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if seen != nil {
			seen(filepath.Join(dir, name))
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return Plugins
		}
		if f.Name.Name == "main" && !ignored(f) {
			isMain = true
			runs = runs || doesSomething(f)
		}
	}
	switch {
	case runs:
		return Program
	case isMain:
		return Plugins
	}
	return Library
}

// ignored reports whether f's build constraint needs the tag ignore, as that of
// a program that go generate runs.
func ignored(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() > f.Package {
				return false
			}
			x, err := constraint.Parse(c.Text)
			if err == nil && !x.Eval(func(tag string) bool { return tag != "ignore" }) && x.Eval(func(string) bool { return true }) {
				return true
			}
		}
	}
	return false
}

// doesSomething reports whether f has a func main with more than a panic.
func doesSomething(f *ast.File) bool {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || fn.Name.Name != "main" || fn.Body == nil {
			continue
		}
		return len(fn.Body.List) > 1 || len(fn.Body.List) == 1 && !isPanic(fn.Body.List[0])
	}
	return false
}

func isPanic(s ast.Stmt) bool {
	x, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := x.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == "panic"
}

// A Found is a package of a module that a search for main packages has come by.
type Found struct {
	Dir  string // below the module's root, with slashes; "." for the root itself
	Name string // of the package; "main" only for one that its build constraints leave out
	File string // one of its Go files
}

// Packages returns the packages of the module in root, by what their files say, sorted by
// directory; test files are left out. It stops after a few.
func Packages(root string) []Found {
	const enough = 10
	var out []Found
	read := func(dir string) ([]fs.DirEntry, error) {
		entries, _ := Below(root)(dir) // what cannot be read is no help
		return entries, nil
	}
	_ = Walk(read, func(dir string, entries []fs.DirEntry) error {
		for _, e := range entries {
			if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(dir), e.Name()), nil, parser.PackageClauseOnly)
			if err != nil || len(out) > 0 && out[len(out)-1].Dir == dir && out[len(out)-1].Name == f.Name.Name {
				continue
			}
			if out = append(out, Found{dir, f.Name.Name, e.Name()}); len(out) == enough {
				return fs.SkipAll
			}
		}
		return nil
	})
	return out
}
