package flow

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/pinner"
)

func TestMovedPins(t *testing.T) {
	pin := func(path, version string, replace ...string) pinner.Pin {
		p := pinner.Pin{Version: module.Version{Path: path, Version: version}}
		if len(replace) == 2 {
			p.Replace = module.Version{Path: replace[0], Version: replace[1]}
		}
		return p
	}
	old := &pinner.Server{Pins: []pinner.Pin{pin("same", "v1.0.0"), pin("up", "v1.0.0"), pin("gone", "v1.0.0"), pin("fork", "v1.0.0"), pin("unshared", "v1.0.0"), pin("dir", "v1.0.0")}}
	now := &pinner.Server{Pins: []pinner.Pin{pin("same", "v1.0.0"), pin("up", "v1.2.0"), pin("new", "v0.1.0"), pin("fork", "v1.0.0", "fork2", "v1.0.1"), pin("unshared", "v2.0.0"), pin("dir", "v1.0.0", "./x", "")}}
	var linked []pinner.Linked
	for _, path := range []string{"same/a", "same/b", "up", "gone", "new", "fork/x", "dir"} {
		// What version the plugin has is next to the point; its packages count.
		root, _, _ := strings.Cut(path, "/")
		linked = append(linked, pinner.Linked{Path: path, Module: module.Version{Path: root, Version: "v1.5.0"}})
	}
	want := []report.Moved{
		{Name: "dir", Old: "v1.0.0", New: "v1.0.0 => ./x"},
		{Name: "fork", Old: "v1.0.0", New: "v1.0.0 => fork2 v1.0.1"},
		{Name: "gone", Old: "v1.0.0", New: ""},
		{Name: "new", Old: "", New: "v0.1.0"},
		{Name: "up", Old: "v1.0.0", New: "v1.2.0"},
	}
	if diff := cmp.Diff(want, movedPins(old, now, linked)); diff != "" {
		t.Error(diff)
	}
	if got := movedPins(old, old, linked); got != nil {
		t.Errorf("a server against itself: %v", got)
	}
}
