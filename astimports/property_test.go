package astimports_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pinfix/pinfix/astimports"
	"golang.org/x/mod/module"
)

// check holds Set to its promises for one file and two sets of paths.
func check(t *testing.T, src []byte, p, q []string) {
	t.Helper()
	owned, err := astimports.Owned("p.go", src)
	if err != nil {
		return
	}
	bare := set(t, src, nil)
	if len(owned) == 0 {
		diff(t, "Set(x, nil)", bare, src)
	}
	for _, paths := range [][]string{p, q} {
		_, err := astimports.Set("p.go", src, paths)
		if errors.Is(err, astimports.ErrGenerated) || err != nil && badComment.MatchString(err.Error()) {
			return // see TestGenerated and TestMovedError
		}
	}
	with := set(t, src, p)
	diff(t, "Set(Set(x, p), p)", set(t, with, p), with)
	diff(t, "Set(Set(x, p), nil)", set(t, with, nil), bare)
	diff(t, "Set(Set(bare, p), nil)", set(t, set(t, bare, p), nil), bare)
	if !cmp.Equal(owned, wanted(t, src, q)) {
		// Else Set(x, q) is x, wherever its own lines are.
		diff(t, "Set(Set(x, p), q)", set(t, with, q), set(t, src, q))
	}

	got, err := astimports.Owned("p.go", with)
	if want := wanted(t, src, p); err != nil || !cmp.Equal(got, want) {
		t.Errorf("Owned(Set(%q, %q)) = %q, %v, want %q", src, p, got, err, want)
	}
	for _, with := range [][]byte{bare, with} {
		if was, is := theirs(t, src, false), theirs(t, with, false); !cmp.Equal(was, is) {
			t.Errorf("Set(%q, %q) changed the user's imports:\n%s", src, p, cmp.Diff(was, is))
		}
	}
	// What comment belongs to what is up to the parser where own lines are between.
	if was, is := theirs(t, bare, true), theirs(t, set(t, bare, p), true); sound(bare) && !cmp.Equal(was, is) {
		t.Errorf("Set(%q, %q) moved comments:\n%s", bare, p, cmp.Diff(was, is))
	}
	if len(owned) == 0 && formatted(src) && !formatted(with) && !crowded.Match(src) {
		t.Errorf("gofmt would change Set(%q, %q):\n%s", src, p, with)
	}
}

// crowded matches files where gofmt changes its mind as soon as anything else
// changes: with line directives, with comments that touch what follows, and
// with no blank line after the imports.
var crowded = regexp.MustCompile(`//line|(?m)^(package|import|\)|.*\*/).*\n(var|func|//|/\*)|\*/ *(var|func|//|/\*)`)

var badComment = regexp.MustCompile("illegal|comment not terminated")

// parse parses the head of src, as far as it goes: with the comments that
// follow the imports, where errors do not count.
func parse(t *testing.T, src []byte) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", src, parser.ImportsOnly|parser.ParseComments)
	if f == nil {
		t.Fatal(err)
	}
	return f
}

// sound reports whether the parser, which looks a little beyond the imports,
// finds no fault. An unterminated comment makes it see things.
func sound(src []byte) bool {
	_, err := parser.ParseFile(token.NewFileSet(), "p.go", src, parser.ImportsOnly|parser.ParseComments)
	return err == nil
}

// wanted returns what of paths the user does not import, sorted, each once.
func wanted(t *testing.T, src []byte, paths []string) []string {
	t.Helper()
	var list []string
	for _, p := range paths {
		if !slices.ContainsFunc(theirs(t, src, false), func(s string) bool { return strings.HasSuffix(s, " "+strconv.Quote(p)) }) {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// theirs returns the user's imports, name and path last, on request with the
// comments that the parser sees at them.
func theirs(t *testing.T, src []byte, comments bool) []string {
	t.Helper()
	var list []string
	for _, s := range parse(t, src).Imports {
		name, comment := "import", ""
		if s.Name != nil {
			name = s.Name.Name
		}
		if s.Comment != nil {
			comment = s.Comment.List[0].Text
		}
		if name == "_" && (comment == astimports.Mark || strings.HasPrefix(comment, astimports.Mark+" ")) {
			continue
		}
		if !comments {
			comment = ""
		} else if s.Doc != nil {
			comment += " " + s.Doc.Text()
		}
		path, _ := strconv.Unquote(s.Path.Value)
		list = append(list, comment+" "+name+" "+strconv.Quote(path))
	}
	return list
}

// TestStandardLibrary tries a sample of the standard library's files.
func TestStandardLibrary(t *testing.T) {
	t.Parallel()
	const every = 12
	n, tried := 0, 0
	for _, dir := range []string{"net", "os", "runtime/cgo", "go", "cmd/go", "cmd/cgo", "crypto", "internal/types/testdata"} {
		root := filepath.Join(build.Default.GOROOT, "src", dir)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			if n++; n%every != 0 && dir != "runtime/cgo" {
				return nil
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			tried++
			checkGoimports(t, src)
			check(t, src, []string{"golang.org/x/sys/unix", "a.b/c", "fmt"}, []string{"a.b/c", "os", "z.b/longer/than/c"})
			if t.Failed() {
				t.Fatal(path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if tried < 200 {
		t.Errorf("only %d files tried in %s", tried, build.Default.GOROOT)
	}
}

// checkGoimports is for the files that goimports makes: with one block at most,
// so that there is nothing to merge.
func checkGoimports(t *testing.T, src []byte) {
	t.Helper()
	if out, err := goimports(src); err != nil || !bytes.Equal(out, src) {
		return
	}
	for _, d := range parse(t, src).Decls {
		if d := d.(*ast.GenDecl); !d.Lparen.IsValid() && d.Specs[0].(*ast.ImportSpec).Path.Value != `"C"` {
			return
		}
	}
	if ast.IsGenerated(parse(t, src)) {
		return
	}
	with := set(t, src, []string{"golang.org/x/sys/unix", "a.b/c"})
	if out, err := goimports(with); err != nil || !bytes.Equal(out, with) {
		t.Errorf("goimports would change (%v):\n%s", err, with)
	}
}

func FuzzSet(f *testing.F) {
	for _, g := range goldens(f) {
		for _, src := range [][]byte{g.before, g.after, g.removed} {
			f.Add(src, strings.Join(g.paths, " "), "golang.org/x/sys/unix example.com/a")
		}
	}
	for _, src := range []string{
		"package p", "package p;", "package p\r", "package p /* \n */ var x", "package p;;", "package p; import `x\r`",
		"\ufeffpackage p\r\n\r\nimport (\r\n\t\"fmt\"\r\n)\r\n", "package p;import(\n\"x\"\n)",
		"package p\n\nimport _ \"a.b/c\" // pinfix", "package p; import _ \"a.b/c\" // pinfix",
	} {
		f.Add([]byte(src), "a.b/c", "")
	}
	f.Fuzz(func(t *testing.T, src []byte, p, q string) {
		if !importable(p) || !importable(q) {
			return
		}
		check(t, src, strings.Fields(p), strings.Fields(q))
	})
}

func importable(paths string) bool {
	for _, p := range strings.Fields(paths) {
		if p == "C" || module.CheckImportPath(p) != nil {
			return false
		}
	}
	return true
}
