package typecheck

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strings"

	"github.com/pinfix/pinfix/internal/blame"
)

// blame checks once more, this time with the facts that tell which packages the
// faulty code depends on.
func (r *result) blame(fset *token.FileSet, files []*ast.File, sizes types.Sizes) {
	conf := r.config(fset, sizes)
	at := map[int]types.Error{} // by index in r.faults
	add := conf.Error
	conf.Error = func(err error) {
		n := len(r.faults)
		add(err)
		var e types.Error
		if len(r.faults) > n && errors.As(err, &e) {
			at[n] = e
		}
	}
	info := blame.NewInfo()
	pkg, _ := conf.Check(r.pkg.Path, fset, files, info)
	b := blame.New(r.pkg.Path, pkg, info, files)
	for i, e := range at {
		start, end := span(e)
		for _, f := range files {
			if f.FileStart <= e.Pos && e.Pos < f.FileEnd {
				why := blame.Fault{Msg: r.faults[i].Msg}
				b.Explain(&why, f, start, e.Pos, end)
				r.faults[i].Blames, r.faults[i].Unsure, r.faults[i].API, r.faults[i].Expr = why.Blames, why.Unsure, why.API, why.Expr
				r.missing(&r.faults[i])
			}
		}
	}
}

// span returns the code that an error is about. go/types exports only the position;
// the same fields are read by gopls (x/tools/internal/typesinternal).
func span(e types.Error) (start, end token.Pos) {
	v := reflect.ValueOf(e)
	s, t := v.FieldByName("go116start"), v.FieldByName("go116end")
	if !s.IsValid() || !t.IsValid() || s.Kind() != reflect.Int || t.Kind() != reflect.Int || s.Int() <= 0 || t.Int() < s.Int() {
		return e.Pos, e.Pos
	}
	return token.Pos(s.Int()), token.Pos(t.Int())
}

// missing turns go/types' words for an import that cannot be resolved into those
// of who knows why.
func (r *result) missing(f *Fault) {
	if len(f.Blames) != 1 || !strings.HasPrefix(f.Msg, "could not import ") {
		return
	}
	if why, ok := r.pkg.Missing[f.Blames[0]]; ok {
		f.Missing, f.Msg = f.Blames[0], why
	}
}
