// Package loopvar finds the loops whose meaning depends on the language version:
// from go 1.22 on, the variables of a loop are new in each iteration, and before
// that all iterations share them (https://go.dev/blog/loopvar-preview). [Find]
// names those in which that can be seen.
package loopvar

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"go/version"
	"slices"
)

// A Package is the syntax of a package, and what go/types knows of it: at least
// Types, Defs, Uses and Selections. Type errors may have left gaps there.
type Package struct {
	Fset  *token.FileSet
	Files []*ast.File
	Info  *types.Info
}

// A Loop is a for statement, by its file as the file set names it, and its line
// there; //line comments do not count.
type Loop struct {
	File string
	Line int
}

// Changed reports whether loops mean something else under two language versions,
// "1.21" and "1.22".
func Changed(from, to string) bool { return Shared(from) != Shared(to) }

// Shared reports whether all iterations share the variables of a loop under a
// language version.
func Shared(lang string) bool { return version.Compare(version.Lang("go"+lang), "go1.22") < 0 }

// Find returns the loops of pkgs that have a variable to which a closure or a
// pointer leads that can outlive the iteration, in the order of their places: what
// a program does there differs between go 1.21 and 1.22. It leaves out only what it
// can prove to end with the iteration, and so names some loops without need.
//
// A file with a Go version in its //go:build line is left out: its language is the
// one that it names, whatever go.mod says.
func Find(pkgs []*Package) []Loop {
	f := &finder{funcs: map[string]function{}}
	var all []*source
	for _, p := range pkgs {
		s := &source{Package: p, parents: map[ast.Node]ast.Node{}, uses: map[types.Object][]*ast.Ident{}}
		all = append(all, s)
		for _, file := range p.Files {
			f.add(s, file)
		}
	}
	var out []Loop
	for _, s := range all {
		for _, file := range s.Files {
			if file.GoVersion != "" {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if l := s.loop(n); l != nil && f.seen(l) {
					at := s.Fset.PositionFor(n.Pos(), false)
					out = append(out, Loop{at.Filename, at.Line})
				}
				return true
			})
		}
	}
	slices.SortFunc(out, func(a, b Loop) int { return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line) })
	return slices.Compact(out)
}

// A source is a package with an index of its syntax.
type source struct {
	*Package
	parents map[ast.Node]ast.Node
	uses    map[types.Object][]*ast.Ident // but for definitions
}

// A function is one with a body: what happens to its arguments can be told.
type function struct {
	src  *source
	typ  *ast.FuncType
	recv *ast.FieldList
	body *ast.BlockStmt
}

type finder struct {
	funcs map[string]function // by types.Func.FullName
	done  map[types.Object]bool
}

// add indexes a file.
func (f *finder) add(s *source, file *ast.File) {
	var stack []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if len(stack) > 0 {
			s.parents[n] = stack[len(stack)-1]
		}
		stack = append(stack, n)
		switch n := n.(type) {
		case *ast.Ident:
			if obj := s.Info.Uses[n]; obj != nil {
				s.uses[obj] = append(s.uses[obj], n)
			}
		case *ast.FuncDecl:
			if fn, ok := s.Info.Defs[n.Name].(*types.Func); ok && n.Body != nil {
				f.funcs[fn.FullName()] = function{s, n.Type, n.Recv, n.Body}
			}
		}
		return true
	})
}

// A region is a piece of code, and the question whether a reference to a variable
// outlives it: the body of a loop, for one run of it, or that of a function, for one call.
type region struct {
	*finder
	*source
	node ast.Node       // the ForStmt, RangeStmt or body of a function
	body *ast.BlockStmt // what is declared here ends with the region
	vars []types.Object // of a loop
}

// loop returns the region of a loop that declares variables, or nil.
func (s *source) loop(n ast.Node) *region {
	var names []ast.Expr
	r := &region{source: s, node: n}
	switch n := n.(type) {
	case *ast.ForStmt:
		r.body = n.Body
		if init, ok := n.Init.(*ast.AssignStmt); ok && init.Tok == token.DEFINE {
			names = init.Lhs
		}
	case *ast.RangeStmt:
		r.body = n.Body
		if n.Tok == token.DEFINE {
			names = []ast.Expr{n.Key, n.Value}
		}
	}
	for _, e := range names {
		if id, ok := e.(*ast.Ident); ok && s.Info.Defs[id] != nil {
			r.vars = append(r.vars, s.Info.Defs[id])
		}
	}
	if len(r.vars) == 0 {
		return nil
	}
	return r
}

// seen reports whether a reference to a variable of the loop can outlive an iteration.
func (f *finder) seen(loop *region) bool {
	loop.finder = f
	for _, v := range loop.vars {
		for _, id := range loop.uses[v] {
			f.done = map[types.Object]bool{}
			if loop.captured(id) || loop.taken(id) {
				return true
			}
		}
	}
	return false
}

