package compiles

import (
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// TestHolder: the module whose package it would be is the one with the longest
// path.
func TestHolder(t *testing.T) {
	at := func(path, version string) module.Version { return module.Version{Path: path, Version: version} }
	plan := &pinner.Plan{
		Pins: []pinner.Pin{{Version: at("example.com/x", "v1.0.0")}, {Version: at("example.com/x/y", "v0.2.0")}},
		Caps: []pinner.Cap{{Version: at("example.com/z", "v1.1.0")}},
	}
	for pkg, want := range map[string]string{
		"example.com/x":       "example.com/x@v1.0.0",
		"example.com/x/sub":   "example.com/x@v1.0.0",
		"example.com/x/y":     "example.com/x/y@v0.2.0",
		"example.com/x/y/sub": "example.com/x/y@v0.2.0",
		"example.com/xy":      "",
		"example.com/z/a/b":   "example.com/z@v1.1.0",
		"example.com":         "",
		"fmt":                 "",
	} {
		if got := Holder(plan, pkg); got.String() != want {
			t.Errorf("Holder(%q) = %v, want %q", pkg, got, want)
		}
	}
}
