package pinner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
)

func TestMoves(t *testing.T) {
	pin := func(path, version string, replace ...string) Pin {
		p := Pin{Version: module.Version{Path: path, Version: version}}
		if len(replace) == 2 {
			p.Replace = module.Version{Path: replace[0], Version: replace[1]}
		}
		return p
	}
	old := &Server{Pins: []Pin{pin("same", "v1.0.0"), pin("up", "v1.0.0"), pin("gone", "v1.0.0"), pin("fork", "v1.0.0"), pin("unshared", "v1.0.0"), pin("dir", "v1.0.0")}}
	new := &Server{Pins: []Pin{pin("same", "v1.0.0"), pin("up", "v1.2.0"), pin("new", "v0.1.0"), pin("fork", "v1.0.0", "fork2", "v1.0.1"), pin("unshared", "v2.0.0"), pin("dir", "v1.0.0", "./x", "")}}
	var linked []Linked
	for _, path := range []string{"same/a", "same/b", "up", "gone", "new", "fork/x", "dir"} {
		// What version the plugin has is beside the point; its packages count.
		root, _, _ := strings.Cut(path, "/")
		linked = append(linked, Linked{path, module.Version{Path: root, Version: "v1.5.0"}})
	}
	want := []Move{
		{"dir", "v1.0.0", "v1.0.0 => ./x"},
		{"fork", "v1.0.0", "v1.0.0 => fork2 v1.0.1"},
		{"gone", "v1.0.0", ""},
		{"new", "", "v0.1.0"},
		{"up", "v1.0.0", "v1.2.0"},
	}
	if diff := cmp.Diff(want, Moves(old, new, linked)); diff != "" {
		t.Error(diff)
	}
	if got := Moves(old, old, linked); got != nil {
		t.Errorf("a server against itself: %v", got)
	}
}

// TestLinksSource: of source, vendor/ says what may be linked, and a package of
// the server's own is never there.
func TestLinksSource(t *testing.T) {
	s := &Server{
		Main:   module.Version{Path: "example.com/server"},
		Pins:   []Pin{{Version: module.Version{Path: "example.com/a", Version: "v1.0.0"}}, {Version: module.Version{Path: "example.com/a/nested", Version: "v1.0.0"}}},
		Source: &ServerSource{Packages: map[string]bool{"example.com/a/x": true, "example.com/a/nested/y": true}},
	}
	linked := func(path, mod string) Linked { return Linked{path, module.Version{Path: mod, Version: "v1.1.0"}} }
	got := Compare(s, []Linked{
		linked("example.com/a/x", "example.com/a"),
		linked("example.com/a/other", "example.com/a"),
		linked("example.com/a/nested/y", "example.com/a"),
		linked("example.com/server/api", "example.com/server"),
		linked("example.com/elsewhere", "example.com/elsewhere"),
	})
	want := &Match{
		Pins:   s.Pins,
		Splits: []Split{{"example.com/a/nested/y", module.Version{Path: "example.com/a", Version: "v1.1.0"}, s.Pins[1]}},
		Own:    []Linked{linked("example.com/server/api", "example.com/server")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Compare(s, []Linked{linked("example.com/a/other", "example.com/a")}); got.Pins != nil {
		t.Errorf("a package that is not vendored is shared: %v", got.Pins)
	}
}
