package compiles

import (
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// TestInServer: which packages the server's own build has shown to compile.
func TestInServer(t *testing.T) {
	t.Parallel()
	pin := func(path, version string) pinner.Pin {
		return pinner.Pin{Version: module.Version{Path: path, Version: version}}
	}
	replaced := pin("r", "v1.0.0")
	replaced.Replace = module.Version{Path: "fork", Version: "v1.1.0"}
	local := pin("l", "v1.0.0")
	local.Replace = module.Version{Path: "../l"}
	server := &pinner.Server{
		Packages: map[string]pinner.Fingerprint{"a": {}, "b": {}, "c": {}, "r": {}, "l": {}, "x": {}, "own": {}, "gone": {}},
		Pins:     []pinner.Pin{pin("a", "v1.0.0"), pin("b", "v1.0.0"), pin("c", "v1.0.0"), pin("d", "v1.0.0"), replaced, local, pin("x", "v1.0.0"), pin("gone", "v1.0.0")},
	}
	pkg := func(path, version string, imports ...string) *importgraph.Package {
		return &importgraph.Package{ImportPath: path, Module: &importgraph.Module{Path: path, Version: version}, Imports: imports, GoFiles: []string{"x.go"}}
	}
	own, gone := pkg("own", ""), pkg("gone", "v1.0.0")
	own.Module.Main, gone.GoFiles = true, nil
	l := &importgraph.Listing{
		Standard: map[string]*importgraph.Package{"fmt": {}},
		Packages: map[string]*importgraph.Package{
			"a":   pkg("a", "v1.0.0", "fmt", "unsafe", "C"),
			"b":   pkg("b", "v1.1.0"),                   // another version
			"c":   pkg("c", "v1.0.0", "a", "b"),         // imports one that is another
			"d":   pkg("d", "v1.0.0"),                   // not linked by the server
			"e":   pkg("e", "v1.0.0", "a"),              // not of the server's
			"r":   pkg("r", "v1.0.0", "a"),              // from the same place
			"l":   pkg("l", "v1.0.0"),                   // from a directory
			"x":   pkg("x", "v1.0.0", "a", "elsewhere"), // imports what is not in the graph
			"own": own, "gone": gone,
		},
	}
	want := map[string]bool{"a": true, "r": true}
	for _, mod := range []struct {
		text string
		r    bool
	}{
		{"module p\n\nreplace r v1.0.0 => fork v1.1.0\n", true},
		{"module p\n\nreplace r v1.0.0 => fork v1.2.0\n", false},
		{"module p\n\nreplace r v1.0.0 => ./fork\n", false},
		{"module p\n", false},
	} {
		m, err := pinner.ParseMod("go.mod", []byte(mod.text))
		if err != nil {
			t.Fatal(err)
		}
		want["r"] = mod.r
		known := map[string]bool{}
		for path := range l.Packages {
			if got := (&Code{Case: &wants.Case{Server: server}}).inServer(m, l, path, known); got != want[path] {
				t.Errorf("%s with %q: %v, want %v", path, mod.text, got, want[path])
			}
		}
	}
	m, _ := pinner.ParseMod("go.mod", []byte("module p\n"))
	unknown := *server
	unknown.Packages = nil
	if (&Code{Case: &wants.Case{Server: &unknown}}).inServer(m, l, "a", map[string]bool{}) {
		t.Error("a server whose packages are not known links one")
	}
}
