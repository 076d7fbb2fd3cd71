package typecheck

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/pinfix/pinfix/internal/kept"
)

// graph lays out the files of an archive, "path/file.go" each, and returns their
// packages: the imports are read from lines `import "x"` and `"x"`.
func graph(t testing.TB, archive string) map[string]*Package {
	t.Helper()
	dir := t.TempDir()
	pkgs := map[string]*Package{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		full := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		name := path.Dir(f.Name)
		p := pkgs[name]
		if p == nil {
			p = &Package{Path: name, Dir: filepath.Dir(full), Bodies: true}
			pkgs[name] = p
		}
		p.Files = append(p.Files, path.Base(f.Name))
		for line := range strings.Lines(string(f.Data)) {
			if q, ok := strings.CutPrefix(strings.TrimSpace(line), "import "); ok {
				q = strings.Trim(q[strings.IndexByte(q, '"'):], `"`)
				p.Imports = append(p.Imports, q)
				p.Cgo = p.Cgo || q == "C"
			}
		}
	}
	return pkgs
}

func check(t testing.TB, c *Checker, pkgs map[string]*Package, source map[string][]byte) []Fault {
	t.Helper()
	again := len(c.done) > 0 // the files may be gone
	faults, err := c.Check(t.Context(), pkgs, source)
	if err != nil {
		t.Fatal(err)
	}
	if !again {
		checkKept(t, c, pkgs, source, faults)
	}
	return faults
}

// checkKept makes sure that the faults are the same with what was kept of the packages
// without any.
func checkKept(t testing.TB, c *Checker, pkgs map[string]*Package, source map[string][]byte, want []Fault) {
	t.Helper()
	all, clean := map[string]*Package{}, map[string]*Package{}
	for path, p := range pkgs {
		q := *p
		q.Own = true // so that what it imports is kept
		all[path], clean[path] = &q, &q
	}
	for _, f := range want {
		delete(clean, f.Package)
	}
	store := keptIn(t)
	first, second := New(c.goarch), New(c.goarch)
	first.Kept, second.Kept = store, store
	_, _ = first.Check(t.Context(), clean, source) // what imports a faulty package is an error
	got, err := second.Check(t.Context(), all, source)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with a cache (-without, +with):\n%s", diff)
	}
	if len(want) == 0 && second.FromSource > 0 {
		t.Errorf("%d packages were read from source again", second.FromSource)
	}
}

func keptIn(t testing.TB) *kept.Store {
	t.Helper()
	s := kept.Open([]string{"XDG_CACHE_HOME=" + t.TempDir(), "HOME=" + t.TempDir()}, t.TempDir())
	if s == nil {
		t.Fatal("no cache")
	}
	return s
}

// dep is what the code of the tests is checked against.
const dep = `
-- dep/dep.go --
package dep

type Struct struct{ Field string }

type Iface interface{ Stop() }

func Use(Iface) {}

func Two(a, b int) int { return a + b }

func Sum[T int | string](a, b T) T { return a + b }

func Make() Struct { return Struct{} }
-- other/other.go --
package other

import "dep"

type T struct{ dep.Struct }

func Get() (*dep.Struct, error) { return nil, nil }

func Many() map[string][]dep.Struct { return nil }

type Alias = dep.Struct
`

