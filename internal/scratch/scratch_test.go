package scratch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSweep: what killed runs have left goes after a day, and nothing else.
func TestSweep(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	outside := t.TempDir()
	alive, err := New()
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, old bool) {
		t.Helper()
		file := filepath.Join(temp, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o444); err != nil {
			t.Fatal(err)
		}
		top, _, _ := strings.Cut(name, "/")
		age(t, filepath.Join(temp, top), old)
	}
	put("pinfix-scratch-1/1/go.mod", true)
	put("pinfix-scratch-2/1/go.mod", false)
	put("pinfix-scratch-3x/go.mod", true)
	put("pinfix-4/go.mod", true)
	put("pinfix-scratch-5", true) // a file
	if err := os.Symlink(outside, filepath.Join(temp, "pinfix-scratch-1", "out")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(temp, "pinfix-scratch-6")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	age(t, filepath.Join(temp, "pinfix-scratch-1"), true)
	age(t, outside, true)
	age(t, alive.Path, true)
	next, err := New()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{"pinfix-scratch-2", "pinfix-scratch-3x", "pinfix-4", "pinfix-scratch-5", "pinfix-scratch-6", filepath.Base(alive.Path), filepath.Base(next.Path)}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(outside, "mine")); err != nil {
		t.Error(err)
	}
	for _, d := range []*Dir{alive, next} {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(d.Path); err == nil {
			t.Errorf("%s is still there", d.Path)
		}
	}
}

func age(t *testing.T, name string, old bool) {
	t.Helper()
	if at := time.Now().Add(-25 * time.Hour); old {
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
}
