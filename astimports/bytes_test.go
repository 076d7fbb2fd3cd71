package astimports_test

import (
	"bytes"
	"strings"
	"testing"
)

// Line ends and what else does not show in testdata/set.

const (
	noImports = "package p\n\nvar x int\n"
	oneImport = "package p\n\nimport \"fmt\" // fmt\n\nvar _ = fmt.Sprint()\n"
	oneBlock  = "package p\n\nimport (\n\t\"fmt\" // fmt\n)\n\nvar _ = fmt.Sprint()\n"
)

func TestLineEnds(t *testing.T) {
	t.Parallel()
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for _, src := range []string{noImports, oneImport, oneBlock} {
		lf := set(t, []byte(src), []string{"a.b/c", "a.b/cd"})
		got := set(t, []byte(crlf(src)), []string{"a.b/c", "a.b/cd"})
		diff(t, "CRLF", got, []byte(crlf(string(lf))))
		diff(t, "CRLF, removed", set(t, got, nil), []byte(crlf(src)))

		const bom = "\ufeff"
		got = set(t, []byte(bom+src), []string{"a.b/c", "a.b/cd"})
		diff(t, "BOM", got, []byte(bom+string(lf)))
		diff(t, "BOM, removed", set(t, got, nil), []byte(bom+src))
	}
}

func TestLastLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ before, after string }{
		{"package p", "package p\n\nimport (\n\t_ \"a.b/c\" // pinfix\n)"},
		{"package p ", "package p \n\nimport (\n\t_ \"a.b/c\" // pinfix\n)"},
		{"package p\n", "package p\n\nimport (\n\t_ \"a.b/c\" // pinfix\n)\n"},
		{"package p // p", "package p // p\n\nimport (\n\t_ \"a.b/c\" // pinfix\n)"},
		{"package p /* p\n*/", "package p /* p\n*/\n\nimport (\n\t_ \"a.b/c\" // pinfix\n)"},
		{"package p;", "package p;\n\nimport (\n\t_ \"a.b/c\" // pinfix\n)"},
		{"package p\r", "package p\r\n\nimport (\n\t_ \"a.b/c\" // pinfix\n)"},
		{"package p; import `x\r`", "package p; import `x\r`\n\nimport (\n\t_ \"a.b/c\" // pinfix\n)"},
		{"// p\r\npackage p", "// p\r\npackage p\r\n\r\nimport (\r\n\t_ \"a.b/c\" // pinfix\r\n)"},
		{"package p\n\n\n", "package p\n\nimport (\n\t_ \"a.b/c\" // pinfix\n)\n\n\n"},
		{"package p;import(\n\"x\"\n)", "package p;import(\n\"x\"\n\n\t_ \"a.b/c\" // pinfix\n)"},
		{"package p;import(\n\"x\"\n\n\n)", "package p;import(\n\"x\"\n\n\n\n\t_ \"a.b/c\" // pinfix\n)"},
		{"package p; var x int", "package p; import (\n\t_ \"a.b/c\" // pinfix\n); var x int"},
		{"package p;;", "package p;import (\n\t_ \"a.b/c\" // pinfix\n); ;"},
	} {
		after := set(t, []byte(test.before), []string{"a.b/c"})
		diff(t, "Set", after, []byte(test.after))
		diff(t, "Set(nil)", set(t, after, nil), []byte(test.before))
	}
}

// TestOwnLastLine removes what people wrote at the end of a file.
func TestOwnLastLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ before, after string }{
		{"package p\n\nimport _ \"a.b/c\" // pinfix", "package p"},
		{"package p\r\n\r\nimport _ \"a.b/c\" // pinfix", "package p"},
		{"package p\nimport _ \"a.b/c\" // pinfix", "package p"},
		{"package p\n\nimport _ \"a.b/c\" // pinfix\n  ", "package p\n  "},
		{"package p\n\nimport (\n\t_ \"a.b/c\" // pinfix\n);\n", "package p\n"},
		{"package p\n\nimport (_ \"a.b/c\" // pinfix\n)\n", "package p\n"},
		{"package p\n\nimport (\n\t// about c\n\t_ \"a.b/c\" // pinfix\n)\n", "package p\n\nimport (\n\t// about c\n)\n"},
		{"package p; import _ \"a.b/c\" // pinfix", "package p; "},
	} {
		diff(t, "Set(nil)", set(t, []byte(test.before), nil), []byte(test.after))
	}
}

// TestSame: where there is nothing to do, the very same bytes come back.
func TestSame(t *testing.T) {
	t.Parallel()
	src := set(t, []byte(oneBlock), []string{"a.b/c", "a.b/d"})
	for _, paths := range [][]string{{"a.b/c", "a.b/d"}, {"a.b/d", "fmt", "a.b/c", "a.b/d"}} {
		if got := set(t, src, paths); &got[0] != &src[0] {
			t.Errorf("Set(%q) returned a copy", paths)
		}
	}
	paths := []string{"a.b/z", "fmt", "a.b/a"}
	if got := set(t, []byte(oneBlock), paths); bytes.Contains(got, []byte(`_ "fmt"`)) {
		t.Errorf("Set imports fmt again:\n%s", got)
	}
	if strings.Join(paths, " ") != "a.b/z fmt a.b/a" {
		t.Errorf("Set changed its argument to %q", paths)
	}
}

// TestAlignment: gofmt would write the own group as Set does, whatever the
// lengths of its lines and of the user's above.
func TestAlignment(t *testing.T) {
	t.Parallel()
	for n := range 130 {
		long := "a.b/" + strings.Repeat("x", n+1)
		for _, paths := range [][]string{{long}, {"a.b/c", long}, {long, "z.b/c"}, {"a.b/c", long, "z.b/ccccccccccc"}} {
			for _, src := range []string{noImports, oneImport, oneBlock} {
				if got := set(t, []byte(src), paths); !formatted(got) {
					t.Fatalf("gofmt would change:\n%s", got)
				}
			}
		}
	}
}