// TestFaults: what does not compile, where, and which packages it refers to.
func TestFaults(t *testing.T) {
	tests := []struct {
		name, code, want, blames string
	}{
		{"function", `var _ = dep.New()`, "user.go:5: undefined: dep.New", "dep"},
		{"arguments", `var _ = dep.Two(1)`, "user.go:5: not enough arguments in call to dep.Two have (number) want (int, int)", "dep"},
		{"field of a literal", `var _ = dep.Struct{Other: 1}`, "user.go:5: unknown field Other in struct literal of type dep.Struct", "dep"},
		{"type of a field", `var _ = dep.Struct{Field: 1}`, "user.go:5: cannot use 1 (untyped int constant) as string value in struct literal", "dep"},
		{"selector", `var _ = dep.Make().Other`, "user.go:5: dep.Make().Other undefined (type dep.Struct has no field or method Other)", "dep"},
		{"method", "type t struct{}\n\nvar _ dep.Iface = t{}", "user.go:7: cannot use t{} (value of struct type t) as dep.Iface value in variable declaration: t does not implement dep.Iface (missing method Stop)", "dep"},
		{"constraint", `var _ = dep.Sum(1.5, 2)`, "user.go:5: float64 does not satisfy int | string (float64 missing in int | string)", "dep"},
		{"in a body", "func f() {\n\tx := dep.Make()\n\tx.Other()\n}", "user.go:7: x.Other undefined (type dep.Struct has no field or method Other)", "dep"},
		{"in a closure", "var f = func() { dep.New() }", "user.go:5: undefined: dep.New", "dep"},
		{"embedded", "type s struct{ dep.Struct }\n\nvar _ = s{}.Other", "user.go:7: s{}.Other undefined (type s has no field or method Other)", "dep"},
		{"pointer from another", "func f() {\n\tx, _ := other.Get()\n\tx.Other()\n}", "user.go:7: x.Other undefined (type *dep.Struct has no field or method Other)", "dep other"},
		{"map from another", `var _ = other.Many()["a"][0].Other`, `user.go:5: other.Many()["a"][0].Other undefined (type dep.Struct has no field or method Other)`, "dep other"},
		{"alias from another", `var _ = other.Alias{}.Other`, "user.go:5: other.Alias{}.Other undefined (type other.Alias has no field or method Other)", "other dep"},
		{"through an embedding", `var _ = other.T{}.Other`, "user.go:5: other.T{}.Other undefined (type other.T has no field or method Other)", "other dep"},
		{"own", `var _ = missing`, "user.go:5: undefined: missing", ""},
		{"none", `var _, _ = dep.Two, other.Get`, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			imports := "import \"dep\"\nimport \"other\"\n"
			for _, name := range []string{"dep", "other"} {
				if !strings.Contains(test.code, name+".") {
					imports = strings.Replace(imports, `import "`+name, `import _ "`+name, 1)
				}
			}
			pkgs := graph(t, dep+"-- user/user.go --\npackage user\n\n"+imports+test.code+"\n")
			faults := check(t, New("amd64"), pkgs, nil)
			var got, blames string
			if len(faults) > 1 {
				t.Fatalf("more than one: %v", faults)
			}
			for _, f := range faults {
				got, blames = f.String(), strings.Join(f.Blames, " ")
				if f.Package != "user" || f.File != filepath.Join(pkgs["user"].Dir, "user.go") {
					t.Errorf("at %s in %s", f.File, f.Package)
				}
			}
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if blames != test.blames {
				t.Errorf("blames %q, want %q", blames, test.blames)
			}
		})
	}
}

// TestMissing: an import that cannot be resolved is a fault with the reason.
func TestMissing(t *testing.T) {
	pkgs := graph(t, "-- user/user.go --\npackage user\n\nimport \"gone/sub\"\n\nvar _ = sub.Name\n")
	pkgs["user"].Missing = map[string]string{"gone/sub": "gone/sub is not in gone@v1.0.0"}
	want := []Fault{{Package: "user", File: filepath.Join(pkgs["user"].Dir, "user.go"), Line: 3, Msg: "gone/sub is not in gone@v1.0.0", Missing: "gone/sub", Blames: []string{"gone/sub"}}}
	if diff := cmp.Diff(want, check(t, New("amd64"), pkgs, nil)); diff != "" {
		t.Error(diff)
	}

	// It comes back, and the package is checked again.
	c := New("amd64")
	check(t, c, pkgs, nil)
	more := graph(t, "-- gone/sub/sub.go --\npackage sub\n\nconst Name = 1\n")
	more["user"] = &Package{Path: "user", Dir: pkgs["user"].Dir, Files: []string{"user.go"}, Imports: []string{"gone/sub"}, Bodies: true}
	if faults := check(t, c, more, nil); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
}

// TestNotInGraph: an import that the caller knows nothing of is a fault too, never
// a silent success.
func TestNotInGraph(t *testing.T) {
	pkgs := graph(t, "-- user/user.go --\npackage user\n\nimport \"elsewhere\"\n\nvar _ = elsewhere.Name\n")
	faults := check(t, New("amd64"), pkgs, nil)
	if len(faults) != 1 || !strings.Contains(faults[0].Msg, "package elsewhere is not in the import graph") {
		t.Errorf("%v", faults)
	}
}

