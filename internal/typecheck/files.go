package typecheck

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/pinfix/pinfix/internal/bounded"
)

// maxFaults bounds the faults of one package: the first ones tell.
const maxFaults = 10

// check parses and checks the package.
func (r *result) check(sizes types.Sizes, source map[string][]byte) {
	fset := token.NewFileSet()
	files := r.parse(fset, source)
	unparsed := len(r.faults)
	conf := r.config(fset, sizes)
	r.types, _ = conf.Check(r.pkg.Path, fset, files, nil) // conf.Error has them all
	if len(r.faults) > 0 && r.pkg.Bodies {
		r.faults = r.faults[:unparsed]
		r.blame(fset, files, sizes)
	}
}

func (r *result) config(fset *token.FileSet, sizes types.Sizes) *types.Config {
	conf := &types.Config{
		IgnoreFuncBodies: !r.pkg.Bodies,
		FakeImportC:      true,
		Importer:         importer{r},
		Sizes:            sizes,
		Error: func(err error) {
			var e types.Error
			// Unused imports and variables: what uses them may be cgo's.
			if !errors.As(err, &e) || e.Soft && r.pkg.Cgo {
				return
			}
			r.fault(fset.Position(e.Pos), e.Msg)
		},
	}
	if r.pkg.Go != "" {
		conf.GoVersion = "go" + r.pkg.Go
	}
	return conf
}

func (r *result) fault(at token.Position, msg string) {
	f := Fault{Package: r.pkg.Path, File: at.Filename, Line: at.Line, Msg: strings.Join(strings.Fields(msg), " ")}
	same := func(g Fault) bool { return g.Line == f.Line && g.File == f.File && g.Msg == f.Msg }
	if len(r.faults) < maxFaults && !slices.ContainsFunc(r.faults, same) {
		r.faults = append(r.faults, f)
	}
}

// parse parses the files; what does not parse is a fault.
func (r *result) parse(fset *token.FileSet, source map[string][]byte) []*ast.File {
	var files []*ast.File
	for _, name := range r.pkg.Files {
		full := filepath.Join(r.pkg.Dir, name)
		src, ok := source[full]
		if !ok {
			var err error
			if src, err = bounded.ReadFile(full, bounded.Source); err != nil {
				r.fault(token.Position{Filename: full}, err.Error())
				continue
			}
		}
		f, err := parser.ParseFile(fset, full, src, parser.SkipObjectResolution)
		var list scanner.ErrorList
		if errors.As(err, &list) {
			r.fault(list[0].Pos, list[0].Msg)
		}
		if f != nil {
			files = append(files, f)
		}
	}
	return files
}

// importer resolves the imports of one package.
type importer struct{ r *result }

func (i importer) Import(path string) (*types.Package, error) {
	if to, ok := i.r.pkg.Map[path]; ok {
		path = to
	}
	if p := i.r.deps[path]; p != nil {
		return p, nil
	}
	if why, ok := i.r.pkg.Missing[path]; ok {
		return nil, errors.New(why)
	}
	return nil, fmt.Errorf("package %s is not in the import graph", path)
}

// blame checks once more, this time with the facts that tell which packages the
// faulty code refers to.
func (r *result) blame(fset *token.FileSet, files []*ast.File, sizes types.Sizes) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}
	conf := r.config(fset, sizes)
	at := map[int]token.Pos{} // by index in r.faults
	add := conf.Error
	conf.Error = func(err error) {
		n := len(r.faults)
		add(err)
		var e types.Error
		if len(r.faults) > n && errors.As(err, &e) {
			at[n] = e.Pos
		}
	}
	conf.Check(r.pkg.Path, fset, files, info)
	for i, pos := range at {
		for _, f := range files {
			if f.FileStart <= pos && pos < f.FileEnd {
				r.faults[i].Blames = r.blames(info, f, pos)
				r.missing(&r.faults[i])
			}
		}
	}
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

// blames returns the packages that the code around pos refers to, from the
// innermost expression outwards to the statement or declaration.
func (r *result) blames(info *types.Info, f *ast.File, pos token.Pos) []string {
	var out []string
	add := func(p *types.Package) {
		if p != nil && p.Path() != r.pkg.Path && !slices.Contains(out, p.Path()) {
			out = append(out, p.Path())
		}
	}
	around, _ := astutil.PathEnclosingInterval(f, pos, pos)
	for _, node := range around {
		if spec, ok := node.(*ast.ImportSpec); ok {
			out = append(out, importPath(spec))
			return out
		}
		if _, ok := node.(*ast.BlockStmt); ok {
			return out
		}
		ast.Inspect(node, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BlockStmt:
				return false
			case *ast.Ident:
				r.named(info.Uses[n], add)
			case ast.Expr:
				origins(info.Types[n].Type, add)
			}
			return true
		})
		if _, ok := node.(ast.Stmt); ok && len(out) > 0 {
			return out
		}
	}
	return out
}
