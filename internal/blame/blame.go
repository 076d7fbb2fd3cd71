// Package blame finds out on which packages faulty code depends: where each of them stays
// as it is, the fault stays. [New] takes a package as go/types has checked it, [Blamer.Explain]
// a fault of that.
package blame

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// A Fault is an error of go/types, and what is found out of it.
type Fault struct {
	Msg string // as go/types has it, in one line

	// Blames are the import paths of the other packages that the faulty code
	// depends on, the likeliest first.
	Blames []string
	Unsure bool // other code that does not compile may be behind it

	API  API    // what of another package the code does not fit
	Expr string // the faulty expression, as the code has it; "" if the message says it
}

// NewInfo returns what go/types has to fill in for [New].
func NewInfo() *types.Info {
	return &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}, Implicits: map[ast.Node]types.Object{},
		Instances: map[*ast.Ident]types.Instance{}}
}

// New returns the blamer of a package: its import path, what go/types has made of it, and
// its files.
func New(path string, pkg *types.Package, info *types.Info, files []*ast.File) *Blamer {
	b := &Blamer{gathering{self: path, pkg: pkg, info: info}}
	b.initializers(files)
	return b
}

// A Blamer finds out on which packages faulty code of one package depends. It has many
// methods, one for each form that faulty code has and for what each looks at.
type Blamer struct{ gathering }

// Explain fills in what the fault depends on and what is known of it. pos is where the
// error was reported, start to end the code that it is about.
func (b *Blamer) Explain(f *Fault, file *ast.File, start, pos, end token.Pos) {
	b.out, b.seen, b.traced, b.unsure, b.fields = nil, map[visit]bool{}, map[types.Object]bool{}, false, false
	path, exact := astutil.PathEnclosingInterval(file, start, end)
	if !exact {
		path, _ = astutil.PathEnclosingInterval(file, pos, pos)
	}
	if call := b.instance(path, pos); call != nil && start == end {
		b.fields = true
		b.count(f, call)
	} else {
		b.at(f, path, pos)
	}
	if strings.Contains(f.Msg, " does not satisfy ") {
		b.argument(f, path)
	}
	f.Blames, f.Unsure = b.out, b.unsure
}

// argument: a type argument without all methods of its constraint.
func (b *Blamer) argument(f *Fault, path []ast.Node) {
	for _, n := range path {
		var x ast.Expr
		switch n := n.(type) {
		case *ast.IndexExpr:
			x = n.X
		case *ast.IndexListExpr:
			x = n.X
		case *ast.CallExpr:
			x = n.Fun
		case ast.Stmt:
			return
		default:
			continue
		}
		var id *ast.Ident
		switch x := ast.Unparen(x).(type) {
		case *ast.SelectorExpr:
			id = x.Sel
		case *ast.Ident:
			id = x
		}
		args, params := b.info.Instances[id].TypeArgs, typeParams(b.info.Uses[id])
		for i := range params.Len() {
			var have types.Type
			if i < args.Len() {
				have = args.At(i)
			} else if call, ok := n.(*ast.CallExpr); ok {
				have = b.inferred(call, b.info.Uses[id], params.At(i))
			}
			want := params.At(i).Constraint()
			if iface, ok := want.Underlying().(*types.Interface); ok && have != nil && f.API.Kind != Method {
				b.implements(f, have, want, iface)
			}
		}
		if params.Len() > 0 {
			return
		}
	}
}

// inferred is the type that a call gives a type parameter of the function, where a
// parameter is of just that type: go/types keeps none that does not fit.
func (b *Blamer) inferred(call *ast.CallExpr, fn types.Object, p *types.TypeParam) types.Type {
	sig, ok := fn.Type().(*types.Signature)
	if !ok {
		return nil
	}
	for i, a := range call.Args {
		if i < sig.Params().Len() && sig.Params().At(i).Type() == p {
			return b.info.Types[a].Type
		}
	}
	return nil
}

// typeParams are those of a generic function or type; none of anything else.
func typeParams(obj types.Object) *types.TypeParamList {
	switch obj := obj.(type) {
	case *types.Func:
		return obj.Signature().TypeParams()
	case *types.TypeName:
		if t, ok := obj.Type().(*types.Named); ok {
			return t.TypeParams()
		}
	}
	return nil
}

