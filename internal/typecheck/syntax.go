package typecheck

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Syntax parses and checks a package again that [Checker.Check] has checked, bodies
// too, and returns its files with what go/types knows of them; what does not compile
// leaves gaps there. source is as in Check. ok is false for a package that was not checked.
func (c *Checker) Syntax(path string, source map[string][]byte) (fset *token.FileSet, files []*ast.File, info *types.Info, ok bool) {
	done := c.done[path]
	if done == nil {
		return nil, nil, nil, false
	}
	pkg := *done.pkg
	pkg.Bodies = true
	r := &result{pkg: &pkg, deps: done.deps}
	fset = token.NewFileSet()
	files = r.parse(fset, source)
	info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	conf := r.config(fset, c.sizes)
	conf.Check(path, fset, files, info) // conf.Error has them all
	return fset, files, info, true
}
