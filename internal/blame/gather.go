package blame

import (
	"go/ast"
	"go/types"
	"slices"
)

// A gathering is the packages that the code of one package depends on, as far as it was
// looked at: those of types and expressions, and what gave the package's own variables
// their types.
type gathering struct {
	self string // the import path of pkg
	pkg  *types.Package
	info *types.Info
	from map[types.Object]ast.Expr // what gives a variable, constant or type of the package its type

	// Of the fault that is looked at:
	out    []string
	seen   map[visit]bool
	depth  int // of typ
	traced map[types.Object]bool
	unsure bool
	fields bool // what the fields of the package's own types are counts, too
}

// initializers fills g.from.
func (g *gathering) initializers(files []*ast.File) {
	g.from = map[types.Object]ast.Expr{}
	note := func(id ast.Expr, e ast.Expr) {
		if id, ok := id.(*ast.Ident); ok && e != nil {
			if obj := g.info.Defs[id]; obj != nil {
				g.from[obj] = e
			}
		}
	}
	pairs := func(lhs, rhs []ast.Expr) {
		for i, id := range lhs {
			switch {
			case len(rhs) == len(lhs):
				note(id, rhs[i])
			case len(rhs) == 1:
				note(id, rhs[0])
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				pairs(n.Lhs, n.Rhs)
			case *ast.RangeStmt:
				note(n.Key, n.X)
				note(n.Value, n.X)
			case *ast.ValueSpec:
				var names []ast.Expr
				for _, id := range n.Names {
					names = append(names, id)
				}
				if n.Type == nil {
					pairs(names, n.Values)
				}
				for _, id := range names {
					note(id, n.Type)
				}
			case *ast.Field:
				for _, id := range n.Names {
					note(id, n.Type)
				}
			case *ast.TypeSpec:
				note(n.Name, n.Type)
			case *ast.TypeSwitchStmt:
				g.clauses(n)
			}
			return true
		})
	}
}

// clauses notes where the variable of a type switch has its type from in the clauses that
// do not say it.
func (g *gathering) clauses(s *ast.TypeSwitchStmt) {
	a, ok := s.Assign.(*ast.AssignStmt)
	if !ok || len(a.Rhs) != 1 {
		return
	}
	for _, c := range s.Body.List {
		if c := c.(*ast.CaseClause); len(c.List) != 1 {
			if obj := g.info.Implicits[c]; obj != nil {
				g.from[obj] = a.Rhs[0]
			}
		}
	}
}

// expr adds the packages that the type of an expression comes from: those of the
// functions, variables and types in it, and what gave the plugin's own ones their types.
func (g *gathering) expr(e ast.Expr) {
	if e == nil {
		return
	}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			g.expr(n.Type)
			return false
		case *ast.Ident:
			g.use(n)
		}
		return true
	})
}

func (g *gathering) use(id *ast.Ident) {
	obj := g.info.Uses[id]
	switch obj := obj.(type) {
	case nil:
	case *types.PkgName:
		g.add(obj.Imported())
	default:
		g.add(obj.Pkg())
		if obj.Pkg() != g.pkg {
			return
		}
		if fn, ok := obj.(*types.Func); ok {
			g.shallow(fn.Signature().Results())
			for p := range fn.Signature().TypeParams().TypeParams() {
				g.typ(p)
			}
			return
		}
		g.shallow(obj.Type())
		g.trace(obj)
	}
}

// trace adds where an object of the package has its type from.
func (g *gathering) trace(obj types.Object) {
	e := g.from[obj]
	if e == nil || g.traced[obj] {
		return
	}
	g.traced[obj] = true
	switch e.(type) {
	case *ast.StructType, *ast.InterfaceType:
		return // its type says all that there is to it
	}
	g.expr(e)
}

// typ adds the packages that a type depends on: those of the named types that it is made
// of, and what is embedded in these.
func (g *gathering) typ(t types.Type) { g.walk(t, true) }

// shallow is typ without what is embedded, which does not matter to code that selects
// something else.
func (g *gathering) shallow(t types.Type) { g.walk(t, false) }

// A visit is a type that was looked at.
type visit struct {
	t    types.Type
	deep bool
}

func (g *gathering) walk(t types.Type, deep bool) {
	if t == types.Typ[types.Invalid] && g.depth > 0 {
		g.unsure = true
	}
	if t == nil || g.seen[visit{t, deep}] {
		return
	}
	g.seen[visit{t, deep}] = true
	g.depth++
	defer func() { g.depth-- }()
	switch t := t.(type) {
	case *types.Named:
		g.add(t.Obj().Pkg())
		for a := range t.TypeArgs().Types() {
			g.walk(a, deep)
		}
		if t.Obj().Pkg() == g.pkg {
			for p := range t.TypeParams().TypeParams() {
				g.walk(p, deep)
			}
		}
		if t.Obj().Pkg() == g.pkg {
			g.trace(t.Obj())
		}
		switch {
		case g.fields && t.Obj().Pkg() == g.pkg:
			g.walk(t.Underlying(), deep)
		case deep:
			g.embedded(t.Underlying())
		}
	case *types.Alias:
		g.add(t.Obj().Pkg())
		g.walk(types.Unalias(t), deep)
	case *types.Pointer:
		g.walk(t.Elem(), deep)
	case *types.Slice:
		g.walk(t.Elem(), deep)
	case *types.Array:
		g.walk(t.Elem(), deep)
	case *types.Chan:
		g.walk(t.Elem(), deep)
	case *types.Map:
		g.walk(t.Key(), deep)
		g.walk(t.Elem(), deep)
	case *types.Signature:
		g.walk(t.Params(), deep)
		g.walk(t.Results(), deep)
	case *types.Tuple:
		for v := range t.Variables() {
			g.walk(v.Type(), deep)
		}
	case *types.TypeParam:
		g.walk(t.Constraint(), deep)
	case *types.Struct:
		for v := range t.Fields() {
			g.walk(v.Type(), deep)
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			g.walk(m.Type(), deep)
		}
		g.embedded(t)
	case *types.Union:
		for term := range t.Terms() {
			g.walk(term.Type(), deep)
		}
	}
}

// embedded adds what the methods and fields of a named type come from.
func (g *gathering) embedded(t types.Type) {
	switch t := t.(type) {
	case *types.Struct:
		for v := range t.Fields() {
			if v.Embedded() {
				g.typ(v.Type())
			}
		}
	case *types.Interface:
		for e := range t.EmbeddedTypes() {
			g.typ(e)
		}
	}
}

func (g *gathering) add(p *types.Package) {
	if p != nil {
		g.path(p.Path())
	}
}

func (g *gathering) path(path string) {
	if path != g.self && !slices.Contains(g.out, path) {
		g.out = append(g.out, path)
	}
}

// around adds what n refers to next to its blocks and the literals of functions.
func (g *gathering) around(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			return false
		case *ast.Ident:
			g.use(n)
		case ast.Expr:
			g.typ(g.info.Types[n].Type)
		}
		return true
	})
}

// whole goes from the innermost node outwards to the statement or declaration, for a
// fault that is not of one expression.
func (g *gathering) whole(path []ast.Node) {
	for _, n := range path {
		switch n.(type) {
		case *ast.BlockStmt, *ast.File:
			return
		}
		g.around(n)
		if _, ok := n.(ast.Stmt); ok && len(g.out) > 0 {
			return
		}
	}
}
