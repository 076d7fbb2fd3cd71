package look

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/pinfix/pinfix/astimports"
)

// FuzzScan: of any Go file, the imports are those that the parser finds, each on
// its line; what is pinfix's own is among them and gone from the bare file.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		"//go:build ignore\n\npackage main\n\nimport (\n\t_ \"a\" // pinfix\n)\n", "package p; import \"C\"\n",
		"// +build linux\n// +build !cgo\n\npackage p\n\nimport (\n\t\"fmt\"\n\n\t_ \"example.com/a\" // pinfix\n)\n\nfunc main() {}\n",
		"\ufeffpackage p\r\nimport _ \"x\" // pinfix\r\n", "package p\nimport `a`\nimport \"\\x61\"\nimport \"\\",
	} {
		f.Add([]byte(seed))
	}
	for _, name := range []string{"look.go", "scan.go", "look_test.go", "../gocmd/group_unix.go"} {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := scanFile(oneFile(src), "a.go")
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		want, _ := parser.ParseFile(fset, "a.go", src, parser.ImportsOnly|parser.SkipObjectResolution)
		if want == nil || want.Name == nil {
			if len(got.Imports) > 0 {
				t.Errorf("%v of what is no Go file", got.Imports)
			}
			return
		}
		lines := bytes.Count(src, []byte("\n")) + 1
		for _, im := range got.Imports {
			if im.Path == "C" || im.Line < 1 {
				t.Errorf("%+v of %d lines", im, lines)
			}
		}
		n := 0
		for _, spec := range want.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil && p != "C" {
				n++
			}
		}
		if n != len(got.Imports) {
			t.Errorf("%d imports, want %d", len(got.Imports), n)
		}
		checkOwn(t, got, src)
		s := &source{data: src}
		s.parse("a.go")
		if s.err == nil && len(slices.DeleteFunc(slices.Clone(s.imports), func(p string) bool { return p == "C" })) != n {
			t.Errorf("%q, want %d", s.imports, n)
		}
		if (got.Ignored || got.Constrained) && !bytes.Contains(src, []byte("build")) {
			t.Errorf("a constraint where there is none: %+v", got)
		}
	})
}

func checkOwn(t *testing.T, got *File, src []byte) {
	t.Helper()
	if len(got.Own) == 0 {
		return
	}
	for _, own := range got.Own {
		if !slices.ContainsFunc(got.Imports, func(im Import) bool { return im.Path == own }) {
			t.Errorf("%s is pinfix's own and no import", own)
		}
	}
	if got.Bare == nil {
		return
	}
	if left, err := astimports.Owned("a.go", got.Bare); err != nil || len(left) > 0 {
		t.Errorf("%q are left in the bare file, %v", left, err)
	}
	if back, err := astimports.Set("a.go", got.Bare, got.Own); err == nil && !got.Moved && !bytes.Equal(back, src) {
		t.Errorf("not moved, but put back it is\n%s", back)
	}
}

// oneFile is a tree of one file.
type oneFile []byte

func (f oneFile) ReadFile(string) ([]byte, error)       { return f, nil }
func (f oneFile) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrNotExist }
