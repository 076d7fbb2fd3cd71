package typecheck

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A plugin's world: pin is what the server has, mid a module that could be moved, std
// stands for the standard library.
const world = `
-- std/std.go --
package std

type Reader interface{ Read(p []byte) (int, error) }

func Println(a ...any) {}
-- pin/inner/inner.go --
package inner

type Base struct{ ID int }

func (Base) Both() {}

type Closer interface{ Close(force bool) error }
-- pin/pin.go --
package pin

import "pin/inner"

type Match interface {
	Init(x int) error
	Signal(data string) (int, string)
}

type Nested interface {
	inner.Closer
	Name() string
}

type Opts struct {
	Name string
	Size int64
	More bool
}

type Server struct{ inner.Base }

func (*Server) Get(ids []string, more []string) ([]*Opts, error) { return nil, nil }

type Handler func(s *Server, o Opts) error

const Limit = 300

var Default = &Server{}

var Ch = make(chan string)

var Table = map[string]int{}

func Register(m Match, name string) {}

func On(h Handler) {}

func Two() (int, error) { return 0, nil }

func Play[T Match](m T) {}

func Sum[T int | string](a, b T) T { return a }

func Each(f func(int)) {}

type Both2 struct{}

func (Both2) Both() {}

type Number int

func Arr(a [3]int) {}
-- mid/mid.go --
package mid

import "pin"

type Match struct{}

func (Match) Init(x int) error { return nil }

func Server() *pin.Server { return nil }

func IDs() []string { return nil }

type Wrapped struct{ *pin.Server }

type Opts = pin.Opts

type Iface interface{ pin.Match }

const N = 2
`

