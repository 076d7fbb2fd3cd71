// Package mains says which directories and main packages of a module count: those
// that the patterns of the go command do not leave out, and the main packages that
// are plugins.
package mains

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"

	"github.com/pinfix/pinfix/internal/bounded"
)

// Split tells the plugins among the main packages of a module from its other
// programs. Plugins are those that export something, for a server finds nothing
// else in them. Where none does, all count: a server may only want what their init
// functions do. A single main package is not looked at.
func Split[M any](mains []M, exports func(M) bool) (plugins, others []M) {
	if len(mains) < 2 {
		return mains, nil
	}
	for _, m := range mains {
		if exports(m) {
			plugins = append(plugins, m)
		} else {
			others = append(others, m)
		}
	}
	if len(plugins) == 0 {
		return mains, nil
	}
	return plugins, others
}

// Export reports whether one of the Go files of a main package exports something. A
// file that cannot be read may.
func Export(files []string, read func(name string) ([]byte, error)) bool {
	return slices.ContainsFunc(files, func(name string) bool {
		src, err := read(name)
		return err != nil || exports(src)
	})
}

// In returns how to read the files in a directory.
func In(dir string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) { return bounded.ReadFile(filepath.Join(dir, name), bounded.Source) }
}

// exports reports whether a Go file exports what [plugin.Lookup] finds: a function
// or a variable of the package. A generic function is none, and a file that does
// not parse may export anything.
func exports(src []byte) bool {
	f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		return true
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Type.TypeParams == nil && d.Name.IsExported() {
				return true
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR && exportsVar(d) {
				return true
			}
		}
	}
	return false
}

func exportsVar(d *ast.GenDecl) bool {
	for _, s := range d.Specs {
		for _, name := range s.(*ast.ValueSpec).Names {
			if name.IsExported() {
				return true
			}
		}
	}
	return false
}
