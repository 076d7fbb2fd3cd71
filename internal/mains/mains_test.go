package mains

import (
	"os"
	"path/filepath"
	"slices"
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
