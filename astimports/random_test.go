package astimports_test

import (
	"go/format"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRandom tries files in every form that the grammar allows, most of which
// no one would write.
func TestRandom(t *testing.T) {
	t.Parallel()
	const n = 1000
	g := &generator{rand.New(rand.NewPCG(7, 8))}
	for range n {
		src := g.file()
		check(t, []byte(src), []string{"a.b/c", "fmt", "x/y"}, []string{"z.b/longer", "a.b/c"})
		if out, err := format.Source([]byte(src)); err == nil {
			check(t, out, []string{"a.b/c", "fmt", "x/y"}, nil)
		}
		if t.Failed() {
			t.Fatalf("file: %q", src)
		}
	}
}

type generator struct{ *rand.Rand }

func (g *generator) one(of ...string) string { return of[g.IntN(len(of))] }

// some joins up to n of what f makes.
func (g *generator) some(n int, f func() string) string {
	var b strings.Builder
	for range g.IntN(n + 1) {
		b.WriteString(f())
	}
	return b.String()
}

func (g *generator) blanks() string {
	return g.some(2, func() string { return g.one(" ", "\t", " ", "\r", "/* b */") })
}

func (g *generator) lines() string {
	return g.some(3, func() string {
		return g.one("\n", "\n", "\r\n", " ", "\t", "// l\n", "\t// l\r\n", "/* m\n m */", "\n\n", "//line x.go:3\n")
	})
}

// end ends a package clause or an import.
func (g *generator) end() string {
	return g.blanks() + g.one("\n", "\n", "\n", "\r\n", ";", "; ", ";\n", " // e\n", "/* e\n e */", " // pinfixed\n")
}

func (g *generator) spec() string {
	if g.IntN(3) == 0 {
		path := g.one("own.b/1", "own.b/2", "a.b/c", "fmt")
		return "_ " + g.one(`"`+path+`"`, "`"+path+"`") + g.one(" ", "", "\t", ";") + "// pinfix" + g.one("\n", "\r\n", " for x\n")
	}
	name := g.one("", "", "", "_ ", ". ", "n ")
	return name + g.one(`"fmt"`, `"os"`, "`raw\r`", `"C"`, `"a.b/c"`, `"a\"b"`) + g.end()
}

func (g *generator) decl() string {
	if g.IntN(2) == 0 {
		return "import " + g.blanks() + g.spec() + g.lines()
	}
	specs := g.some(4, func() string { return g.one("\t", "") + g.spec() + g.lines() })
	return "import " + g.one("(", "(\n", "(\r\n", "( // b\n", "(\n\n") + specs + ")" + g.end() + g.lines()
}

func (g *generator) file() string {
	return g.one("", "\ufeff") + g.lines() + "package p" + g.end() + g.lines() + g.some(4, g.decl) +
		strings.TrimRight(g.one("", "", "var x int\n", "// d\nfunc f() {}\n", "'"), g.one("", "\n"))
}
