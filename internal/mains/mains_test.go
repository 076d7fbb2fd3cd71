package mains

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// writeTree writes a txtar archive into a directory, and returns that.
func writeTree(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		mains           []string // those that export something in upper case
		plugins, others []string
	}{
		{"none", nil, nil, nil},
		{"one program", []string{"a"}, []string{"a"}, nil},
		{"one plugin", []string{"A"}, []string{"A"}, nil},
		{"plugin and program", []string{"A", "b"}, []string{"A"}, []string{"b"}},
		{"two plugins", []string{"A", "B"}, []string{"A", "B"}, nil},
		{"two programs", []string{"a", "b"}, []string{"a", "b"}, nil},
	} {
		plugins, others := Split(tt.mains, func(s string) bool { return s[0] < 'a' })
		if !slices.Equal(plugins, tt.plugins) || !slices.Equal(others, tt.others) {
			t.Errorf("%s: %q, %q", tt.name, plugins, others)
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	want := map[string]bool{}
	for decl, exported := range map[string]bool{
		"func Hello() {}":                           true,
		"func hello() {}":                           false,
		"var Plugin = 1":                            true,
		"var (\n\ta = 1\n\tb, Plugin = 1, 2\n)":     true,
		"var plugin = 1":                            false,
		"const Version = 1":                         false,
		"type Plugin struct{}":                      false,
		"type p struct{}\nfunc (p) Hello() {}":      false,
		"func Hello[T any](T) {}":                   false,
		"func main() {}":                            false,
		"var _ = 1":                                 false,
		"import \"C\"\n//export Hello\nfunc x() {}": false,
		"func Hello( {":                             true, // who knows
	} {
		want[decl] = exported
		got[decl] = exports([]byte("package main\n" + decl + "\n"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !Export([]string{"a.go"}, In(t.TempDir())) {
		t.Error("a file that cannot be read exports nothing")
	}
}

func TestKindOf(t *testing.T) {
	for _, tt := range []struct {
		name, files string
		want        Kind
	}{
		{"nothing", "-- go.mod --\n", Library},
		{"library", "-- a.go --\npackage a\n-- b/b.go --\npackage b\n", Library},
		{"main of a test only", "-- a_test.go --\npackage main\n\nfunc main() { run() }\n", Library},
		{"empty main", "-- a.go --\npackage main\n\nfunc main() {}\n", Plugins},
		{"no main", "-- a.go --\npackage main\n\nvar Plugin struct{}\n", Plugins},
		{"panic", "-- a.go --\npackage main\n\nfunc main() { panic(\"go build -buildmode=plugin\") }\n", Plugins},
		{"a comment", "-- a.go --\npackage main\n\nfunc main() {\n\t// never called\n}\n", Plugins},
		{"program", "-- a.go --\npackage main\n\nfunc main() { run() }\n", Program},
		{"program of two files", "-- a.go --\npackage main\n\nfunc run() {}\n-- b.go --\npackage main\n\nfunc main() { run() }\n", Program},
		{"program and plugin", "-- cmd/a.go --\npackage main\n\nfunc main() { run() }\n-- plugin/a.go --\npackage main\n", Plugins},
		{"a method main", "-- a.go --\npackage main\n\nfunc (T) main() { run() }\n", Plugins},
		{"broken", "-- a.go --\npackage main\n\nfunc {\n", Plugins},
		{"nested module", "-- a.go --\npackage a\n-- n/go.mod --\n-- n/a.go --\npackage main\n", Library},
		{"testdata", "-- testdata/a.go --\npackage main\n-- vendor/x/a.go --\npackage main\n-- _x/a.go --\npackage main\n", Library},
		{"generator next to a plugin", "-- a.go --\npackage main\n-- gen.go --\n// Copyright.\n\n//go:build ignore\n\npackage main\n\nfunc main() { run() }\n", Plugins},
		{"generator in a library", "-- a.go --\npackage a\n-- gen.go --\n// +build ignore\n\npackage main\n\nfunc main() { run() }\n", Library},
		{"tags", "-- a.go --\n//go:build linux && !race\n\npackage main\n\nfunc main() { run() }\n", Program},
		{"build constraint", "-- a.go --\n//go:build plugin\n\npackage main\n\nfunc main() {}\n", Plugins},
	} {
		if got, err := KindOf(writeTree(t, tt.files), nil); got != tt.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
}

// TestWalk holds the walk against go list: the directories with the packages of ./...
func TestWalk(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"x.go", "a/x.go", "a/vendor/x.go", "a/vendor/y/x.go", "vendor/x.go", "vendor/y/x.go", "testdata/x.go", "a/testdata/b/x.go", "_u/v/x.go", ".h/x.go", "a/.h/x.go", "m/go.mod", "m/x.go", "d/go.mod/x.go", "d/x.go"} {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		text := "package x\n"
		if name == "m/go.mod" {
			text = "module example.com/m/m\n"
		}
		if err := os.WriteFile(full, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module example.com/m\n\ngo 1.21\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-mod=mod", "-f", "{{.Dir}}", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(out))
	var got []string
	if err := Walk(Below(root), func(dir string, entries []fs.DirEntry) error {
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "x.go" }) {
			got = append(got, filepath.Join(root, filepath.FromSlash(dir)))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
