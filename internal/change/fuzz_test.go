package change

import (
	"bytes"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"
)

// FuzzPatch checks with the small applier next to this file that a patch leads
// from Old to New and back, and with the real git apply for one input in 32: that
// takes ten milliseconds. Which sides exist comes from bits of sides, since the
// fuzzer has no nil.
func FuzzPatch(f *testing.F) {
	f.Add("go.mod", []byte("module a\n\ngo 1.25\n"), []byte("module a\n\ngo 1.24\n"), uint8(3))
	f.Add("a b", []byte("a"), []byte("a\n"), uint8(3))
	f.Add("é\"\\\n", []byte("a\r\nb"), []byte(""), uint8(3))
	f.Add("x", []byte(""), []byte(""), uint8(1))
	f.Add("go.mod", []byte("module a\r\n\ngo 1.25"), []byte("module a\n\x1b[2J\n"), uint8(131))
	f.Add("x", []byte("\x00"), []byte("\\ No newline at end of file\n"), uint8(3))
	f.Add("b/x b/x", []byte("1\n2\n3\n4\n5\n6\n7\n8\n9\n"), []byte("1\n2\n3\n4\n5\n6\n7\n8\nX\n"), uint8(3))
	f.Fuzz(func(t *testing.T, path string, old, now []byte, sides uint8) {
		if path == "" || strings.Contains(path, "\x00") {
			t.Skip("no such name on any disk")
		}
		c := Change{Path: path, Mode: fs.FileMode(sides) << 2 & 0o777}
		if sides&1 != 0 {
			c.Old = append([]byte{}, old...)
		}
		if sides&2 != 0 {
			c.New = append([]byte{}, now...)
		}
		roundTrip(t, c)
		if (crc32.ChecksumIEEE(old)^crc32.ChecksumIEEE(now))&31 == 0 || sides&128 != 0 {
			gitRoundTrip(t, c)
		}
	})
}

// gitRoundTrip lets git apply the patch of c and take it back. git knows no
// control characters in names on all systems, so the name here is a plain one.
func gitRoundTrip(t *testing.T, c Change) {
	t.Helper()
	set := Set{c}
	if set[0].Path = "sub dir/file.go"; c.same() {
		return
	}
	dir := t.TempDir()
	write(t, dir, set)
	for _, way := range []struct {
		flags []string
		side  func(Change) []byte
	}{{nil, func(c Change) []byte { return c.New }}, {[]string{"-R"}, func(c Change) []byte { return c.Old }}} {
		git(t, dir, dir, set.Patch(), append([]string{"apply", "--whitespace=nowarn"}, way.flags...)...)
		compare(t, dir, set, way.side)
	}
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