// instance returns the call of a generic function that begins at pos: go/types reports
// there that the type arguments which it has inferred do not fit.
func (b *Blamer) instance(path []ast.Node, pos token.Pos) *ast.CallExpr {
	for _, n := range path {
		switch n := n.(type) {
		case *ast.CallExpr:
			if n.Pos() == pos && b.generic(n) {
				return n
			}
		case ast.Stmt:
			return nil
		}
	}
	return nil
}

// at looks at the fault of path[0]. What the faulty code does not depend on stays out,
// so that a caller can tell that no other version of anything fixes it; what it may
// depend on has to be in, so that none that would is overlooked.
func (b *Blamer) at(f *Fault, path []ast.Node, pos token.Pos) {
	path = slices.DeleteFunc(slices.Clone(path), func(n ast.Node) bool {
		_, paren := n.(*ast.ParenExpr)
		return paren
	})
	if len(path) == 0 {
		return
	}
	for _, n := range path {
		if spec, ok := n.(*ast.ImportSpec); ok {
			b.path(importPath(spec))
			return
		}
	}
	var parent ast.Node
	if len(path) > 1 {
		parent = path[1]
	}
	if sel, ok := parent.(*ast.SelectorExpr); ok && sel.Sel == path[0] && b.info.Uses[sel.Sel] == nil {
		b.selector(f, sel)
		return
	} else if ok && sel.Sel == path[0] {
		b.at(f, path[1:], pos)
		return
	}
	if call, ok := path[0].(*ast.CallExpr); ok && pos == call.Rparen {
		b.count(f, call)
		return
	}
	if call, ok := parent.(*ast.CallExpr); ok && (b.tooMany(call, path[0]) || ast.Unparen(call.Fun) == path[0]) {
		b.count(f, call)
		return
	}
	switch e := path[0].(type) {
	case *ast.CompositeLit:
		if pos == e.Rbrace { // too few values
			b.element(f, e, nil, nil)
			return
		}
	case *ast.KeyValueExpr:
		if lit, ok := parent.(*ast.CompositeLit); ok { // an unknown field
			b.element(f, lit, e, e.Value)
			return
		}
	case *ast.Ident:
		if kv, ok := parent.(*ast.KeyValueExpr); ok && kv.Key == e && len(path) > 2 {
			if lit, ok := path[2].(*ast.CompositeLit); ok && b.isStruct(lit) { // an unknown field
				b.element(f, lit, kv, kv.Value)
				return
			}
		}
		if b.undefined(e, path) {
			return
		}
	}
	e, ok := path[0].(ast.Expr)
	if !ok {
		b.whole(path)
		return
	}
	b.value(f, e, path)
	if len(b.out) == 0 {
		b.whole(path)
	}
}

func (b *Blamer) isStruct(lit *ast.CompositeLit) bool {
	t := b.info.Types[lit].Type
	if t == nil {
		return false
	}
	_, ok := deref(t).Underlying().(*types.Struct)
	return ok
}

// undefined reports whether a name is the package's own and not there: it is of no other
// package, unless the file imports one with a dot.
func (b *Blamer) undefined(id *ast.Ident, path []ast.Node) bool {
	if b.info.Uses[id] != nil || b.info.Defs[id] != nil {
		return false
	}
	if _, ok := b.info.Defs[id]; ok {
		return false // the variable of a type switch
	}
	file, ok := path[len(path)-1].(*ast.File)
	return ok && !slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Name != nil && i.Name.Name == "." })
}

// selector: x.Name does not exist, or is ambiguous.
func (b *Blamer) selector(f *Fault, sel *ast.SelectorExpr) {
	f.Expr = types.ExprString(sel)
	if id, ok := sel.X.(*ast.Ident); ok {
		if name, ok := b.info.Uses[id].(*types.PkgName); ok {
			b.add(name.Imported())
			f.API = API{Kind: Gone, Package: name.Imported().Path(), Name: sel.Sel.Name}
			return
		}
	}
	t := b.info.Types[sel.X].Type
	b.typ(t)
	b.expr(sel.X)
	if n := named(t); n != nil && n.Obj().Pkg() != nil && n.Obj().Pkg() != b.pkg {
		f.API = API{Kind: Gone, Package: n.Obj().Pkg().Path(), Name: n.Obj().Name() + "." + sel.Sel.Name}
	}
}

// tooMany reports whether arg is the first argument that the function of call has no
// parameter for.
func (b *Blamer) tooMany(call *ast.CallExpr, arg ast.Node) bool {
	sig := b.signature(call)
	if sig == nil || sig.Variadic() {
		return false
	}
	i := slices.IndexFunc(call.Args, func(e ast.Expr) bool { return ast.Unparen(e) == arg })
	return i >= sig.Params().Len() && i >= 0
}

