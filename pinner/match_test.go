package pinner

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
)

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
