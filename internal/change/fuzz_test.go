package change

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
)

// FuzzPatch checks with the small applier beside this file that a patch leads
// from Old to New and back. Which sides exist comes from bits of sides, since
// the fuzzer has no nil. Real git is asked in TestGitApply.
func FuzzPatch(f *testing.F) {
	f.Add("go.mod", []byte("module a\n\ngo 1.25\n"), []byte("module a\n\ngo 1.24\n"), uint8(3))
	f.Add("a b", []byte("a"), []byte("a\n"), uint8(3))
	f.Add("é\"\\\n", []byte("a\r\nb"), []byte(""), uint8(3))
	f.Add("x", []byte(""), []byte(""), uint8(1))
	f.Add("x", []byte("\x00"), []byte("\\ No newline at end of file\n"), uint8(3))
	f.Add("b/x b/x", []byte("1\n2\n3\n4\n5\n6\n7\n8\n9\n"), []byte("1\n2\n3\n4\n5\n6\n7\n8\nX\n"), uint8(3))
	f.Fuzz(func(t *testing.T, path string, old, new []byte, sides uint8) {
		if path == "" || strings.Contains(path, "\x00") {
			t.Skip("no such name on any disk")
		}
		c := Change{Path: path, Mode: fs.FileMode(sides) << 2 & 0o777}
		if sides&1 != 0 {
			c.Old = append([]byte{}, old...)
		}
		if sides&2 != 0 {
			c.New = append([]byte{}, new...)
		}
		roundTrip(t, c)
	})
}

func roundTrip(t *testing.T, c Change) {
	t.Helper()
	patch := c.Patch()
	if (patch == nil) != c.same() {
		t.Fatalf("patch %q of %+v", patch, c)
	}
	if patch == nil {
		return
	}
	for _, way := range []struct {
		in, out []byte
		reverse bool
	}{{c.Old, c.New, false}, {c.New, c.Old, true}} {
		path, got, err := applyPatch(patch, way.in, way.reverse)
		if err != nil {
			t.Fatalf("reverse=%v: %v\n%s", way.reverse, err, patch)
		}
		if path != c.Path {
			t.Fatalf("path %q, want %q", path, c.Path)
		}
		if !bytes.Equal(got, way.out) || (got == nil) != (way.out == nil) {
			t.Fatalf("reverse=%v: got %q, want %q\n%s", way.reverse, got, way.out, patch)
		}
	}
	added, removed := Stat(c.Old, c.New)
	if isBinary(c.Old) || isBinary(c.New) {
		return
	}
	if lines(c.New)-lines(c.Old) != added-removed {
		t.Fatalf("Stat says +%d -%d\n%s", added, removed, patch)
	}
}

func lines(b []byte) (n int) {
	for range bytes.Lines(b) {
		n++
	}
	return n
}