func (b *Blamer) signature(call *ast.CallExpr) *types.Signature {
	t := b.info.Types[call.Fun].Type
	if t == nil {
		return nil
	}
	sig, _ := t.Underlying().(*types.Signature)
	return sig
}

// count: a call with too few or too many arguments.
func (b *Blamer) count(f *Fault, call *ast.CallExpr) {
	b.callee(f, call)
	if b.generic(call) {
		b.arguments(call)
	}
	if len(call.Args) == 1 {
		if inner, ok := ast.Unparen(call.Args[0]).(*ast.CallExpr); ok { // f(g()), where g returns several
			b.expr(inner)
		}
	}
}

// callee: the function that is called has another signature.
func (b *Blamer) callee(f *Fault, call *ast.CallExpr) {
	b.expr(call.Fun)
	if n := named(b.info.Types[call.Fun].Type); n != nil {
		b.typ(n)
	}
	fun := call.Fun
	switch ix := ast.Unparen(fun).(type) {
	case *ast.IndexExpr:
		fun = ix.X
	case *ast.IndexListExpr:
		fun = ix.X
	}
	var id *ast.Ident
	switch fun := ast.Unparen(fun).(type) {
	case *ast.SelectorExpr:
		id = fun.Sel
	case *ast.Ident:
		id = fun
	}
	fn, ok := b.info.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg() == b.pkg {
		return
	}
	f.Expr = types.ExprString(call.Fun)
	f.API = API{Kind: Signature, Package: fn.Pkg().Path(), Name: memberName(fn), Now: Declaration(fn)}
}

// value: an expression that does not fit where it is used.
func (b *Blamer) value(f *Fault, e ast.Expr, path []ast.Node) {
	if a, ok := e.(*ast.TypeAssertExpr); ok && a.Type != nil {
		path = append([]ast.Node{a.Type}, path...)
		e = a.Type
	}
	have := b.info.Types[e].Type
	b.fields = b.compares(e, path)
	want, all := b.target(f, path)
	if iface := asInterface(want); iface != nil && have != nil {
		b.implements(f, have, want, iface)
	}
	b.typ(want)
	b.typ(have)
	b.expr(e)
	if f.API.Kind == Other {
		b.origin(f, e)
	}
	if all {
		b.around(path[1])
	}
}

// compares reports whether the types are compared or converted as a whole, with everything in them:
// in ==, the key of a map, a conversion.
func (b *Blamer) compares(e ast.Expr, path []ast.Node) bool {
	if _, ok := e.(*ast.BinaryExpr); ok || len(path) < 2 {
		return ok
	}
	switch n := path[1].(type) {
	case *ast.BinaryExpr, *ast.MapType, *ast.CaseClause, *ast.IndexExpr:
		return true
	case *ast.CallExpr:
		return b.info.Types[n.Fun].IsType()
	}
	return false
}

// origin: what the value comes from may have another type than it had.
func (b *Blamer) origin(f *Fault, e ast.Expr) {
	switch e := e.(type) {
	case *ast.CallExpr:
		b.callee(f, e)
	case *ast.SelectorExpr:
		v, ok := b.info.Uses[e.Sel].(*types.Var)
		if !ok || v.Pkg() == nil || v.Pkg() == b.pkg {
			return
		}
		name := v.Name()
		if v.IsField() {
			n := named(b.info.Types[e.X].Type)
			if n == nil || n.Obj().Pkg() != v.Pkg() {
				return
			}
			name = n.Obj().Name() + "." + name
		}
		f.Expr = types.ExprString(e)
		f.API = API{Kind: Signature, Package: v.Pkg().Path(), Name: name, Now: Declaration(v)}
	}
}

