package plugin

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

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
		t.Errorf("next to: %q", got)
	}
	if got := Workspaces([]string{"../b/c"}, ""); got != nil {
		t.Errorf("got %q", got)
	}
}
