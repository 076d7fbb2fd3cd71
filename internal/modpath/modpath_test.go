package modpath

import (
	"slices"
	"testing"
)

func TestLongest(t *testing.T) {
	modules := []string{"example.com/a", "example.com/a/b", "example.com/a/b/v2", "gopkg.in/yaml.v3", "short"}
	is := func(path string) bool { return slices.Contains(modules, path) }
	for _, tt := range []struct{ pkg, longest, above string }{
		{"example.com/a", "example.com/a", ""},
		{"example.com/a/x", "example.com/a", "example.com/a"},
		{"example.com/a/b", "example.com/a/b", "example.com/a"},
		{"example.com/a/b/v2", "example.com/a/b/v2", "example.com/a/b"},
		{"example.com/a/b/v2/x/y", "example.com/a/b/v2", "example.com/a/b/v2"},
		{"example.com/a/b/v22", "example.com/a/b", "example.com/a/b"},
		{"example.com/ab", "", ""},
		{"example.com", "", ""},
		{"gopkg.in/yaml.v3", "gopkg.in/yaml.v3", ""},
		{"short/x", "short", "short"},
		{"fmt", "", ""},
		{"", "", ""},
		{"/abs/file.go", "", ""}, // what go list calls a package of files
		{".", "", ""},
	} {
		if got, ok := Longest(tt.pkg, is); got != tt.longest || ok != (got != "") {
			t.Errorf("Longest(%q) = %q, %v", tt.pkg, got, ok)
		}
		if got, ok := Above(tt.pkg, is); got != tt.above || ok != (got != "") {
			t.Errorf("Above(%q) = %q, %v", tt.pkg, got, ok)
		}
	}
}

func TestUp(t *testing.T) {
	for pkg, want := range map[string][]string{
		"a/b/c": {"a/b/c", "a/b", "a"},
		"a":     {"a"},
		"":      nil,
		"/a/b":  {"/a/b", "/a"}, // the empty path is no module's
		"a//b":  {"a//b", "a/", "a"},
	} {
		if got := slices.Collect(Up(pkg)); !slices.Equal(got, want) {
			t.Errorf("Up(%q) = %q, want %q", pkg, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		pkg, module, rest string
		ok                bool
	}{
		{"example.com/a", "example.com/a", "", true},
		{"example.com/a/b", "example.com/a", "/b", true},
		{"example.com/ab", "example.com/a", "", false},
		{"example.com", "example.com/a", "", false},
		{"fmt", "example.com/a", "", false},
		{"fmt", "", "", false}, // a build info without a main module
	} {
		rest, ok := Cut(tt.pkg, tt.module)
		if ok != tt.ok || ok && rest != tt.rest || In(tt.pkg, tt.module) != ok {
			t.Errorf("Cut(%q, %q) = %q, %v", tt.pkg, tt.module, rest, ok)
		}
	}
}
