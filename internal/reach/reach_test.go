package reach

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStandard: what packages of the standard library export is the same in what was picked
// of these and of what they import as in the whole, and no name is missed there.
func TestStandard(t *testing.T) {
	t.Parallel()
	ask := []string{"database/sql", "go/ast", "net/http", "reflect", "text/template", "unicode", "syscall"}
	src := &standard{t: t, dirs: map[string]*build.Package{}}
	whole := src.check(ask, func(fset *token.FileSet, path string) []*ast.File {
		var files []*ast.File
		for i, text := range src.source(path).Files {
			f, err := parser.ParseFile(fset, fmt.Sprint(path, i), text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		return files
	})
	fset := token.NewFileSet()
	g := New(fset, func(path string) (*Source, error) {
		if path == "unsafe" {
			return nil, nil
		}
		return src.source(path), nil
	}, func(path string) string { return src.dir(path).Name })
	for _, path := range ask {
		g.Need(path, all)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	decls := 0
	picked := src.check(ask, func(_ *token.FileSet, path string) []*ast.File {
		files := g.Files(path)
		for _, f := range files {
			decls += len(f.Decls)
		}
		return files
	}, fset)
	if len(whole) < 1000 {
		t.Fatalf("%d things exported", len(whole))
	}
	if diff := cmp.Diff(whole, picked); diff != "" {
		t.Errorf("whole (-), picked (+):\n%s", diff)
	}
}

// standard reads the standard library.
type standard struct {
	t    *testing.T
	dirs map[string]*build.Package
}

func (s *standard) dir(path string) *build.Package {
	p := s.dirs[path]
	if p == nil {
		ctx := build.Default
		ctx.CgoEnabled = false
		var err error
		if p, err = ctx.Import(path, "", 0); err != nil {
			s.t.Fatal(err)
		}
		s.dirs[path] = p
	}
	return p
}

// resolve is the import path of what a package of the standard library calls path.
func resolve(path string) string {
	if strings.HasPrefix(path, "golang.org/") {
		return "vendor/" + path
	}
	return path
}

func (s *standard) source(path string) *Source {
	p := s.dir(path)
	out := &Source{Map: map[string]string{}}
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			s.t.Fatal(err)
		}
		out.Files = append(out.Files, text)
	}
	for _, i := range p.Imports {
		out.Map[i] = resolve(i)
	}
	return out
}

// check type-checks packages and what they import, and returns what they export.
func (s *standard) check(paths []string, files func(*token.FileSet, string) []*ast.File, sets ...*token.FileSet) map[string]string {
	fset := append(sets, token.NewFileSet())[0]
	done := map[string]*types.Package{"unsafe": types.Unsafe}
	var check func(path string) (*types.Package, error)
	check = func(path string) (*types.Package, error) {
		path = resolve(path)
		if p := done[path]; p != nil {
			return p, nil
		}
		conf := types.Config{IgnoreFuncBodies: true, Importer: importFunc(check), Sizes: types.SizesFor("gc", "amd64"), Error: func(err error) { s.t.Errorf("%s: %v", path, err) }}
		p, _ := conf.Check(path, fset, files(fset, path), nil)
		done[path] = p
		return p, nil
	}
	out := map[string]string{}
	for _, path := range paths {
		p, _ := check(path)
		for _, name := range p.Scope().Names() {
			obj := p.Scope().Lookup(name)
			if !obj.Exported() {
				continue
			}
			out[path+"."+name] = types.ObjectString(obj, nil)
			if _, ok := obj.(*types.TypeName); ok {
				set := types.NewMethodSet(types.NewPointer(obj.Type()))
				for i := range set.Len() {
					if m := set.At(i).Obj(); m.Exported() {
						out[path+"."+name+"."+m.Name()] = types.ObjectString(m, nil)
					}
				}
			}
		}
	}
	return out
}

type importFunc func(path string) (*types.Package, error)

func (f importFunc) Import(path string) (*types.Package, error) { return f(path) }

// TestPick: what is asked for, and what that asks for in turn.
func TestPick(t *testing.T) {
	t.Parallel()
	sources := map[string]string{
		"a": `package a
import ("b"; q "c"; . "dot")
type T struct{ F b.B; g *hidden }
type hidden struct{ q.C }
func (*T) M() (r struct{ X int }) { return undefined }
func (t T) m(unreached.X) {}
func (T) seal() {}
type Sealed interface{ seal() }
func Gen[P interface{ ~int }](p P) struct{} { return struct{}{} }
func NoBody(x int) int
func After() {}
var Typed Sealed = missing()
var Inferred = map[string][]b.B{"x": gone.Y}
var Counted = [...]int{1, two}
var two = 2
var Fn = func() { undefined() }
const ( _ = iota; One; Two = Dotted )
const Float = 1.
const Rune = '{'
var Text = ` + "`}\n}`" + `
`,
		"b":   "package b\ntype B int\nfunc (B) Of() other.O { }\nvar Unreached = other.O\n",
		"al":  "package al\ntype T struct{}\ntype (\n\tA = T\n)\nfunc (A) M() {}\nfunc Other() {}\n",
		"c":   "package c\n\ntype C[T any] struct{}\ntype D int",
		"dot": "package dot\nconst Dotted = 3; const More = 4\n",
	}
	for _, test := range []struct{ ask, want string }{
		{"a.T", "a.M a.T a.hidden b.B b.Of c.C"},
		{"a.Sealed", "a.Sealed"},
		{"a.Sealed a.T", "a.M a.Sealed a.T a.hidden a.seal b.B b.Of c.C"},
		{"a.Gen", "a.Gen"},
		{"a.NoBody", "a.NoBody"},
		{"a.Inferred", "a.Inferred b.B b.Of"},
		{"a.Counted", "a.Counted a.two"},
		{"a.Fn", "a.Fn"},
		{"a.Float", "a.Float"},
		{"a.Text", "a.Text"},
		{"a.After", "a.After"},
		{"a.One", "a._ a.One a.Two dot.Dotted"},
		{"a.gone", ""},
		{"b.B", "b.B b.Of"},
		{"al.T", "al.A al.M al.T"},
	} {
		fset := token.NewFileSet()
		g := New(fset, func(path string) (*Source, error) {
			if text, ok := sources[path]; ok {
				return &Source{Files: [][]byte{[]byte(text)}}, nil
			}
			return nil, nil
		}, func(path string) string { return path })
		for _, ask := range strings.Fields(test.ask) {
			path, name, _ := strings.Cut(ask, ".")
			g.Need(path, name)
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for path := range sources {
			for _, f := range g.Files(path) {
				for _, name := range declared(f) {
					got[path+"."+name] = true
				}
			}
		}
		want := strings.Fields(test.want)
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got)), cmp.Transformer("text", func(s []string) string { return strings.Join(s, " ") })); diff != "" {
			t.Errorf("%s: %s", test.ask, diff)
		}
	}
}

