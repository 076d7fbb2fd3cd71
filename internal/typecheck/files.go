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

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/reach"
)

// maxFaults bounds what is kept of the faults of one package. The author of a plugin
// wants to see all places that have to change, so it is far above what people read.
const maxFaults = 1000

// check checks the package, and parses it, unless it is.
func (r *result) check(sizes types.Sizes, source map[string][]byte) {
	if r.files == nil {
		r.fset = token.NewFileSet()
		r.files = r.parse(r.fset, source)
	}
	unparsed := len(r.faults)
	conf := r.config(r.fset, sizes)
	r.types, _ = conf.Check(r.pkg.Path, r.fset, r.files, nil) // conf.Error has them all
	if len(r.faults) > 0 && r.pkg.Bodies && !r.quick {
		r.faults = r.faults[:unparsed]
		r.blame(r.fset, r.files, sizes)
	}
	r.fset, r.files = nil, nil
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

// parse parses the files; what does not parse is a fault. Without Bodies, no more is parsed
// than what they declare.
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
		if !r.pkg.Bodies {
			src = reach.WithoutBodies(src)
		}
		f, err := parser.ParseFile(fset, full, src, parser.SkipObjectResolution)
		var list scanner.ErrorList
		if errors.As(err, &list) {
			r.fault(list[0].Pos, list[0].Msg)
			if n := len(r.faults); n > 0 {
				r.faults[n-1].Syntax = true
			}
		}
		if f != nil {
			for _, d := range f.Decls {
				if !r.pkg.Bodies {
					reach.Trim(d)
				}
			}
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