// target returns the type that the code around path[0] wants of it, nil if it cannot be
// told. all is whether everything in path[1] may have to do with it.
func (b *Blamer) target(f *Fault, path []ast.Node) (want types.Type, all bool) {
	if len(path) < 2 {
		return nil, false
	}
	e := path[0].(ast.Expr)
	switch n := path[1].(type) {
	case *ast.KeyValueExpr:
		if 2 < len(path) {
			if lit, ok := path[2].(*ast.CompositeLit); ok {
				return b.element(f, lit, n, e), true
			}
		}
	case *ast.CompositeLit:
		return b.element(f, n, nil, e), false
	case *ast.CallExpr:
		if ast.Unparen(n.Fun) == e {
			return nil, true
		}
		return b.parameter(f, n, e), false
	case *ast.ReturnStmt:
		return b.result(n, e, path[1:]), false
	case *ast.AssignStmt:
		return b.assigned(n.Lhs, n.Rhs, e), false
	case *ast.ValueSpec:
		if n.Type != nil {
			b.expr(n.Type)
			return b.info.Types[n.Type].Type, false
		}
		return nil, true
	case *ast.SendStmt:
		b.expr(n.Chan)
		if t := b.info.Types[n.Chan].Type; t != nil {
			if c, ok := t.Underlying().(*types.Chan); ok {
				return c.Elem(), false
			}
		}
		return nil, true
	case *ast.TypeAssertExpr:
		// A type that does not implement the interface that X is.
		b.expr(n.X)
		return b.info.Types[n.X].Type, true
	case *ast.CaseClause:
		if 3 < len(path) {
			switch s := path[3].(type) {
			case *ast.TypeSwitchStmt:
				b.around(s.Assign)
				return b.switched(s), false
			case *ast.SwitchStmt:
				b.expr(s.Tag)
				return nil, false
			}
		}
	}
	return nil, true
}

// switched is the type of the interface that a type switch looks into.
func (b *Blamer) switched(s *ast.TypeSwitchStmt) types.Type {
	var t types.Type
	ast.Inspect(s.Assign, func(n ast.Node) bool {
		if a, ok := n.(*ast.TypeAssertExpr); ok && a.Type == nil {
			t = b.info.Types[a.X].Type
		}
		return t == nil
	})
	return t
}

// element is the type of an element or a field of a literal. A name in an unkeyed literal
// is not told from a value of it: the struct has other fields.
func (b *Blamer) element(f *Fault, lit *ast.CompositeLit, kv *ast.KeyValueExpr, e ast.Expr) types.Type {
	t := b.info.Types[lit].Type
	if lit.Type != nil {
		b.expr(lit.Type)
	}
	b.typ(t)
	if t == nil {
		return nil
	}
	switch u := deref(t).Underlying().(type) {
	case *types.Slice:
		return u.Elem()
	case *types.Array:
		return u.Elem()
	case *types.Map:
		if kv != nil && ast.Unparen(kv.Key) == e {
			return u.Key()
		}
		return u.Elem()
	case *types.Struct:
		return b.field(f, t, u, lit, kv, e)
	}
	return nil
}

func (b *Blamer) field(f *Fault, t types.Type, u *types.Struct, lit *ast.CompositeLit, kv *ast.KeyValueExpr, e ast.Expr) types.Type {
	n := named(t)
	foreign := n != nil && n.Obj().Pkg() != nil && n.Obj().Pkg() != b.pkg
	if kv == nil {
		if foreign {
			f.API = API{Kind: Signature, Package: n.Obj().Pkg().Path(), Name: n.Obj().Name(), Now: Declaration(n.Obj())}
			f.Expr = types.ExprString(lit.Type)
		}
		if i := slices.IndexFunc(lit.Elts, func(x ast.Expr) bool { return ast.Unparen(x) == e }); i >= 0 && i < u.NumFields() {
			return u.Field(i).Type()
		}
		return nil
	}
	key, ok := kv.Key.(*ast.Ident)
	if !ok {
		return nil
	}
	for v := range u.Fields() {
		if v.Name() == key.Name {
			if foreign {
				f.API = API{Kind: Signature, Package: n.Obj().Pkg().Path(), Name: n.Obj().Name() + "." + key.Name, Now: Declaration(v)}
			}
			return v.Type()
		}
	}
	if foreign {
		f.API = API{Kind: Gone, Package: n.Obj().Pkg().Path(), Name: n.Obj().Name() + "." + key.Name}
	}
	return nil
}

// parameter is the type of the parameter that an argument is for.
func (b *Blamer) parameter(f *Fault, call *ast.CallExpr, arg ast.Expr) types.Type {
	b.callee(f, call)
	if tv := b.info.Types[call.Fun]; tv.IsType() { // a conversion
		return tv.Type
	}
	sig := b.signature(call)
	i := slices.IndexFunc(call.Args, func(e ast.Expr) bool { return ast.Unparen(e) == arg })
	if sig == nil || i < 0 {
		return nil
	}
	if b.generic(call) {
		b.arguments(call)
	}
	n := sig.Params().Len()
	switch {
	case sig.Variadic() && i >= n-1:
		if s, ok := sig.Params().At(n - 1).Type().Underlying().(*types.Slice); ok && !call.Ellipsis.IsValid() {
			return s.Elem()
		}
		return sig.Params().At(n - 1).Type()
	case i < n:
		return sig.Params().At(i).Type()
	}
	return nil
}

