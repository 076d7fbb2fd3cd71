package loopvar

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"testing"
)

// load type-checks one file, with whatever errors it has.
func load(t testing.TB, src string, std types.Importer) *Package {
	t.Helper()
	p := &Package{Fset: token.NewFileSet(), Info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	f, err := parser.ParseFile(p.Fset, "main.go", src, 0)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	p.Files = []*ast.File{f}
	conf := types.Config{Importer: std, FakeImportC: true, Error: func(error) {}}
	conf.Check("p", p.Fset, p.Files, p.Info)
	return p
}

// prelude is what the bodies in the tables use.
const prelude = `package p

import ("fmt"; "sort"; "strings"; "sync"; "encoding/json"; "missing.example/foreign")

var fs []func() int
var ps []*int
var keep any
var ch = make(chan func() int, 9)
var _ = fmt.Sprint; var _ = sort.Ints; var _ sync.Mutex; var _ = json.Marshal; var _ = strings.ToUpper; var _ = foreign.Do

type T struct { n int; a [2]int; in struct{ a [2]int } }
func (t *T) Get() int { return t.n }
func (t *T) Keep() { keep = t }
func (t *T) Self() *T { return t }
func (t *T) Nest() int { return t.Get() + len(t.a) }
func (t *T) NestKeep() { t.Keep() }
func (t T) Val() int { return t.n }
type E struct { *T }
type F struct { T }

func ints() []int { return nil }
func ts() []T { return nil }
func read(p *int) int { return *p }
func store(p *int) { ps = append(ps, p) }
func same(p *int) *int { return p }
func call(f func() int) int { return f() }
func later(f func() int) { fs = append(fs, f) }
func spawn(p *int) { go read(p) }
func deferred(p *int) { defer read(p) }
func twice(f func() int) int { g := func() int { return f() + call(f) }; return g() }
func asmish(p *int)
func rec(p *int, n int) { if n > 0 { rec(p, n-1) } }
func recKeep(p *int, n int) { if n > 0 { recKeep(p, n-1) }; store(p) }
func named(p *int) (q *int) { q = p; return }
func many(p ...*int) {}

func f() (res any) {
	defer func() {}()
%s
	return nil
}
`

// named: the loops in which it can be seen, "for" counted from the first of the body.
var named = map[string]string{
	"closure kept, 3-clause":       `for i := 0; i < 3; i++ { fs = append(fs, func() int { return i }) }`,
	"closure kept, range":          `for i := range ints() { fs = append(fs, func() int { return i }) }`,
	"value of a range":             `for _, v := range ints() { fs = append(fs, func() int { return v }) }`,
	"go":                           `for i := 0; i < 3; i++ { go func() { read(&i) }() }`,
	"go by value of the closure":   `for i := 0; i < 3; i++ { go func() { println(i) }() }`,
	"defer":                        `for i := 0; i < 3; i++ { defer func() { println(i) }() }`,
	"defer with a pointer":         `for i := 0; i < 3; i++ { defer read(&i) }`,
	"go in a call at once":         `for i := 0; i < 3; i++ { func() { go func() { println(i) }() }() }`,
	"address kept":                 `for i := 0; i < 3; i++ { ps = append(ps, &i) }`,
	"address in a map":             `m := map[int]*int{}; for i := 0; i < 3; i++ { m[i] = &i }`,
	"address as a key":             `m := map[*int]int{}; for i := 0; i < 3; i++ { m[&i] = i }`,
	"address of a field":           `for _, v := range ts() { ps = append(ps, &v.n) }`,
	"address of an element":        `for _, v := range ts() { ps = append(ps, &v.a[1]) }`,
	"slice of an array":            `var s []int; for _, v := range ts() { s = v.a[:] }; _ = s`,
	"slice of an array within":     `var s []int; for _, v := range ts() { s = v.in.a[:1] }; _ = s`,
	"method that keeps":            `for _, v := range ts() { v.Keep() }`,
	"method that keeps, promoted":  `for _, v := range []F{} { v.Keep() }`,
	"method that calls one":        `for _, v := range ts() { v.NestKeep() }`,
	"method that returns it":       `for _, v := range ts() { keep = v.Self() }`,
	"method value":                 `for _, v := range ts() { fs = append(fs, v.Get) }`,
	"go with a method":             `for _, v := range ts() { go v.Get() }`,
	"defer with a method":          `for _, v := range ts() { defer v.Get() }`,
	"function that keeps":          `for i := 0; i < 3; i++ { store(&i) }`,
	"function that returns it":     `for i := 0; i < 3; i++ { keep = same(&i) }`,
	"function with a named result": `for i := 0; i < 3; i++ { keep = named(&i) }`,
	"function that starts":         `for i := 0; i < 3; i++ { spawn(&i) }`,
	"function without a body":      `for i := 0; i < 3; i++ { asmish(&i) }`,
	"recursive and keeps":          `for i := 0; i < 3; i++ { recKeep(&i, 2) }`,
	"variadic":                     `for i := 0; i < 3; i++ { many(&i) }`,
	"function that keeps closures": `for i := 0; i < 3; i++ { later(func() int { return i }) }`,
	"foreign function":             `for i := 0; i < 3; i++ { foreign.Do(&i) }`,
	"foreign function, closure":    `for i := 0; i < 3; i++ { foreign.Do(func() { println(i) }) }`,
	"interface":                    `var w interface{ Do(*int) }; for i := 0; i < 3; i++ { w.Do(&i) }`,
	"sent":                         `for i := 0; i < 3; i++ { ch <- func() int { return i } }`,
	"variable outside":             `var p *int; for i := 0; i < 3; i++ { p = &i }; _ = p`,
	"variable outside, by two":     `var p *int; for i := 0; i < 3; i++ { q := &i; r := q; p = r }; _ = p`,
	"variable inside, closure":     `for i := 0; i < 3; i++ { p := &i; fs = append(fs, func() int { return *p }) }`,
	"pointer to the pointer":       `for i := 0; i < 3; i++ { p := &i; q := &p; keep = *q }`,
	"var declaration":              `for i := 0; i < 3; i++ { var p = &i; keep = p }`,
	"interface variable":           `for i := 0; i < 3; i++ { var p any = &i; keep = p.(*int) }`,
	"conversion":                   `type P *int; for i := 0; i < 3; i++ { keep = P(&i) }`,
	"closure returns the address":  `for i := 0; i < 3; i++ { keep = func() *int { return &i }() }`,
	"named result of a closure":    `for i := 0; i < 3; i++ { keep = func() (p *int) { p = &i; return }() }`,
	"closure by a local name":      `for i := 0; i < 3; i++ { g := func() int { return i }; fs = append(fs, g) }`,
	"closure in a condition":       `for i := 0; func() bool { later(func() int { return i }); return i < 3 }(); i++ { }`,
	"closure in a post statement":  `for i := 0; i < 3; later(func() int { i++; return i }) { i++ }`,
	"loop variable holds it":       `for i, p := 0, (*int)(nil); i < 3; i++ { if p != nil { keep = *p }; p = &i }`,
	"outer variable":               `for i := 0; i < 3; i++ { for range ints() { fs = append(fs, func() int { return i }) } }`,
	"break of an inner loop":       `for i := 0; i < 3; i++ { for { keep = &i; break } }`,
	"break of a switch":            `for i := 0; i < 3; i++ { switch { default: keep = &i; break } }`,
	"break, but not always":        `for i := 0; i < 3; i++ { keep = &i; if i == 1 { continue }; break }`,
	"composite":                    `for i := 0; i < 3; i++ { keep = struct{ p *int }{&i} }`,
	"strings.Builder copied":       `for b := (strings.Builder{}); b.Len() < 3; { b.WriteString("x") }`,
	"errors kept":                  `for _, v := range []error{} { keep = fmt.Errorf("%w %v", v, &v) }`,
	"labelled":                     `L: for i := 0; i < 3; i++ { keep = &i; continue L }`,
	"panic that is recovered":      `for i := 0; i < 3; i++ { func() { defer func() { keep = recover() }(); panic(&i) }() }`,
	"type switch":                  `for i := 0; i < 3; i++ { switch x := any(&i).(type) { case *int: ps = append(ps, x) } }`,
}

// silent: loops that end each reference with the iteration.
var silent = map[string]string{
	"nothing taken":                `for i := 0; i < 3; i++ { println(i) }`,
	"not declared":                 `var i int; for i = 0; i < 3; i++ { ps = append(ps, &i) }`,
	"range without a variable":     `x := 1; for range ints() { ps = append(ps, &x) }`,
	"range assigns":                `var i int; for i = range ints() { ps = append(ps, &i) }`,
	"copied":                       `for i := 0; i < 3; i++ { i := i; fs = append(fs, func() int { return i }) }`,
	"copied under another name":    `for _, v := range ints() { w := v; ps = append(ps, &w) }`,
	"as an argument":               `for i := 0; i < 3; i++ { go func(n int) { println(n) }(i) }`,
	"called at once":               `for i := 0; i < 3; i++ { func() { println(i) }() }`,
	"called at once, deferred":     `for i := 0; i < 3; i++ { func() { defer func() { println(i) }() }() }`,
	"called at once, result":       `for i := 0; i < 3; i++ { println(func() int { return i }()) }`,
	"by a local name":              `for i := 0; i < 3; i++ { g := func() int { return i }; println(g(), g()) }`,
	"by a local name, nested":      `for i := 0; i < 3; i++ { g := func() int { return i }; h := func() int { return g() }; println(h()) }`,
	"sorted":                       `for _, v := range ints() { sort.Slice(ints(), func(a, b int) bool { return v > a }) }`,
	"strings":                      `for _, v := range "ab" { strings.IndexFunc("x", func(r rune) bool { return r == v }) }`,
	"function that reads":          `for i := 0; i < 3; i++ { read(&i) }`,
	"function that defers":         `for i := 0; i < 3; i++ { deferred(&i) }`,
	"function that calls":          `for i := 0; i < 3; i++ { call(func() int { return i }) }`,
	"function that calls twice":    `for i := 0; i < 3; i++ { twice(func() int { return i }) }`,
	"recursive":                    `for i := 0; i < 3; i++ { rec(&i, 2) }`,
	"method that reads":            `for _, v := range ts() { println(v.Get(), v.Nest()) }`,
	"method by value":              `for _, v := range ts() { fs = append(fs, v.Val) }`,
	"method of a pointer":          `for _, v := range []*T{} { v.Keep() }`,
	"method of an embedded one":    `for _, v := range []E{} { v.Keep() }`,
	"field of a pointer":           `for _, v := range []*T{} { ps = append(ps, &v.n) }`,
	"element of a slice":           `for _, v := range [][]int{} { ps = append(ps, &v[0]) }`,
	"slice of a slice":             `for _, v := range [][]int{} { keep = v[:1] }`,
	"array read":                   `for _, v := range ts() { println(len(v.a[:]), v.a[0]) }`,
	"array ranged over":            `for _, v := range ts() { for _, x := range v.a[:] { println(x) } }`,
	"array copied":                 `var s []int; for _, v := range ts() { s = append(s, v.a[:]...) }`,
	"found and returned":           `for _, v := range ts() { if v.n > 0 { return &v } }`,
	"found and left":               `var p *T; for _, v := range ts() { if v.n > 0 { p = &v; break } }; _ = p`,
	"found and left by label":      `var p *T; L: for _, v := range ts() { for range ints() { p = &v; break L } }; _ = p`,
	"closure returned":             `for i := 0; i < 3; i++ { return func() int { return i } }`,
	"local pointer":                `for i := 0; i < 3; i++ { p := &i; *p += 2; println(*p) }`,
	"local pointer, twice":         `for i := 0; i < 3; i++ { p := &i; q := p; p = q; *q++ }`,
	"compared":                     `for i := 0; i < 3; i++ { println(&i == nil) }`,
	"decoded":                      `for _, v := range ts() { json.Unmarshal(nil, &v) }`,
	"scanned":                      `for _, v := range ints() { fmt.Sscan("1", &v) }`,
	"once":                         `var o sync.Once; for i := 0; i < 3; i++ { o.Do(func() { println(i) }) }`,
	"local interface":              `for i := 0; i < 3; i++ { var p any = &i; println(*p.(*int)) }`,
	"dropped":                      `for i := 0; i < 3; i++ { _ = &i; _ = func() int { return i } }`,
	"map entry removed":            `m := map[*int]int{}; for i := 0; i < 3; i++ { delete(m, &i) }`,
	"switch over it":               `for i := 0; i < 3; i++ { switch &i { case nil: } }`,
	"literal that takes it":        `for i := 0; i < 3; i++ { func(p *int) { println(*p) }(&i) }`,
	"type parameters":              `for i := 0; i < 3; i++ { var x = [1]int{i}; println(x[0]) }`,
	"two loops, both of no matter": `for i := 0; i < 3; i++ { for j := range ints() { println(i, j) } }`,
}

func TestTable(t *testing.T) {
	std := importer.ForCompiler(token.NewFileSet(), "source", nil)
	for want, table := range map[bool]map[string]string{true: named, false: silent} {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			t.Run(name, func(t *testing.T) {
				p := load(t, fmt.Sprintf(prelude, table[name]), std)
				if got := Find([]*Package{p}); (len(got) > 0) != want {
					t.Errorf("%s\nfound %v", table[name], got)
				}
			})
		}
	}
}