// captured reports whether a closure around n, within the region, outlives it.
func (r *region) captured(n ast.Node) bool {
	for ; n != nil && n != r.node; n = r.parents[n] {
		if lit, ok := n.(*ast.FuncLit); ok && r.outlives(lit) {
			return true
		}
	}
	return false
}

// taken reports whether the address of e, which is a variable or a part of it, is
// taken where e is used, and outlives the region.
func (r *region) taken(e ast.Expr) bool {
	switch p := r.parents[e].(type) {
	case *ast.ParenExpr:
		return r.taken(p)
	case *ast.UnaryExpr:
		return p.Op == token.AND && r.outlives(p)
	case *ast.SelectorExpr:
		sel := r.Info.Selections[p]
		switch {
		case sel == nil || sel.Indirect():
			return false // what it leads to is not in the variable
		case sel.Kind() == types.FieldVal:
			return r.taken(p)
		}
		return byPointer(sel.Obj()) && r.received(p, sel.Obj())
	case *ast.IndexExpr:
		return p.X == e && r.isArray(e) && r.taken(p)
	case *ast.SliceExpr:
		return p.X == e && r.isArray(e) && r.outlives(p)
	}
	return false
}

// isArray reports whether e is, or with other type arguments may be, an array.
func (r *region) isArray(e ast.Expr) bool {
	switch t := types.Unalias(r.Info.TypeOf(e)).(type) {
	case *types.TypeParam:
		return true
	case nil:
		return false
	default:
		_, ok := t.Underlying().(*types.Array)
		return ok
	}
}

// byPointer reports whether a method has a pointer receiver.
func byPointer(method types.Object) bool {
	sig, ok := method.Type().(*types.Signature)
	if !ok || sig.Recv() == nil {
		return false
	}
	_, ok = types.Unalias(sig.Recv().Type()).(*types.Pointer)
	return ok
}

// received reports whether the receiver of the method that sel selects, a reference, outlives
// the region: by what the method does, or by the method value.
func (r *region) received(sel *ast.SelectorExpr, method types.Object) bool {
	fn, ok := method.(*types.Func)
	if !ok {
		return r.leaks(sel)
	}
	if !keepsNoReceiver(fn) && r.keeps(fn, -1) {
		return r.leaks(sel)
	}
	return r.outlives(sel)
}

// outlives reports whether the value of e, which is a reference (a pointer, a slice
// of an array, a closure), is still there when the region has ended.
func (r *region) outlives(e ast.Expr) bool {
	switch p := r.parents[e].(type) {
	case *ast.ParenExpr:
		return r.outlives(p)
	case *ast.StarExpr:
		return r.taken(p)
	case *ast.SelectorExpr:
		return r.selected(p)
	case *ast.IndexExpr:
		if p.X != e { // the key of a map
			return r.leaks(p)
		}
		return r.taken(p)
	case *ast.SliceExpr, *ast.TypeAssertExpr:
		return r.outlives(p.(ast.Expr))
	case *ast.BinaryExpr, *ast.ExprStmt, *ast.IncDecStmt, *ast.IfStmt, *ast.SwitchStmt, *ast.CaseClause, *ast.RangeStmt:
		return false
	case *ast.CallExpr:
		return r.called(e, p)
	case *ast.AssignStmt:
		return r.assigned(e, p)
	case *ast.ValueSpec:
		if i := slices.Index(p.Values, e); i >= 0 && len(p.Names) == len(p.Values) {
			return r.stays(p.Names[i])
		}
	}
	return r.leaks(e)
}

// selected is outlives for a reference of which a field or method is selected.
func (r *region) selected(p *ast.SelectorExpr) bool {
	sel := r.Info.Selections[p]
	switch {
	case sel == nil:
		return r.leaks(p)
	case sel.Kind() == types.FieldVal:
		// The first step leads into the variable. One through a pointer that is
		// embedded there leads out of it, and does not matter.
		return r.taken(p)
	case types.IsInterface(sel.Recv()):
		return r.leaks(p)
	}
	return byPointer(sel.Obj()) && r.received(p, sel.Obj())
}

// assigned is outlives for the right side of an assignment.
func (r *region) assigned(e ast.Expr, p *ast.AssignStmt) bool {
	if slices.Contains(p.Lhs, e) {
		return false
	}
	if i := slices.Index(p.Rhs, e); len(p.Lhs) == len(p.Rhs) && (p.Tok == token.ASSIGN || p.Tok == token.DEFINE) {
		if id, ok := ast.Unparen(p.Lhs[i]).(*ast.Ident); ok {
			return r.stays(id)
		}
	}
	return r.leaks(e)
}

// stays reports whether a reference outlives the region by way of the variable that id
// names, to which it is assigned.
func (r *region) stays(id *ast.Ident) bool {
	if id.Name == "_" {
		return false
	}
	obj := r.Info.ObjectOf(id)
	v, ok := obj.(*types.Var)
	if !ok || v.Pos() < r.body.Pos() || v.Pos() >= r.body.End() || v.Kind() == types.ResultVar {
		return r.leaks(id)
	}
	return r.holds(v)
}

