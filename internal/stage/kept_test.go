package stage

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestReadHeads: a file is read again only if it has changed since, or may have without a
// trace in its time.
func TestReadHeads(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, test := range []struct {
		name       string
		first, now time.Time // when the file was changed
		want       string
	}{
		{"an old file", now.Add(-time.Hour), now.Add(-time.Hour), "package a"},
		{"changed", now.Add(-time.Hour), now.Add(-time.Minute), "package b"},
		{"new", now, now, "package b"},
		{"of a later clock", now.Add(time.Hour), now.Add(time.Hour), "package b"},
	} {
		dir := t.TempDir()
		name := filepath.Join(dir, "x.go")
		write := func(text string, at time.Time) {
			if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, at, at); err != nil {
				t.Fatal(err)
			}
		}
		write("package a", test.first)
		heads := readHeads(dir, nil)
		write("package b", test.now)
		if got := readHeads(dir, heads)["x.go"].text; got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
