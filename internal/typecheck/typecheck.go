// Package typecheck finds out whether an import graph compiles, without
// compiling it. [New] makes a checker for a platform; [Checker.Check] checks a
// graph, and the next graph only where it differs from those before.
//
// go/types is used directly, and not through go/packages: the graph is known
// already, the go command has one door (internal/gocmd), and between two rounds
// of the solver most packages stay as they are.
package typecheck

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"go/version"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/meter"
)

// A Package is one package of an import graph.
type Package struct {
	Path    string            // import path
	Name    string            // in its package clause; "" where that is not known
	Dir     string            // its files are here; another directory means other content
	Files   []string          // names of the Go files that build, cgo files among them
	Cgo     bool              // some of Files import "C"
	Go      string            // language version, "1.21"; "" for the newest
	Imports []string          // import paths, "C" and "unsafe" among them
	Map     map[string]string // paths as written -> import paths, where they differ
	Missing map[string]string // imports that cannot be resolved -> why
	Bodies  bool              // function bodies are checked too
	Own     bool              // it is edited, as the plugin's own are
	Sealed  string            // names the content of Files, which no one edits; "": they are read to know it
}

// A Fault is an error that the compiler would report.
type Fault struct {
	Package string
	File    string // full path
	Line    int    // from 1; 0 if there is none
	Msg     string // as go/types has it, in one line
	Missing string // the import path that cannot be resolved, if that is the fault
	Syntax  bool   // the file does not parse

	// Blames are the import paths of the other packages that the faulty code
	// depends on, the likeliest first: where each of them stays as it is, the fault
	// stays.
	Blames []string
	Unsure bool // other code that does not compile may be behind it

	API  API    // what of another package the code does not fit
	Expr string // the faulty expression, as the code has it; "" if the message says it
	Had  string // API as the plugin has it without pinfix; whoever calls Check fills it in
}

