package blame

import (
	"go/types"
	"strings"
)

// A Kind says in which way code does not fit another package.
type Kind int

const (
	Other     Kind = iota // the fault's message is all there is
	Gone                  // the package has no such name, or the type no such field or method
	Signature             // a function has other parameters, a struct other fields
	Method                // a type does not implement an interface
)

// An API is the declaration of another package that faulty code does not fit.
type API struct {
	Kind    Kind
	Package string // import path
	Name    string // "New", "Type.Method", "Type.Field"
	Now     string // the declaration, in the words of its package; "" if it is gone
	Lacks   string // of Method: the type that does not implement Of
	Of      string // of Method: the interface
	Have    string // of Method: the method that the type has instead; "" if it has none
}

// Method returns the name of the method alone.
func (a API) Method() string { return a.Name[strings.LastIndexByte(a.Name, '.')+1:] }

// memberName is the name of a function within its package, with the type that it is
// declared for.
func memberName(fn *types.Func) string {
	if recv := fn.Signature().Recv(); recv != nil {
		if n := named(recv.Type()); n != nil {
			return n.Obj().Name() + "." + fn.Name()
		}
	}
	return fn.Name()
}

// maxDeclaration is about three lines of a terminal.
const maxDeclaration = 300

// Declaration writes an object as its package declares it, names of other packages
// before what is theirs.
func Declaration(obj types.Object) string {
	short := func(p *types.Package) string {
		if p == obj.Pkg() {
			return ""
		}
		return p.Name()
	}
	var s string
	switch obj := obj.(type) {
	case *types.Func:
		s = obj.Name() + strings.TrimPrefix(types.TypeString(obj.Type(), short), "func")
	case *types.TypeName:
		s = obj.Name() + " " + types.TypeString(obj.Type().Underlying(), short)
	default:
		s = obj.Name() + " " + types.TypeString(obj.Type(), short)
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxDeclaration {
		s = s[:maxDeclaration] + "…"
	}
	return s
}
