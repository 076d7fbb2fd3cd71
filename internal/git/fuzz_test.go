package git

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParseIndex: whatever git lists, every file is in its directory, every
// directory in the one above, up to the top or the root, and each only once.
func FuzzParseIndex(f *testing.F) {
	for _, seed := range []string{
		"100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\tgo.mod\x00100755 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\ta b/c\td.go\x00120000 e69de29 0\tlink\x00",
		"160000 e69de29 0\tsub\x00100644 e69de29 1\tgo.mod\x00", "100644 x 0\t/abs\x00", "100644 x 0\t../up\x00100644 x 0\ta//b\x00", "100644 x\tx\x00", "100644 x 0\t\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, out []byte) {
		x, err := parseIndex(out)
		if err != nil {
			return
		}
		for name := range x.files {
			if !x.Has(name) {
				t.Errorf("%q is lost", name)
			}
			for at := name; at != "." && at != "/"; at = path.Dir(at) {
				entries, err := x.ReadDir(path.Dir(at))
				n := 0
				for _, e := range entries {
					if e.Name() == path.Base(at) && e.IsDir() == (at != name) {
						n++
					}
				}
				if err != nil || n == 0 {
					t.Errorf("%q: %q is %d times in %q, %v", name, path.Base(at), n, path.Dir(at), err)
				}
			}
		}
		if n := strings.Count(string(out), "\x00") + 1; len(x.files) > n || len(x.dirs) > len(out)+2 {
			t.Errorf("%d files in %d directories of %d entries", len(x.files), len(x.dirs), n)
		}
	})
}

// FuzzParseEntry: what is read of a line is in it, and a name that is no file of
// the directory, whatever it is, differs from what was committed: nothing outside
// is looked at.
func FuzzParseEntry(f *testing.F) {
	for _, seed := range []string{
		"H 100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\ta b/c\td.go", "S 100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\tx", "M 100644 e69de29 1\tx",
		"H 160000 e69de29 0\tsub", "H 120000 e69de29 0\tlink", "H 100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\t/dev/null",
		"H 100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\t../../../../../../../dev/null", "H 100644 x 0\t\x00", "H 100644 x\tx", "",
	} {
		f.Add(seed)
	}
	tree, err := os.OpenRoot(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { tree.Close() })
	f.Fuzz(func(t *testing.T, line string) {
		e, err := parseEntry(line)
		if err != nil {
			return
		}
		if !strings.HasSuffix(line, "\t"+e.name) {
			t.Errorf("%q of %q", e.name, line)
		}
		if want := e.mode != modeSubmodule && (!e.staged || !e.sparse); e.differs(tree) != want && filepath.IsLocal(e.name) && e.name != "." {
			t.Errorf("%q differs: %v", line, !want)
		} else if !filepath.IsLocal(e.name) && !e.sparse && e.mode != modeSubmodule && !e.differs(tree) {
			t.Errorf("%q is said to be as committed", line)
		}
	})
}
