package typecheck

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/blame"
	"github.com/pinfix/pinfix/internal/bounded"
)

// An API is the declaration of another package that faulty code does not fit, a Kind in
// which way.
type (
	API  = blame.API
	Kind = blame.Kind
)

// The kinds of [blame.Kind].
const (
	Other     = blame.Other
	Gone      = blame.Gone
	Signature = blame.Signature
	Method    = blame.Method
)

// Declaration returns a declaration of a package as it was checked last: "New",
// "Type.Method" or "Type.Field" of it; "" if there is none.
func (c *Checker) Declaration(pkg, name string) string {
	r := c.done[pkg]
	if r == nil || r.types == nil {
		return ""
	}
	first, member, _ := strings.Cut(name, ".")
	obj := r.types.Scope().Lookup(first)
	if obj == nil {
		return ""
	}
	if member != "" {
		if obj, _, _ = types.LookupFieldOrMethod(obj.Type(), true, r.types, member); obj == nil {
			return ""
		}
	}
	return blame.Declaration(obj)
}

// Declares reports whether Go files of one package declare name: "New", "Type.Method" or
// "Type.Field". What a type embeds is not looked at, and tests do not count.
func Declares(files []string, name string) bool {
	first, member, _ := strings.Cut(name, ".")
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := bounded.ReadFile(file, bounded.Source)
		if err != nil {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
		if err == nil && slices.ContainsFunc(f.Decls, func(d ast.Decl) bool { return declares(d, first, member) }) {
			return true
		}
	}
	return false
}

func declares(d ast.Decl, first, member string) bool {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return member == "" && d.Name.Name == first
		}
		return member == d.Name.Name && receiver(d.Recv) == first
	case *ast.GenDecl:
		return slices.ContainsFunc(d.Specs, func(s ast.Spec) bool {
			switch s := s.(type) {
			case *ast.ValueSpec:
				return member == "" && hasName(s.Names, first)
			case *ast.TypeSpec:
				return s.Name.Name == first && (member == "" || hasMember(s.Type, member))
			}
			return false
		})
	}
	return false
}

func receiver(recv *ast.FieldList) string {
	for _, f := range recv.List {
		t := f.Type
		if p, ok := t.(*ast.StarExpr); ok {
			t = p.X
		}
		switch x := t.(type) {
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		}
		if id, ok := t.(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}

func hasMember(t ast.Expr, name string) bool {
	var list *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return false
	}
	return slices.ContainsFunc(list.List, func(f *ast.Field) bool { return hasName(f.Names, name) })
}

func hasName(ids []*ast.Ident, name string) bool {
	return slices.ContainsFunc(ids, func(id *ast.Ident) bool { return id.Name == name })
}