func TestPackages(t *testing.T) {
	tests := []struct {
		name, archive string
		change        func(map[string]*Package)
		want          []string
	}{
		{"cgo", "-- user/user.go --\npackage user\n\n// int add(int a, int b) { return a + b; }\nimport \"C\"\n\nvar p *C.struct_x\n\nfunc f() {\n\tunused := C.add(1, 2)\n\tother()\n}\n", nil,
			[]string{"user.go:10: undefined: other"}},
		{"not cgo", "-- user/user.go --\npackage user\n\nfunc f() {\n\tunused := 1\n}\n", nil,
			[]string{"user.go:4: declared and not used: unused"}},
		{"language", "-- user/user.go --\npackage user\n\nfunc f[T any](T) {}\n", func(p map[string]*Package) { p["user"].Go = "1.17" },
			[]string{"user.go:3: type parameter requires go1.18 or later", "user.go:3: predeclared any requires go1.18 or later"}},
		{"syntax", "-- user/user.go --\npackage user\n\nfunc {\n", nil, []string{"user.go:3: expected 'IDENT', found '{'"}},
		{"two files", "-- user/a.go --\npackage user\n\nvar A = B\n-- user/b.go --\npackage user\n\nvar B = C\n", nil, []string{"b.go:3: undefined: C"}},
		{"sorted by package", "-- b/b.go --\npackage b\n\nvar _ = x\n-- a/a.go --\npackage a\n\nvar _ = y\n", nil, []string{"a.go:3: undefined: y", "b.go:3: undefined: x"}},
		{"no bodies", "-- lib/lib.go --\npackage lib\n\nfunc F() int { return missing }\n\nvar V = missing\n-- user/user.go --\npackage user\n\nimport \"lib\"\n\nvar _ string = lib.F()\n",
			func(p map[string]*Package) { p["lib"].Bodies = false },
			[]string{"user.go:5: cannot use lib.F() (value of type int) as string value in variable declaration"}},
		{"mapped", "-- vendor/x/x.go --\npackage x\n\nconst C = 1\n-- user/user.go --\npackage user\n\nimport \"x\"\n\nvar _ = x.C\n",
			func(p map[string]*Package) {
				p["user"].Imports, p["user"].Map = []string{"vendor/x"}, map[string]string{"x": "vendor/x"}
			}, nil},
		{"unsafe", "-- user/user.go --\npackage user\n\nimport \"unsafe\"\n\nvar _ [8]int = [unsafe.Sizeof(uintptr(0))]int{}\n", nil, nil},
		{"a faulty import tells once", "-- lib/lib.go --\npackage lib\n\nvar V missing\n-- user/user.go --\npackage user\n\nimport \"lib\"\n\nvar W int = lib.V\n", nil, []string{"lib.go:3: undefined: missing"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pkgs := graph(t, test.archive)
			if test.change != nil {
				test.change(pkgs)
			}
			var got []string
			for _, f := range check(t, New("amd64"), pkgs, nil) {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSizes: constants are as wide as the server's processor has them.
func TestSizes(t *testing.T) {
	for arch, want := range map[string]int{"amd64": 0, "386": 1} {
		pkgs := graph(t, "-- user/user.go --\npackage user\n\nvar X int = 1 << 40\n")
		if got := check(t, New(arch), pkgs, nil); len(got) != want {
			t.Errorf("%s: %v", arch, got)
		}
	}
}

// TestBound: of a package with many faults the first ones tell.
func TestBound(t *testing.T) {
	pkgs := graph(t, "-- user/user.go --\npackage user\n"+strings.Repeat("var _ = missing\n", maxFaults+50))
	faults := check(t, New("amd64"), pkgs, nil)
	if len(faults) != maxFaults || faults[0].Line != 2 {
		t.Errorf("%d faults, the first %v", len(faults), faults[0])
	}
}

// TestUnreadable: a file that cannot be read is a fault of its package.
func TestUnreadable(t *testing.T) {
	pkgs := graph(t, "-- user/user.go --\npackage user\n")
	pkgs["user"].Files = append(pkgs["user"].Files, "gone.go")
	faults := check(t, New("amd64"), pkgs, nil)
	if len(faults) != 1 || faults[0].Line != 0 || filepath.Base(faults[0].File) != "gone.go" || !strings.Contains(faults[0].String(), "no such file") {
		t.Errorf("%+v", faults)
	}
}

// TestOverlay: source goes before what is on disk.
func TestOverlay(t *testing.T) {
	pkgs := graph(t, "-- user/user.go --\npackage user\n\nvar _ = missing\n")
	source := map[string][]byte{filepath.Join(pkgs["user"].Dir, "user.go"): []byte("package user\n\n\n\nvar _ = elsewhere\n")}
	faults := check(t, New("amd64"), pkgs, source)
	if len(faults) != 1 || faults[0].String() != "user.go:5: undefined: elsewhere" {
		t.Errorf("%v", faults)
	}
}

func TestCycle(t *testing.T) {
	pkgs := graph(t, "-- a/a.go --\npackage a\n\nimport \"b\"\n-- b/b.go --\npackage b\n\nimport \"a\"\n")
	if _, err := New("amd64").Check(t.Context(), pkgs, nil); err == nil || err.Error() != "import cycle through a" {
		t.Errorf("%v", err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := New("amd64")
	pkgs := graph(t, "-- user/user.go --\npackage user\n\nvar _ = missing\n")
	if _, err := c.Check(ctx, pkgs, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if faults := check(t, c, pkgs, nil); len(faults) != 1 {
		t.Errorf("what was cancelled counts as checked: %v", faults)
	}
}

const chain = "-- a/a.go --\npackage a\n\nconst A = 1\n-- b/b.go --\npackage b\n\nimport \"a\"\n\nconst B = a.A\n-- c/c.go --\npackage c\n\nimport \"b\"\n\nconst C = b.B\n-- d/d.go --\npackage d\n\nvar _ = missing\n"

// TestReuse: the second check of a graph reads no file, and of another one only
// what differs and what imports that. (The files are gone: reading one is a fault.)
func TestReuse(t *testing.T) {
	pkgs := graph(t, chain)
	c := New("amd64")
	first := check(t, c, pkgs, nil)
	if len(first) != 1 {
		t.Fatalf("%v", first)
	}
	for _, p := range pkgs {
		if err := os.RemoveAll(p.Dir); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(first, check(t, c, pkgs, nil)); diff != "" {
		t.Errorf("second check: %s", diff)
	}

	// Another version of b: b and c are read again, a and d are not.
	other := graph(t, "-- b/b.go --\npackage b\n\nimport \"a\"\n\nconst B = a.A + 1\n")
	next := map[string]*Package{"a": pkgs["a"], "b": other["b"], "c": pkgs["c"], "d": pkgs["d"]}
	if got, want := broken(check(t, c, next, nil)), []string{"c", "d"}; !slices.Equal(got, want) {
		t.Errorf("another b: faults in %v, want %v", got, want)
	}
}

// TestNoReuse: what must not be taken over.
func TestNoReuse(t *testing.T) {
	tests := map[string]func(*Package){
		"bodies":   func(p *Package) { p.Bodies = true },
		"language": func(p *Package) { p.Go = "1.20" },
		"files":    func(p *Package) { p.Files = append(slices.Clone(p.Files), "gone.go") },
		"missing":  func(p *Package) { p.Missing = map[string]string{"x": "gone"} },
		"map":      func(p *Package) { p.Map = map[string]string{"x": "y"} },
		"dir":      func(p *Package) { p.Dir += "2" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			pkgs := graph(t, "-- a/a.go --\npackage a\n\nfunc F() int { return 1 }\n")
			pkgs["a"].Bodies = name != "bodies"
			c := New("amd64")
			check(t, c, pkgs, nil)
			if err := os.RemoveAll(pkgs["a"].Dir); err != nil {
				t.Fatal(err)
			}
			q := *pkgs["a"]
			change(&q)
			if got := broken(check(t, c, map[string]*Package{"a": &q}, nil)); !slices.Equal(got, []string{"a"}) {
				t.Errorf("faults in %v: an old result was taken", got)
			}
		})
	}
}

// broken returns the packages of faults.
func broken(faults []Fault) []string {
	var out []string
	for _, f := range faults {
		if !slices.Contains(out, f.Package) {
			out = append(out, f.Package)
		}
	}
	return out
}

// TestSame: the same faults in the same order, whatever runs at a time.
func TestSame(t *testing.T) {
	pkgs := graph(t, dep+chain+"-- user/user.go --\npackage user\n\nimport \"dep\"\nimport \"other\"\n\nvar _, _ = dep.New(), other.New()\n\nvar _ = dep.Two(other.Get())\n")
	want := check(t, New("amd64"), pkgs, nil)
	if len(want) < 4 {
		t.Fatalf("%v", want)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for n := range 20 {
		runtime.GOMAXPROCS(1 + n%4)
		if diff := cmp.Diff(want, check(t, New("amd64"), pkgs, nil)); diff != "" {
			t.Fatalf("run %d: %s", n, diff)
		}
	}
}

func TestKnows(t *testing.T) {
	for release, want := range map[string]bool{"1.20": true, "1.21.3": true, strings.TrimPrefix(runtime.Version(), "go"): true, "1.99.1": false, "2.0": false} {
		if got := Knows(release); got != want {
			t.Errorf("Knows(%q) = %v", release, got)
		}
	}
}