// TestBlames: on which packages an error depends, and what is known of the declaration
// that the code does not fit.
func TestBlames(t *testing.T) {
	const m = "type m struct{}\n\nfunc (*m) Init(x int) error { return nil }\n\n"
	const missing = "Method pin Match.Signal Signal(data string) (int, string) *m/pin.Match"
	tests := []struct {
		name, code string
		blames     string // of each fault, " | " between
		api        string
	}{
		{"returned", m + "func f() (pin.Match, error) { return &m{}, nil }", "pin", missing},
		{"returned from a literal", m + "var f = func() pin.Match { return &m{} }", "pin", missing},
		{"returned by name", m + "func f() (x pin.Match) { return &m{} }", "pin", missing},
		{"assigned", m + "var x pin.Match\n\nfunc f() { x = &m{} }", "pin", missing},
		{"to a field", m + "type s struct{ m pin.Match }\n\nvar x = s{m: &m{}}", "pin", missing},
		{"to an element", m + "var x = []pin.Match{&m{}}", "pin", missing},
		{"to a map", m + `var x = map[string]pin.Match{"a": &m{}}`, "pin", missing},
		{"as a key", m + `var x = map[pin.Match]int{&m{}: 1}`, "pin", missing},
		{"sent", m + "func f(c chan pin.Match) { c <- &m{} }", "pin", missing},
		{"passed", m + `func f() { pin.Register(&m{}, "x") }`, "pin", missing},
		{"passed to one of the plugin's own", m + "func own(pin.Match) {}\n\nfunc f() { own(&m{}) }", "pin", missing},
		{"converted", m + "var x = pin.Match(&m{})", "pin", missing},
		{"asserted", m + "func f(x pin.Match) { _ = x.(*m) }", "pin", missing},
		{"in a type switch", m + "func f(x pin.Match) {\n\tswitch x.(type) {\n\tcase *m:\n\t\tmid.IDs()\n\t}\n}", "pin", missing},
		{"as a type argument", m + "func g[T pin.Match](T) {}\n\nfunc f() { g(&m{}) }", "pin", missing},
		{"as a type argument that is named", m + "func g[N any, T pin.Match](n N) {}\n\nvar x = g[int, *m]", "pin", missing},
		{"as a type argument of a type", m + "type box[T pin.Match] struct{ x T }\n\nvar x box[*m]", "pin", missing},
		{"as a type argument of another package's function", m + "var x = pin.Play[*m]", "pin", missing},
		{"as a type argument that another package infers", m + "func f() { pin.Play(&m{}) }", "pin", missing},
		{"a parameter that another package's type embeds", m + "var x mid.Iface = &m{}", "mid pin", "Method mid Iface.Signal Signal(data string) (int, string) *m/mid.Iface"},
		{"another signature", "type m struct{}\n\nfunc (*m) Name() string { return \"\" }\n\nfunc (*m) Close() error { return nil }\n\nvar x pin.Nested = &m{}", "pin pin/inner",
			"Method pin Nested.Close Close(force bool) error *m/pin.Nested Close() error"},
		{"a type of another module", "var x pin.Match = mid.Match{}", "pin mid", "Method pin Match.Signal Signal(data string) (int, string) mid.Match/pin.Match"},
		{"a method that is embedded", "type m struct{ mid.Match }\n\nvar x pin.Match = &m{}", "pin mid", missing},

		{"arguments", "func f(s *pin.Server) {\n\tids := mid.IDs()\n\ts.Get(ids)\n}", "pin", "Signature pin Server.Get Get(ids []string, more []string) ([]*Opts, error)"},
		{"too many arguments", "func f(s *pin.Server) { s.Get(nil, nil, mid.IDs()) }", "pin", "Signature pin Server.Get Get(ids []string, more []string) ([]*Opts, error)"},
		{"an argument of another type", "func f(s *pin.Server) { s.Get(1, nil) }", "pin", "Signature pin Server.Get Get(ids []string, more []string) ([]*Opts, error)"},
		{"an argument from another module", "func f(s *pin.Server) { s.Get(nil, mid.Server()) }", "pin pin/inner mid", "Signature pin Server.Get Get(ids []string, more []string) ([]*Opts, error)"},
		{"one argument beside others", "func f(s *pin.Server) { s.Get(mid.IDs(), 1) }", "pin", "Signature pin Server.Get Get(ids []string, more []string) ([]*Opts, error)"},
		{"a function literal", "func f() { pin.On(func(s *pin.Server) error { mid.IDs(); return nil }) }", "pin pin/inner", "Signature pin On On(h Handler)"},
		{"a function of the plugin's own", "func h(s *pin.Server) error { return nil }\n\nfunc f() { pin.On(h) }", "pin pin/inner", "Signature pin On On(h Handler)"},
		{"through an embedding of the plugin's own", "type w struct{ *pin.Server }\n\nfunc f(x w) { x.Get(nil) }", "pin", "Signature pin Server.Get Get(ids []string, more []string) ([]*Opts, error)"},
		{"through an embedding of another module's", "func f(x mid.Wrapped) { x.Get(nil) }", "mid pin", "Signature pin Server.Get Get(ids []string, more []string) ([]*Opts, error)"},

		{"of a struct that embeds another module's", "type w struct {\n\tmid.Match\n\ts *pin.Server\n}\n\nfunc f(x w) { x.s.Get(nil) }", "pin", "Signature pin Server.Get Get(ids []string, more []string) ([]*Opts, error)"},
		{"gone of a struct that embeds another module's", "type w struct {\n\tmid.Match\n\ts *pin.Server\n}\n\nfunc (x w) f() { x.s.Gone() }", "pin pin/inner", "Gone pin Server.Gone"},

		{"gone", "var x = pin.Gone", "pin", "Gone pin Gone"},
		{"gone beside another module", "func f() { std.Println(mid.IDs(), pin.Gone()) }", "pin", "Gone pin Gone"},
		{"a method that is gone", "func f(s *pin.Server) { s.Gone(mid.IDs()) }", "pin pin/inner", "Gone pin Server.Gone"},
		{"a field that is gone", "func f(o pin.Opts) { _ = o.Gone }", "pin", "Gone pin Opts.Gone"},
		{"of what another module returns", "func f() { mid.Server().Gone() }", "pin pin/inner mid", "Gone pin Server.Gone"},
		{"of a variable that another module gave its type", "func f() {\n\ts := mid.Server()\n\ts.Gone()\n}", "pin pin/inner mid", "Gone pin Server.Gone"},
		{"of a range over another module's", "func f() {\n\tfor _, id := range mid.IDs() {\n\t\tid.Gone()\n\t}\n}", "mid", ""},
		{"of a type of the plugin's own", "type s pin.Server\n\nfunc f(x s) { x.Gone() }", "pin pin/inner", ""},
		{"a type that is gone", "var x pin.Gone", "pin", "Gone pin Gone"},

		{"a field of a literal", "var x = pin.Opts{Gone: mid.IDs()}", "pin", "Gone pin Opts.Gone"},
		{"a field of another type", `var x = pin.Opts{Size: "x"}`, "pin", "Signature pin Opts.Size Size int64"},
		{"a field of another type from another module", `var x = pin.Opts{Size: mid.IDs()}`, "pin mid", "Signature pin Opts.Size Size int64"},
		{"too few fields", `var x = pin.Opts{"a", 1}`, "pin", "Signature pin Opts Opts struct{Name string; Size int64; More bool}"},
		{"too many fields", `var x = pin.Opts{"a", 1, true, 2}`, "pin", "Signature pin Opts Opts struct{Name string; Size int64; More bool}"},
		{"by an alias of another module", `var x = mid.Opts{Gone: 1}`, "mid pin", "Gone pin Opts.Gone"},

		{"overflow", "const x int8 = pin.Limit", "pin", ""},
		{"overflow of the plugin's own", "const own = pin.Limit\n\nvar x int8 = own", "pin", ""},
		{"results", "func f() int {\n\tx := pin.Two()\n\treturn x\n}", "pin", "Signature pin Two Two() (int, error)"},
		{"results that are returned", "func f() int { return pin.Two() }", "pin", "Signature pin Two Two() (int, error)"},
		{"a result of another type", "func f(s *pin.Server) (string, error) {\n\tvar x string\n\tx = pin.Each\n\treturn x, nil\n}", "pin", ""},
		{"a field that is read", "func f(o pin.Opts) int { return o.Size }", "pin", "Signature pin Opts.Size Size int64"},
		{"a variable that is read", "var x int = pin.Default", "pin pin/inner", "Signature pin Default Default *Server"},
		{"a channel", "func f() { pin.Ch <- 1 }", "pin", ""},
		{"a range over a channel", "func f() {\n\tfor a, b := range pin.Ch {\n\t\t_, _ = a, b\n\t}\n}", "pin", ""},
		{"a key", "var x = pin.Table[1]", "pin", ""},
		{"operands", "func f(n pin.Number, m int) bool { return n == m }", "pin", ""},
		{"a constraint", "var x = pin.Sum(1.5, 2)", "pin", "Signature pin Sum Sum[T int | string](a T, b T) T"},
		{"inference", "func f() { pin.Sum(mid.IDs(), nil) }", "pin mid", "Signature pin Sum Sum[T int | string](a T, b T) T"},
		{"ambiguous", "type both struct {\n\tpin.Both2\n\tpin.Server\n}\n\nfunc f(b both) { b.Both() }", "", ""},
		{"ambiguous through one depth", "type both struct {\n\tpin.Both2\n\tmid.Match\n}\n\nfunc f(b both) { b.Gone() }", "pin mid", ""},

		{"a type switch without a type", "func f() {\n\tswitch s := any(mid.Server()).(type) {\n\tdefault:\n\t\ts.Gone()\n\t}\n}", "mid", ""},
		{"a type switch with one", "func f() {\n\tswitch s := any(mid.Server()).(type) {\n\tcase *pin.Server:\n\t\ts.Gone()\n\t}\n}", "pin pin/inner", "Gone pin Server.Gone"},
		{"received", "func f(c chan *pin.Server) {\n\tselect {\n\tcase s := <-c:\n\t\ts.Gone()\n\t}\n}", "pin pin/inner", "Gone pin Server.Gone"},
		{"received from another module", "func f() {\n\tc := make(chan *pin.Server)\n\tc <- mid.Server()\n\ts := <-c\n\ts.Gone()\n}", "pin pin/inner", "Gone pin Server.Gone"},
		{"inferred", "func id[T any](x T) T { return x }\n\nfunc f() { id(mid.Server()).Gone() }", "pin pin/inner mid", "Gone pin Server.Gone"},
		{"the length of an array", "const n = mid.N\n\nvar a [n]int\n\nfunc f() { pin.Arr(a) }", "pin mid", "Signature pin Arr Arr(a [3]int)"},
		{"what is in a struct that is compared", "type k struct{ l []*mid.Match }\n\nvar x = k{} == k{}", "mid", ""},
		{"what is in the key of a map", "type k struct{ l []*mid.Match }\n\nvar x map[k]int", "mid", ""},
		{"what is in a struct that is converted", "type k struct{ o []*mid.Match }\n\nvar x = pin.Opts(k{})", "pin mid", ""},

		{"own", "func f() { gone() }", "", ""},
		{"own beside others", "func f() { std.Println(mid.IDs(), gone) }", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var blames, apis []string
			for _, f := range check(t, New("amd64"), userOf(t, test.code), nil) {
				blames = append(blames, strings.Join(f.Blames, " "))
				if f.API.Kind != Other {
					apis = append(apis, describe(f.API))
				}
				if f.Unsure {
					t.Errorf("unsure: %s", f)
				}
			}
			if got := strings.Join(blames, " | "); got != test.blames {
				t.Errorf("blames %q, want %q", got, test.blames)
			}
			if got := strings.Join(apis, " | "); got != test.api {
				t.Errorf("API\ngot  %q\nwant %q", got, test.api)
			}
		})
	}
}