// String returns the fault as the compiler prints it, without the directory.
func (f Fault) String() string {
	if f.Line == 0 {
		return f.Msg
	}
	return fmt.Sprintf("%s:%d: %s", f.File[strings.LastIndexAny(f.File, `/\`)+1:], f.Line, f.Msg)
}

// A Checker keeps the results of what it has checked.
type Checker struct {
	// Count gets the number of packages that were checked; it may be nil.
	Count meter.Count

	// Kept has what earlier runs have found out, those for Plugin above all; nil: all is
	// read from source.
	Kept   *kept.Store
	Plugin string

	// FromSource is how many packages were read from source so far, and Bodies how many
	// of them with their function bodies.
	FromSource, Bodies int

	goarch string
	sizes  types.Sizes
	done   map[string]*result // by import path
	sums   map[string]kept.Key
}

// New returns a checker for a processor (GOARCH).
func New(goarch string) *Checker {
	return &Checker{goarch: goarch, sizes: types.SizesFor("gc", goarch), done: map[string]*result{}, sums: map[string]kept.Key{}}
}

// Clone returns an independent checker with the results that c has so far.
func (c *Checker) Clone() *Checker {
	return &Checker{Count: c.Count, goarch: c.goarch, sizes: c.sizes, done: maps.Clone(c.done), sums: map[string]kept.Key{}}
}

// result is a package that was checked.
type result struct {
	pkg    *Package
	deps   map[string]*types.Package
	types  *types.Package
	faults []Fault
	ready  chan struct{}

	quick bool // that there are faults is all that counts of them
	fset  *token.FileSet
	files []*ast.File // parsed before; nil: they are not
}

// Check checks the packages of a graph and returns the faults of those with Bodies,
// in the order of their import paths: the others are there for what they declare.
// source holds the files that are not as on disk. An import that is neither in
// pkgs nor in Package.Missing is an error; so is a cycle.
func (c *Checker) Check(ctx context.Context, pkgs map[string]*Package, source map[string][]byte) ([]Fault, error) {
	order, err := sorted(pkgs)
	if err != nil {
		return nil, err
	}
	if c.Kept == nil {
		return c.fromSource(ctx, pkgs, order, source)
	}
	k := c.knows(pkgs, order, source)
	open := k.open()
	if len(c.done) == 0 { // else a round before this one has read most from source
		if len(open) == 0 {
			return nil, ctx.Err()
		}
		faulty, ok := k.quick(ctx, open, source)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case ok && len(faulty) == 0:
			return nil, nil
		case ok:
			open = faulty
		}
	}
	part := k.part(open)
	if order, err = sorted(part); err != nil {
		return nil, err
	}
	faults, err := c.fromSource(ctx, part, order, source)
	if err == nil {
		k.learn(c.done, part, nil)
	}
	return faults, err
}

// fromSource is Check with nothing known but what c has checked before.
func (c *Checker) fromSource(ctx context.Context, pkgs map[string]*Package, order []*Package, source map[string][]byte) ([]Fault, error) {
	results, err := c.run(ctx, order, nil, source)
	if err != nil {
		return nil, err
	}
	maps.Copy(c.done, results)
	var faults []Fault
	for _, path := range slices.Sorted(maps.Keys(results)) {
		if pkgs[path].Bodies {
			faults = append(faults, results[path].faults...)
		}
	}
	return faults, nil
}

// run checks packages, imports before importers; given are others that are ready, and
// those that are parsed.
func (c *Checker) run(ctx context.Context, order []*Package, given map[string]*result, source map[string][]byte) (map[string]*result, error) {
	results, all := map[string]*result{}, maps.Clone(given)
	if all == nil {
		all = map[string]*result{}
	}
	for _, p := range order {
		r := all[p.Path]
		if r == nil {
			r = &result{pkg: p, ready: make(chan struct{})}
		}
		results[p.Path], all[p.Path] = r, r
	}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	var read, bodies atomic.Int32
	c.Count.Add("package", 0, len(order))
	for _, p := range order {
		old, r := c.done[p.Path], results[p.Path]
		wg.Go(func() {
			defer close(r.ready)
			r.wait(all)
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() == nil && (r.quick || !r.reuse(old)) {
				r.check(c.sizes, source)
				read.Add(1)
				if p.Bodies {
					bodies.Add(1)
				}
			}
			c.Count.Add("package", 1, 0)
		})
	}
	end := make(chan struct{})
	go func() { wg.Wait(); close(end) }()
	select {
	case <-end:
	case <-ctx.Done():
	}
	// One package may take seconds: what is being checked only reads, and is left
	// to itself.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.FromSource += int(read.Load())
	c.Bodies += int(bodies.Load())
	return results, nil
}

// wait waits for the imports of r.
func (r *result) wait(results map[string]*result) {
	r.deps = map[string]*types.Package{}
	for _, path := range r.pkg.Imports {
		switch {
		case path == "unsafe":
			r.deps[path] = types.Unsafe
		case results[path] != nil:
			<-results[path].ready
			r.deps[path] = results[path].types
		}
	}
}

// reuse takes over an earlier result for the same files and imports.
func (r *result) reuse(old *result) bool {
	if old == nil || old.types == nil {
		return false
	}
	p, q := r.pkg, old.pkg
	same := p.Dir == q.Dir && p.Go == q.Go && slices.Equal(p.Files, q.Files) && (q.Bodies || !p.Bodies) &&
		maps.Equal(p.Missing, q.Missing) && maps.Equal(p.Map, q.Map) && maps.Equal(r.deps, old.deps)
	if same {
		r.types, r.faults = old.types, old.faults
	}
	return same
}

// sorted returns the packages with imports before importers.
func sorted(pkgs map[string]*Package) ([]*Package, error) {
	var out []*Package
	state := map[string]int{} // 1: on the way, 2: done
	var visit func(path string) error
	visit = func(path string) error {
		p := pkgs[path]
		switch {
		case p == nil || state[path] == 2:
			return nil
		case state[path] == 1:
			return fmt.Errorf("import cycle through %s", path)
		}
		state[path] = 1
		for _, q := range p.Imports {
			if err := visit(q); err != nil {
				return err
			}
		}
		state[path] = 2
		out = append(out, p)
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(pkgs)) {
		if err := visit(path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Knows reports whether the checker knows the language of a Go release: that of a
// newer one than pinfix was built by it does not.
func Knows(release string) bool {
	return version.Compare(version.Lang("go"+release), version.Lang(runtime.Version())) <= 0
}
