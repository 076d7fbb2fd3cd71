package typecheck

import (
	"go/ast"
	"go/types"
	"strconv"
)

// named passes on the package that obj is, or comes from.
func (r *result) named(obj types.Object, add func(*types.Package)) {
	switch obj := obj.(type) {
	case nil:
	case *types.PkgName:
		add(obj.Imported())
	default:
		add(obj.Pkg())
		origins(obj.Type(), add)
	}
}

// origins passes on the packages of the named types that t is made of.
func origins(t types.Type, add func(*types.Package)) {
	switch t := t.(type) {
	case *types.Named:
		add(t.Obj().Pkg())
	case *types.Alias:
		add(t.Obj().Pkg())
		origins(types.Unalias(t), add)
	case *types.Pointer:
		origins(t.Elem(), add)
	case *types.Slice:
		origins(t.Elem(), add)
	case *types.Array:
		origins(t.Elem(), add)
	case *types.Chan:
		origins(t.Elem(), add)
	case *types.Map:
		origins(t.Key(), add)
		origins(t.Elem(), add)
	case *types.Signature:
		origins(t.Params(), add)
		origins(t.Results(), add)
	case *types.Tuple:
		for v := range t.Variables() {
			origins(v.Type(), add)
		}
	}
}

func importPath(spec *ast.ImportSpec) string {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	return path
}
