package astimports_test

import (
	"bytes"
	"go/format"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pinfix/pinfix/astimports"
	"golang.org/x/tools/imports"
	"golang.org/x/tools/txtar"
)

// A golden is one file of testdata/set.
type golden struct {
	name                   string
	paths                  []string
	before, after, removed []byte
}

func goldens(t testing.TB) []golden {
	t.Helper()
	files, err := filepath.Glob("testdata/set/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var list []golden
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g := golden{name: strings.TrimSuffix(filepath.Base(file), ".txtar")}
		for _, part := range ar.Files {
			switch part.Name {
			case "paths":
				g.paths = strings.Fields(string(part.Data))
			case "before.go":
				g.before = part.Data
			case "after.go":
				g.after = part.Data
			case "removed.go":
				g.removed = part.Data
			default:
				t.Fatalf("%s: what is %s?", file, part.Name)
			}
		}
		if g.removed == nil {
			g.removed = g.before
			if len(g.paths) == 0 {
				g.removed = g.after
			}
		}
		list = append(list, g)
	}
	return list
}

func TestSet(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			after := set(t, g.before, g.paths)
			diff(t, "Set(before, paths)", after, g.after)
			diff(t, "Set(after, paths)", set(t, g.after, g.paths), g.after)
			diff(t, "Set(after, nil)", set(t, g.after, nil), g.removed)
			if formatted(g.before) && !formatted(after) {
				out, err := format.Source(after)
				t.Errorf("gofmt would change it (%v):\n%s", err, cmp.Diff(string(after), string(out)))
			}
		})
	}
}

// TestGoimports: goimports leaves own lines alone, and finds nothing to do in
// a file where it had nothing to do before. The exception is told in the doc
// comment of Set: it merges declarations.
func TestGoimports(t *testing.T) {
	t.Parallel()
	merged := map[string]bool{"single": true, "single_comment_below": true}
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			if out, err := goimports(g.before); err != nil || !bytes.Equal(out, g.before) {
				return // goimports has something to do before
			}
			out, err := goimports(g.after)
			if err != nil {
				t.Fatal(err)
			}
			if !merged[g.name] {
				diff(t, "goimports", out, g.after)
			}
			diff(t, "Set after goimports", set(t, out, g.paths), out)
		})
	}
}

// TestGoimportsSplits: goimports has a group for paths without a dot.
func TestGoimportsSplits(t *testing.T) {
	t.Parallel()
	before := []byte("package p\n\nimport (\n\t_ \"fmt\"\n)\n")
	paths := []string{"corp/a", "corp/b", "example.com/c"}
	out, err := goimports(set(t, before, paths))
	if err != nil {
		t.Fatal(err)
	}
	owned, err := astimports.Owned("p.go", out)
	if err != nil || !cmp.Equal(owned, paths) {
		t.Errorf("Owned = %v, %v", owned, err)
	}
	diff(t, "Set after goimports", set(t, out, paths), out)
	diff(t, "Set(nil) after goimports", set(t, out, nil), before)
}

func TestOwned(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line string
		owns bool
	}{
		{`_ "a.b/c" // pinfix`, true},
		{`_ "a.b/c"// pinfix`, true},
		{`_ "a.b/c"; // pinfix`, true},
		{"_ `a.b/c`\t\t// pinfix", true},
		{`_ "\x61.b/c" // pinfix`, true},
		{`_ "a.b/c" // pinfix: for x`, false},
		{`_ "a.b/c" // pinfix for x`, true},
		{`_ "a.b/c" // pinfixed`, false},
		{`_ "a.b/c" //pinfix`, false},
		{`_ "a.b/c" //  pinfix`, false},
		{`_ "a.b/c" // Pinfix`, false},
		{`_ "a.b/c" /* pinfix */`, false},
		{`_ "a.b/c" /* x */ // pinfix`, false},
		{`_ "a.b/c" // for x // pinfix`, false},
		{`_ "a.b/c"`, false},
		{`"a.b/c" // pinfix`, false},
		{`. "a.b/c" // pinfix`, false},
		{`x "a.b/c" // pinfix`, false},
	} {
		for _, src := range []string{
			"package p\n\nimport " + test.line + "\n",
			"package p\n\nimport (\n\t" + test.line + "\n)\n",
			"package p\r\n\r\nimport (\r\n\t\"x\"\r\n\t" + test.line + "\r\n)\r\n",
			"package p; import " + test.line,
		} {
			var want []string
			if test.owns {
				want = []string{"a.b/c"}
			}
			got, err := astimports.Owned("p.go", []byte(src))
			if err != nil || !cmp.Equal(got, want) {
				t.Errorf("Owned(%q) = %v, %v, want %v", src, got, err, want)
			}
		}
	}
}

// set is Set on a file that has no errors and no name.
func set(t testing.TB, src []byte, paths []string) []byte {
	t.Helper()
	was := bytes.Clone(src)
	out, err := astimports.Set("p.go", src, paths)
	if err != nil {
		t.Fatalf("Set(%q, %q): %v", src, paths, err)
	}
	if !bytes.Equal(src, was) {
		t.Fatalf("Set(%q, %q) changed its argument", was, paths)
	}
	return out
}

func diff(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s (-got +want):\n%s", what, cmp.Diff(string(got), string(want)))
	}
}

// formatted reports whether gofmt would leave src alone.
func formatted(src []byte) bool {
	out, err := format.Source(src)
	return err == nil && bytes.Equal(out, src)
}

func goimports(src []byte) ([]byte, error) {
	return imports.Process("p.go", src, &imports.Options{
		FormatOnly: true, Comments: true, TabIndent: true, TabWidth: 8,
	})
}