// holds reports whether the reference that a variable of the region holds outlives it.
func (r *region) holds(v types.Object) bool {
	if r.done[v] {
		return false // what it leads to is being looked at
	}
	r.done[v] = true
	for _, id := range r.uses[v] {
		if r.captured(id) {
			return true
		}
		switch p := r.parents[id].(type) {
		case *ast.UnaryExpr:
			if p.Op == token.AND && r.leaks(p) {
				return true // a pointer to the reference: whatever is done with it
			}
		default:
			if r.outlives(id) {
				return true
			}
		}
	}
	return false
}

// called is outlives for a reference that is called, or an argument.
func (r *region) called(e ast.Expr, call *ast.CallExpr) bool {
	switch r.parents[call].(type) {
	case *ast.GoStmt:
		return r.leaks(e)
	case *ast.DeferStmt:
		if !r.endsInside(call) {
			return r.leaks(e)
		}
	}
	if call.Fun == e {
		return false
	}
	if r.Info.Types[call.Fun].IsType() {
		return r.outlives(call)
	}
	i := slices.Index(call.Args, e)
	var obj types.Object
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.FuncLit:
		if r.param(function{r.source, fun.Type, nil, fun.Body}, i) {
			return r.leaks(e)
		}
		return false
	case *ast.Ident:
		obj = r.Info.Uses[fun]
	case *ast.SelectorExpr:
		obj = r.Info.Uses[fun.Sel]
		if sel := r.Info.Selections[fun]; sel != nil && (sel.Kind() != types.MethodVal || types.IsInterface(sel.Recv())) {
			return r.leaks(e)
		}
	}
	switch fn := obj.(type) {
	case *types.Builtin:
		if copies := fn.Name() == "append" && i == 1 && call.Ellipsis.IsValid(); copies || keepsNothing(fn) {
			return false
		}
	case *types.Func:
		if keepsNoArgument(fn, i) || !r.keeps(fn, i) {
			return false
		}
	}
	return r.leaks(e)
}

// endsInside reports whether the function that n is in ends no later than the
// region does: what it defers then runs in the region.
func (r *region) endsInside(n ast.Node) bool {
	if n, ok := r.node.(*ast.BlockStmt); ok && n == r.body {
		return true
	}
	return r.function(n) != r.function(r.node)
}

// function returns the declaration or literal that n is in.
func (s *source) function(n ast.Node) ast.Node {
	for n = s.parents[n]; n != nil; n = s.parents[n] {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return n
		}
	}
	return nil
}

// keeps reports whether an argument of fn, or with -1 its receiver, can outlive a call.
func (f *finder) keeps(fn *types.Func, arg int) bool {
	decl, ok := f.funcs[fn.Origin().FullName()]
	return !ok || f.param(decl, arg)
}

// param is keeps for a function with a body.
func (f *finder) param(fn function, arg int) bool {
	list := fn.typ.Params
	if arg < 0 {
		list, arg = fn.recv, 0
	}
	if list == nil {
		return true
	}
	for _, field := range list.List {
		n := max(len(field.Names), 1)
		if arg >= n {
			arg -= n
			continue
		}
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			return true
		}
		if len(field.Names) == 0 {
			return false
		}
		v := fn.src.Info.Defs[field.Names[arg]]
		if v == nil {
			return field.Names[arg].Name != "_"
		}
		r := &region{finder: f, source: fn.src, node: fn.body, body: fn.body}
		return r.holds(v)
	}
	return true
}

// leaks reports whether the region goes on after n, a place from which a
// reference gets out of it: a loop may be left there for good.
func (r *region) leaks(n ast.Node) bool {
	if len(r.vars) == 0 || r.function(n) != r.function(r.node) {
		return true
	}
	for child := n; child != r.node; {
		p := r.parents[child]
		var list []ast.Stmt
		switch p := p.(type) {
		case *ast.BlockStmt:
			list = p.List
		case *ast.CaseClause:
			list = p.Body
		case *ast.CommClause:
			list = p.Body
		}
		for i, s := range list {
			if s == child && r.ends(list[i:]) {
				return false
			}
		}
		child = p
	}
	return true
}

// ends reports whether the statements leave the loop, whichever way they go.
func (r *region) ends(list []ast.Stmt) bool {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ReturnStmt:
			return true
		case *ast.BranchStmt:
			return s.Tok == token.BREAK && r.breaks(s)
		}
		branches := false
		ast.Inspect(s, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.BranchStmt:
				branches = true
			}
			return true
		})
		if branches {
			return false
		}
	}
	return false
}

// breaks reports whether a break is one of this loop, or of one around it.
func (r *region) breaks(s *ast.BranchStmt) bool {
	if s.Label != nil {
		label := r.Info.Uses[s.Label]
		return label != nil && label.Pos() < r.node.Pos()
	}
	for n := r.parents[s]; ; n = r.parents[n] {
		switch n.(type) {
		case nil:
			return false
		case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			return n == r.node
		}
	}
}
