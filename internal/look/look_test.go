package look

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
	"golang.org/x/tools/txtar"

	"github.com/pinfix/pinfix/pinner"
)

func write(t *testing.T, archive string) string {
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestScan(t *testing.T) {
	t.Parallel()
	dir := write(t, `
-- main.go --
package main

import (
	"fmt"

	_ "example.com/deep" // pinfix
)

func main() { fmt.Println() }
-- main_test.go --
package main

import "testing"
-- tool.go --
//go:build ignore

package main
-- tools.go --
//go:build tools || !linux

package main

import _ "example.com/tool"
-- never.go --
//go:build ignore && linux

package main
-- moved.go --
package main

import (
	_ "example.com/a" // pinfix
	"os"
)
-- broken.go --
pack
-- _off.go --
package main
-- testdata/x.go --
package x
-- vendor/x/x.go --
package x
-- sub/vendor/x.go --
package x
-- other/go.mod --
module example.com/other
-- other/x.go --
package x
`)
	files, err := Scan(Disk(dir))
	if err != nil {
		t.Fatal(err)
	}
	type short struct {
		Name, Package                      string
		Ignored, Constrained, Entry, Moved bool
		Imports, Own                       []string
	}
	var got []short
	for _, f := range files {
		s := short{f.Name, f.Package, f.Ignored, f.Constrained, f.Entry, f.Moved, nil, f.Own}
		for _, im := range f.Imports {
			s.Imports = append(s.Imports, im.Path)
		}
		got = append(got, s)
	}
	want := []short{
		{Name: "broken.go"},
		{Name: "main.go", Package: "main", Entry: true, Imports: []string{"fmt", "example.com/deep"}, Own: []string{"example.com/deep"}},
		{Name: "main_test.go", Package: "main", Imports: []string{"testing"}},
		{Name: "moved.go", Package: "main", Moved: true, Imports: []string{"example.com/a", "os"}, Own: []string{"example.com/a"}},
		{Name: "never.go", Package: "main", Ignored: true, Constrained: true},
		{Name: "sub/vendor/x.go", Package: "x"},
		{Name: "tool.go", Package: "main", Ignored: true, Constrained: true},
		{Name: "tools.go", Package: "main", Constrained: true, Imports: []string{"example.com/tool"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestGraph: vendor/ first, then the module cache; the server's platform decides.
func TestGraph(t *testing.T) {
	t.Parallel()
	dir := write(t, `
-- plugin/main.go --
package main

import (
	_ "example.com/a"
	_ "example.com/gone"
	_ "example.com/local/p"
	_ "example.com/parent/nested"
	_ "example.com/plugin/lib"
)
-- plugin/lib/lib.go --
package lib

import _ "example.com/away"
-- plugin/local/p/p.go --
package p
-- plugin/vendor/example.com/a/a.go --
package a

import "C"
-- plugin/vendor/example.com/a/a_windows.go --
package a

import _ "example.com/windows"
-- cache/example.com/a@v1.0.0/a.go --
package a

import _ "example.com/not/vendored"
-- cache/example.com/parent@v1.0.0/parent.go --
package parent
`)
	mod, err := pinner.ParseMod("go.mod", []byte(`module example.com/plugin

go 1.21

require (
	example.com/a v1.0.0
	example.com/away v1.0.0
	example.com/local v1.0.0
	example.com/parent v1.0.0
)

replace example.com/local => ./local
`))
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "plugin")
	g := &Graph{Files: Files{Tree: Disk(root), Root: root}, Cache: filepath.Join(dir, "cache"), Mod: mod,
		Vendor: map[string]module.Version{"example.com/a": {Path: "example.com/a", Version: "v1.0.0"}},
		Server: &pinner.Server{Go: "go1.23.5", Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64"}}}
	l, missing, err := g.List([]string{"."})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for path, p := range l.Packages {
		got = append(got, path+" "+p.Module.Path+" "+p.Module.Version)
	}
	slices.Sort(got)
	want := []string{
		"example.com/a example.com/a v1.0.0", "example.com/local/p example.com/local v1.0.0",
		"example.com/plugin example.com/plugin ", "example.com/plugin/lib example.com/plugin ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	slices.SortFunc(missing, func(a, b Missing) int { return strings.Compare(a.Package, b.Package) })
	if diff := cmp.Diff([]Missing{
		{"example.com/away", "example.com/plugin/lib", false}, // its module is not available
		{"example.com/gone", "example.com/plugin", true},
		{"example.com/parent/nested", "example.com/plugin", true}, // available, without the package
	}, missing); diff != "" {
		t.Error(diff)
	}
	if files := l.Packages["example.com/a"].CgoFiles; !slices.Equal(files, []string{"a.go"}) {
		t.Errorf("cgo files %v", files)
	}
}

func TestStrays(t *testing.T) {
	t.Parallel()
	dir := write(t, `
-- cache/example.com/a@v1.0.0/a.go --
package a
-- cache/example.com/a@v1.0.0/a_test.go --
package a
-- cache/example.com/a@v1.0.0/gen.go --
//go:build ignore

package main
-- cache/example.com/a@v1.0.0/old.go --
// +build ignore

package main
-- cache/example.com/a@v1.0.0/LICENSE --
MIT
-- cache/example.com/a@v1.0.0/go.mod --
module example.com/a
-- good/a.go --
package a
-- good/LICENSE --
MIT
-- missing/a.go --
package a
-- more/a.go --
package a
-- more/b.go --
package a
-- more/LICENSE --
MIT
-- edited/a.go --
package a // edited
-- edited/LICENSE --
MIT
`)
	for name, want := range map[string]Stray{"good": {}, "missing": {"LICENSE", true}, "more": {"b.go", false}, "edited": {"a.go", false}} {
		files, err := os.ReadDir(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		c := Copy{Package: "example.com/a", In: "example.com/a", Module: module.Version{Path: "example.com/a", Version: "v1.0.0"}, Files: files}
		if got := Strays(filepath.Join(dir, "cache"), []Copy{c}, true)["example.com/a"]; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if got := Strays(filepath.Join(dir, "empty"), []Copy{c}, true); len(got) > 0 {
			t.Errorf("%s: %v without a module cache", name, got)
		}
	}
}

// TestGraphEmpty: a package is there if its directory has a Go file, built or not.
func TestGraphEmpty(t *testing.T) {
	t.Parallel()
	dir := write(t, `
-- go.mod --
module example.com/plugin
-- main.go --
package main

import (
	_ "example.com/plugin/none"
	_ "example.com/plugin/other"
	_ "example.com/plugin/some"
)
-- none/README --
-- other/x_windows.go --
package other
-- some/x.go --
package some
`)
	mod, err := pinner.ParseMod("go.mod", []byte("module example.com/plugin\n\ngo 1.22\n"))
	if err != nil {
		t.Fatal(err)
	}
	g := &Graph{Files: Files{Tree: Disk(dir), Root: dir}, Mod: mod, Server: &pinner.Server{Go: "go1.23.5", Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64"}}}
	l, missing, err := g.List([]string{"."})
	if err != nil {
		t.Fatal(err)
	}
	if len(missing) != 1 || missing[0].Package != "example.com/plugin/none" {
		t.Errorf("missing: %v", missing)
	}
	for _, pkg := range []string{"other", "some"} {
		if l.Packages["example.com/plugin/"+pkg] == nil {
			t.Errorf("%s is not there", pkg)
		}
	}
}
