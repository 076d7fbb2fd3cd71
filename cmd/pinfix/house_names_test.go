package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"
)

// TestNoShadows: no name in the product's code hides one that Go declares: after
// max := limit, the next line that calls max does not compile, or does something else.
func TestNoShadows(t *testing.T) {
	walkHouse(t, func(name, rel string) {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range declared(f) {
			if id.Name != "_" && types.Universe.Lookup(id.Name) != nil {
				t.Errorf("%s:%d: %s is a name of Go's own", rel, fset.Position(id.Pos()).Line, id.Name)
			}
		}
	})
}

// declared returns the names that a file declares, but those of methods and fields, which
// hide nothing.
func declared(f *ast.File) []*ast.Ident {
	var out []*ast.Ident
	fields := func(lists ...*ast.FieldList) {
		for _, l := range lists {
			if l == nil {
				continue
			}
			for _, field := range l.List {
				out = append(out, field.Names...)
			}
		}
	}
	exprs := func(tok token.Token, list ...ast.Expr) {
		for _, e := range list {
			if id, ok := e.(*ast.Ident); ok && tok == token.DEFINE {
				out = append(out, id)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			if n.Name != nil {
				out = append(out, n.Name)
			}
		case *ast.FuncDecl:
			fields(n.Recv)
			if n.Recv == nil {
				out = append(out, n.Name)
			}
		case *ast.FuncType:
			fields(n.TypeParams, n.Params, n.Results)
		case *ast.TypeSpec:
			fields(n.TypeParams)
			out = append(out, n.Name)
		case *ast.ValueSpec:
			out = append(out, n.Names...)
		case *ast.AssignStmt:
			exprs(n.Tok, n.Lhs...)
		case *ast.RangeStmt:
			exprs(n.Tok, n.Key, n.Value)
		}
		return true
	})
	return out
}