// TestPlaces: each loop once, by the line on disk, and none in a file that names
// its own language.
func TestPlaces(t *testing.T) {
	const src = `package p
var ps []*int
func f() {
//line other.y:100
	for i, j := 0, 0; i < 3; i++ {
		ps = append(ps, &i, &j)
		for k := range ps {
			ps = append(ps, &k)
		}
	}
}
`
	got := Find([]*Package{load(t, src, nil)})
	if want := []Loop{{"main.go", 5}, {"main.go", 7}}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if got := Find([]*Package{load(t, "//go:build go1.20\n\n"+src, nil)}); len(got) > 0 {
		t.Errorf("found %v in a file of its own language", got)
	}
}

// TestTwoPackages: what a function of another package does with its arguments is
// known where that package is given too.
func TestTwoPackages(t *testing.T) {
	lib := load(t, "package lib\nfunc Read(p *int) { println(*p) }\nvar k *int\nfunc Keep(p *int) { k = p }", nil)
	path := func(p string) (*types.Package, error) {
		conf := types.Config{Error: func(error) {}}
		return conf.Check("p", lib.Fset, lib.Files, nil) // load calls every package p
	}
	src := "package p\nimport \"lib\"\nfunc f() {\n\tfor i := 0; i < 3; i++ {\n\t\tlib.Read(&i)\n\t}\n\tfor i := 0; i < 3; i++ {\n\t\tlib.Keep(&i)\n\t}\n}\n"
	p := load(t, src, importFunc(path))
	if got, want := Find([]*Package{p, lib}), []Loop{{"main.go", 7}}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if got, want := Find([]*Package{p}), []Loop{{"main.go", 4}, {"main.go", 7}}; !slices.Equal(got, want) {
		t.Errorf("alone: found %v, want %v", got, want)
	}
}