// declared returns the names that a file declares, methods without their types.
func declared(f *ast.File) []string {
	var out []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			out = append(out, d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					out = append(out, s.Name.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						out = append(out, id.Name)
					}
				}
			}
		}
	}
	return out
}

// FuzzSplit: of each file that parses, every declaration is found, and parses by itself.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"package a\n", "package a; var x = 1; func f() {}", "package a\nfunc f() struct{}\nfunc g() {}",
		"package a\nvar x = 1.\nfunc f() {}", "package a\nvar x = 0x1p-2\nvar y = `}`", "package a\nfunc (t *(T)) m() {}",
		"package a\ntype T[P interface{ ~int }] struct{ P }\nfunc (T[P]) m(x [2]P) (y interface{ m() }) { }", "package a\nimport ( \"x\" ); var y = '\\''; /* x\n*/ const z = \"\\\"\" // }",
		"package a\nvar f = func() {}\nvar ( x, y = 1, 2\n\n\tz T )", "package a\nfunc f() (\n\tx int,\n) /* { */ {\n}\n", "package a\nvar x =\n\n1 +\n2\nvar y []\nint",
		"package a\nvar x <-\nchan int", "package a\nfunc f() chan\nint\nfunc g() {}", "package a\r\nvar é, x = 1, 2\r\n", "package a\nvar x = a.b\nvar y = .5\n", "package a\nvar x = 1i + 0b1 + 0_1\nfunc f()",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fset := token.NewFileSet()
		whole, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
		if err != nil {
			return
		}
		end := whole.Name.End()
		var rest ast.File
		for _, d := range whole.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				end = d.End()
				continue
			}
			rest.Decls = append(rest.Decls, d)
		}
		chunks, err := split([]byte(text), fset.Position(end).Offset)
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		var got []string
		for _, c := range chunks {
			src := "package p;" + string(c.text)
			if c.body {
				src += "{}"
			}
			f, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
			if err != nil {
				t.Fatalf("%v:\n%s", err, src)
			}
			for _, name := range declared(f) {
				if !slices.Contains(c.names, name) {
					t.Errorf("%s is not in %q", name, c.names)
				}
				got = append(got, name)
			}
		}
		if want := declared(&rest); !slices.Equal(want, got) {
			t.Errorf("got %q, want %q:\n%s", got, want, text)
		}
	})
}
