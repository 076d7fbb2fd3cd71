package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateAPI = flag.Bool("update-api", false, "rewrite testdata/api, after a change of the public packages that is meant")

// TestAPI: what pinner and astimports export is what others build on. It changes
// knowingly, with a line in testdata/api.
func TestAPI(t *testing.T) {
	for _, pkg := range []string{"pinner", "astimports"} {
		golden := filepath.Join("..", "..", "testdata", "api", pkg+".txt")
		got := strings.Join(exported(t, filepath.Join("..", "..", pkg)), "\n") + "\n"
		if *updateAPI {
			if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("the API of %s has changed; if that is meant: go test ./cmd/pinfix -run TestAPI -update-api\n%s", pkg, diff)
		}
	}
}

// exported returns the exported declarations of the package in dir without their
// bodies and comments, one line each, sorted.
func exported(t *testing.T, dir string) []string {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	fset := token.NewFileSet()
	line := func(kind string, node any) string {
		var b bytes.Buffer
		if err := printer.Fprint(&b, fset, node); err != nil {
			t.Fatal(err)
		}
		return kind + " " + strings.Join(strings.Fields(b.String()), " ")
	}
	var out []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(f)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil || ast.IsExported(receiver(d)) {
					d.Body = nil
					out = append(out, strings.TrimPrefix(line("", d), " "))
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					out = append(out, specLines(d, spec, line)...)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// receiver returns the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	return t.(*ast.Ident).Name
}

// specLines gives a struct a line for each field, so that a diff names the field.
func specLines(d *ast.GenDecl, spec ast.Spec, line func(string, any) string) []string {
	t, ok := spec.(*ast.TypeSpec)
	if !ok {
		return []string{line(d.Tok.String(), spec)}
	}
	s, ok := t.Type.(*ast.StructType)
	if !ok {
		return []string{line("type", spec)}
	}
	out := []string{fmt.Sprintf("type %s struct", t.Name)}
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 {
			out = append(out, fmt.Sprintf("type %s struct, embeds%s", t.Name, line("", f.Type)))
		}
		for _, name := range f.Names {
			out = append(out, fmt.Sprintf("type %s struct, %s%s", t.Name, name, line("", f.Type)))
		}
	}
	return out
}