// userOf is the world with a package of this code, which imports what it names.
func userOf(t *testing.T, code string) map[string]*Package {
	imports := ""
	for _, name := range []string{"std", "pin", "mid"} {
		if strings.Contains(code, name+".") {
			imports += fmt.Sprintf("import %q\n", name)
		}
	}
	return graph(t, world+"-- user/user.go --\npackage user\n\n"+imports+"\n"+code+"\n")
}

func describe(a API) string {
	kind := map[Kind]string{Gone: "Gone", Signature: "Signature", Method: "Method"}[a.Kind]
	s := fmt.Sprintf("%s %s %s %s", kind, a.Package, a.Name, a.Now)
	if a.Kind == Method {
		s += fmt.Sprintf(" %s/%s %s", a.Lacks, a.Of, a.Have)
	}
	return strings.TrimSpace(s)
}

// TestDeclares: what the files of a package declare, without its types.
func TestDeclares(t *testing.T) {
	dir := t.TempDir()
	src := "package p\n\nconst A, B = 1, 2\n\nvar V int\n\nfunc F() {}\n\ntype S struct {\n\tX, Y int\n}\n\nfunc (*S) M() {}\n\ntype G[T any] struct{}\n\nfunc (G[T]) N() {}\n\ntype I interface{ Do() }\n\ntype N int\n"
	var files []string
	for name, text := range map[string]string{"a.go": src, "b_test.go": "package p\n\nvar Test int\n", "c.go": "package {"} {
		files = append(files, filepath.Join(dir, name))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"A", "B", "V", "F", "S", "S.X", "S.Y", "S.M", "G.N", "I.Do", "N"} {
		if !Declares(files, name) {
			t.Errorf("%s is not found", name)
		}
	}
	for _, name := range []string{"C", "S.F", "S.Z", "M", "X", "I.F", "N.X", "Test", "G.M"} {
		if Declares(files, name) {
			t.Errorf("%s is found", name)
		}
	}
}
