package flow

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestKindOf(t *testing.T) {
	for _, tt := range []struct {
		name, files string
		want        kind
	}{
		{"nothing", "-- go.mod --\n", library},
		{"library", "-- a.go --\npackage a\n-- b/b.go --\npackage b\n", library},
		{"main of a test only", "-- a_test.go --\npackage main\n\nfunc main() { run() }\n", library},
		{"empty main", "-- a.go --\npackage main\n\nfunc main() {}\n", plugins},
		{"no main", "-- a.go --\npackage main\n\nvar Plugin struct{}\n", plugins},
		{"panic", "-- a.go --\npackage main\n\nfunc main() { panic(\"go build -buildmode=plugin\") }\n", plugins},
		{"a comment", "-- a.go --\npackage main\n\nfunc main() {\n\t// never called\n}\n", plugins},
		{"program", "-- a.go --\npackage main\n\nfunc main() { run() }\n", program},
		{"program of two files", "-- a.go --\npackage main\n\nfunc run() {}\n-- b.go --\npackage main\n\nfunc main() { run() }\n", program},
		{"program and plugin", "-- cmd/a.go --\npackage main\n\nfunc main() { run() }\n-- plugin/a.go --\npackage main\n", plugins},
		{"a method main", "-- a.go --\npackage main\n\nfunc (T) main() { run() }\n", plugins},
		{"broken", "-- a.go --\npackage main\n\nfunc {\n", plugins},
		{"nested module", "-- a.go --\npackage a\n-- n/go.mod --\n-- n/a.go --\npackage main\n", library},
		{"testdata", "-- testdata/a.go --\npackage main\n-- vendor/x/a.go --\npackage main\n-- _x/a.go --\npackage main\n", library},
		{"generator beside a plugin", "-- a.go --\npackage main\n-- gen.go --\n// Copyright.\n\n//go:build ignore\n\npackage main\n\nfunc main() { run() }\n", plugins},
		{"generator in a library", "-- a.go --\npackage a\n-- gen.go --\n// +build ignore\n\npackage main\n\nfunc main() { run() }\n", library},
		{"tags", "-- a.go --\n//go:build linux && !race\n\npackage main\n\nfunc main() { run() }\n", program},
		{"build constraint", "-- a.go --\n//go:build plugin\n\npackage main\n\nfunc main() {}\n", plugins},
	} {
		if got, err := kindOf(writeTree(t, tt.files)); got != tt.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestWorkspaces(t *testing.T) {
	dir := writeTree(t, "-- a/go.mod --\n-- a/go.work --\n-- b/c/go.mod --\n-- b/go.work/file --\n-- go.work --\n-- d/go.mod --\n")
	modules := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b", "c"), filepath.Join(dir, "d")}
	want := []string{filepath.Join(dir, "a", "go.work"), filepath.Join(dir, "go.work")}
	if got := Workspaces(modules, ""); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Workspaces(modules, "off"); got != nil {
		t.Errorf("GOWORK=off: %q", got)
	}
	if got := Workspaces(modules, "/x/go.work"); !slices.Equal(got, []string{"/x/go.work"}) {
		t.Errorf("GOWORK=/x/go.work: %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "go.work")); err != nil {
		t.Fatal(err)
	}
	if got := Workspaces(modules[2:], ""); got != nil {
		t.Errorf("without any: %q", got)
	}
	t.Chdir(filepath.Join(dir, "a"))
	if got := Workspaces([]string{"."}, ""); !slices.Equal(got, []string{"go.work"}) {
		t.Errorf("beside: %q", got)
	}
	if got := Workspaces([]string{"../b/c"}, ""); got != nil {
		t.Errorf("got %q", got)
	}
}