// arguments adds what the type parameters of a generic function are inferred from.
func (b *Blamer) arguments(call *ast.CallExpr) {
	for _, a := range call.Args {
		b.typ(b.info.Types[a].Type)
		b.expr(a)
	}
}

// generic reports whether the function that is called has type parameters.
func (b *Blamer) generic(call *ast.CallExpr) bool {
	var found bool
	ast.Inspect(call.Fun, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if fn, ok := b.info.Uses[id].(*types.Func); ok && fn.Signature().TypeParams().Len() > 0 {
				found = true
			}
		}
		_, lit := n.(*ast.FuncLit)
		return !found && !lit
	})
	return found
}

// result is the type that a function returns where e is.
func (b *Blamer) result(ret *ast.ReturnStmt, e ast.Expr, around []ast.Node) types.Type {
	for _, n := range around {
		var results *ast.FieldList
		switch n := n.(type) {
		case *ast.FuncLit:
			results = n.Type.Results
		case *ast.FuncDecl:
			results = n.Type.Results
		default:
			continue
		}
		if results == nil {
			return nil
		}
		var list []ast.Expr
		for _, field := range results.List {
			for range max(1, len(field.Names)) {
				list = append(list, field.Type)
			}
		}
		i := slices.IndexFunc(ret.Results, func(x ast.Expr) bool { return ast.Unparen(x) == e })
		if len(ret.Results) != len(list) || i < 0 {
			for _, t := range list {
				b.typ(b.info.Types[t].Type)
			}
			return nil
		}
		return b.info.Types[list[i]].Type
	}
	return nil
}

// assigned is the type of the variable that e is assigned to.
func (b *Blamer) assigned(lhs, rhs []ast.Expr, e ast.Expr) types.Type {
	i := slices.IndexFunc(rhs, func(x ast.Expr) bool { return ast.Unparen(x) == e })
	if len(lhs) != len(rhs) || i < 0 {
		for _, l := range lhs {
			b.typ(b.info.Types[l].Type)
			b.expr(l)
		}
		return nil
	}
	b.expr(lhs[i])
	if id, ok := lhs[i].(*ast.Ident); ok {
		for _, obj := range []types.Object{b.info.Uses[id], b.info.Defs[id]} {
			if obj != nil {
				return obj.Type()
			}
		}
	}
	return b.info.Types[lhs[i]].Type
}

// implements: a type without all methods of an interface, or with other ones.
func (b *Blamer) implements(f *Fault, have, want types.Type, iface *types.Interface) {
	m, wrong := types.MissingMethod(have, iface, true)
	if m == nil {
		return
	}
	b.add(m.Pkg())
	b.typ(m.Type())
	api := API{Kind: Method, Package: pathOf(m.Pkg()), Name: memberName(m), Now: Declaration(m), Lacks: b.short(have), Of: b.short(want)}
	if n := named(want); n != nil && n.Obj().Pkg() != nil {
		// A method of an interface that is embedded counts as one of the whole.
		api.Package, api.Name = n.Obj().Pkg().Path(), n.Obj().Name()+"."+m.Name()
	}
	if wrong {
		obj, _, _ := types.LookupFieldOrMethod(have, true, m.Pkg(), m.Name())
		if own, ok := obj.(*types.Func); ok {
			api.Have = Declaration(own)
			b.add(own.Pkg())
			b.typ(own.Type())
		}
	}
	f.API = api
}

// short writes a type as its package would, and those of others with package names.
func (b *Blamer) short(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == b.pkg {
			return ""
		}
		return p.Name()
	})
}

func importPath(spec *ast.ImportSpec) string {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	return path
}

func pathOf(p *types.Package) string {
	if p == nil {
		return ""
	}
	return p.Path()
}

func deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// named returns the named type that t is or points to.
func named(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n
}

func asInterface(t types.Type) *types.Interface {
	if t == nil {
		return nil
	}
	if _, ok := t.(*types.TypeParam); ok {
		return nil
	}
	i, _ := t.Underlying().(*types.Interface)
	return i
}
