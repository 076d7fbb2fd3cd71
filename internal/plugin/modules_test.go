package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"
)

func TestIsWalk(t *testing.T) {
	for arg, want := range map[string]bool{
		"./...": true, "plugins/...": true, "../...": true, "/abs/...": true, "./a b/...": true,
		"...": false, ".": false, "": false, "./": false, "./x": false, "./...x": false, "x...": false,
	} {
		if got := IsWalk(arg); got != want {
			t.Errorf("IsWalk(%q) = %v, want %v", arg, got, want)
		}
	}
}

const modulesTree = `
-- go.mod --
-- a/go.mod --
-- a/nested/go.mod --
-- a-b/go.mod --
-- a/vendor/example.com/x/go.mod --
-- a/testdata/go.mod --
-- .git/go.mod --
-- _old/go.mod --
-- .hidden/deep/go.mod --
-- plain/main.go --
-- plain/deep/go.mod --
-- dir/go.mod/file --
-- vendored/go.mod --
`

func writeTree(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestModules(t *testing.T) {
	dir := writeTree(t, modulesTree)
	for link, to := range map[string]string{"link": "a", "loop": ".", "linked/go.mod": "../a/go.mod", "broken/go.mod": "nowhere"} {
		name := filepath.Join(dir, filepath.FromSlash(link))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		pattern string
		want    []string
	}{
		{"./...", []string{".", "a", "a-b", "a/nested", "linked", "plain/deep", "vendored"}},
		{"a/...", []string{"a", "a/nested"}},
		{"./a/...", []string{"a", "a/nested"}},
		{"plain/...", []string{"plain/deep"}},
		{"a/testdata/...", []string{"a/testdata"}}, // named, so meant
		{"link/...", []string{"link", "link/nested"}},
		{dir + "/a/...", []string{"a", "a/nested"}},
	} {
		got, err := Modules(dir, tt.pattern, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		var want []string
		for _, w := range tt.want {
			want = append(want, filepath.Join(dir, filepath.FromSlash(w)))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.pattern, got, want)
		}
	}
}

// TestModulesRelative: what comes out of ./... can be given to -C.
func TestModulesRelative(t *testing.T) {
	t.Chdir(writeTree(t, modulesTree))
	got, err := Modules(".", "./a/...", nil)
	if want := []string{"a", filepath.Join("a", "nested")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if got, err := Modules("a", "../plain/...", nil); err != nil || !slices.Equal(got, []string{filepath.Join("plain", "deep")}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestModulesErrors(t *testing.T) {
	dir := writeTree(t, modulesTree)
	for _, pattern := range []string{"nowhere/...", "plain/main.go/...", ".hidden/none/...", "dir/go.mod/..."} {
		if got, err := Modules(dir, pattern, nil); err == nil {
			t.Errorf("%s: %q and no error", pattern, got)
		}
	}
	if os.Getuid() == 0 {
		t.Log("root reads every directory; the error of one that cannot be read is not tested")
		return
	}
	if err := os.Chmod(filepath.Join(dir, "plain"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "plain"), 0o777) })
	if got, err := Modules(dir, "./...", nil); err == nil {
		t.Errorf("%q and no error", got)
	}
}

// BenchmarkModules: 200 modules with 20 packages each.
func BenchmarkModules(b *testing.B) {
	dir := b.TempDir()
	for i := range 200 {
		for j := range 20 {
			if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("m%d/p%d", i, j)), 0o777); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("m%d/go.mod", i)), nil, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if got, err := Modules(dir, "./...", nil); err != nil || len(got) != 200 {
			b.Fatal(len(got), err)
		}
	}
}