type importFunc func(string) (*types.Package, error)

func (f importFunc) Import(path string) (*types.Package, error) { return f(path) }

// TestBroken: code that does not compile, and cgo's names, are no trouble.
func TestBroken(t *testing.T) {
	const src = `package p
import "C"
var fs []func()
func f() {
	for _, v := range C.list() {
		fs = append(fs, func() { C.use(v) })
		v.undefined(missing)
	}
	for i := 0; i < undefined; i++ { C.use(&i); v.x = }
}
`
	p := &Package{Fset: token.NewFileSet(), Info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}}
	f, _ := parser.ParseFile(p.Fset, "main.go", src, 0)
	p.Files = []*ast.File{f}
	conf := types.Config{FakeImportC: true, Error: func(error) {}}
	conf.Check("p", p.Fset, p.Files, p.Info)
	if got := Find([]*Package{p}); len(got) < 1 || got[0].Line != 5 {
		t.Errorf("found %v", got)
	}
}

func TestChanged(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"1.22", "1.21", true}, {"1.21.13", "1.22.0", true}, {"1.16", "1.24", true}, {"1.23.5", "1.22", false}, {"1.20", "1.21.5", false}, {"1.22rc1", "1.21", true},
	} {
		if got := Changed(tt.from, tt.to); got != tt.want {
			t.Errorf("%s to %s: %v", tt.from, tt.to, got)
		}
	}
}
