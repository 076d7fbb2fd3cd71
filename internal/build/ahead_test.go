package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/tools/txtar"

	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

const aheadPlugin = `
-- plugin/go.mod --
module example.com/plugin

go 1.21

require (
	example.com/deep v1.0.0 // indirect
	example.com/shared v1.1.0
)
-- plugin/main.go --
package main

import _ "example.com/shared"

func main() {}
-- cache/example.com/shared@v1.1.0/shared.go --
package shared

import _ "example.com/deep"

type T int
-- cache/example.com/deep@v1.0.0/deep.go --
package deep

func Deep() {}
`

// TestAhead: what a server refuses in any case is known before the compiler runs; what is
// not known for sure is left to it.
func TestAhead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		files  string // in the place of those of aheadPlugin, or more
		server func(s *pinner.Server)
		build  func(b *builder)
		want   string // "MODULE PLUGIN SERVER" of what differs; "" for nothing
	}{
		{name: "a direct module", want: "example.com/shared v1.1.0 v1.0.0"},
		{name: "by hand, without marks", files: "-- plugin/go.mod --\nmodule example.com/plugin\n\ngo 1.21\n\nrequire (\n\texample.com/deep v1.0.0\n\texample.com/shared v1.0.0\n)\n" +
			"-- cache/example.com/shared@v1.0.0/shared.go --\npackage shared\n\ntype T int\n"},
		{name: "one that only a module imports", server: func(s *pinner.Server) {
			s.Pins[0].Version.Version = "v1.1.0"
			s.Pins[1].Version.Version = "v1.2.0"
		}, want: "example.com/deep v1.0.0 v1.2.0"},
		{name: "a package that the server does not link", server: func(s *pinner.Server) { delete(s.Packages, "example.com/shared") }},
		{name: "a server without packages", server: func(s *pinner.Server) { s.Packages = nil }},
		{name: "a server that was not trimmed", server: func(s *pinner.Server) { delete(s.Settings, "-trimpath") }},
		{name: "the server's own package", server: func(s *pinner.Server) { s.Main.Path = "example.com/shared"; s.Pins = s.Pins[1:] }},
		{name: "pinned for this build", build: func(b *builder) { b.o.pinned = &pinned{} }},
		{name: "with the server's source", build: func(b *builder) { b.work = &workspace.Workspace{} }},
		{name: "source that is not there", build: func(b *builder) { b.o.Environ = []string{"GOMODCACHE=/none"} }},
		{name: "a go.mod that does not list all", files: "-- plugin/go.mod --\nmodule example.com/plugin\n\ngo 1.16\n\nrequire example.com/shared v1.1.0\n"},
		{name: "a file for another platform", files: "-- plugin/main.go --\npackage main\n\nfunc main() {}\n-- plugin/x_windows.go --\npackage main\n\nimport _ \"example.com/shared\"\n"},
		{name: "a test", files: "-- plugin/main.go --\npackage main\n\nfunc main() {}\n-- plugin/x_test.go --\npackage main\n\nimport _ \"example.com/shared\"\n"},
		{name: "a package without a name for others", files: "-- cache/example.com/shared@v1.1.0/shared.go --\npackage shared\n\nfunc init() {}\n"},
		{name: "vendored", files: "-- plugin/vendor/modules.txt --\n# example.com/shared v1.1.0\n## explicit\nexample.com/shared\n-- plugin/vendor/example.com/shared/shared.go --\npackage shared\n\nconst Name = 1\n",
			build: func(b *builder) { b.how.Mod, b.o.Environ = "vendor", []string{"GOMODCACHE=/none"} }, want: "example.com/shared v1.1.0 v1.0.0"},
		{name: "vendored at another version than go.mod says", files: "-- plugin/vendor/modules.txt --\n# example.com/shared v1.2.0\n## explicit\nexample.com/shared\n-- plugin/vendor/example.com/shared/shared.go --\npackage shared\n\nconst Name = 1\n",
			build: func(b *builder) { b.how.Mod = "vendor" }},
		{name: "a file that does not parse", files: "-- plugin/main.go --\npackage main\n\nimport _ \"example.com/shared\"\n\nimport x\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := aheadBuilder(t, aheadPlugin+tt.files)
			if tt.server != nil {
				tt.server(b.server)
			}
			if tt.build != nil {
				tt.build(b)
			}
			got := ""
			if v, ok := b.ahead()[0]; ok {
				for _, c := range v.Causes {
					for _, d := range c.Differences {
						got += d.What + " " + d.Plugin + " " + d.Server
					}
				}
				if v.Loads || v.Shared+len(v.Mismatched)+v.Causes[0].Packages > 0 || !strings.Contains(v.Causes[0].Fix, "pinfix apply") {
					t.Errorf("no refusal: %+v", v)
				}
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// aheadBuilder is a build of the plugin in archive for a server that has example.com/shared
// at v1.0.0. Later files of a name count.
func aheadBuilder(t *testing.T, archive string) *builder {
	t.Helper()
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
	b := &builder{ready: ready{how: recipe.Build{Mod: "readonly"}}, outputs: []Output{{pkg: ".", Name: "plugin.so"}}}
	b.o.Dir, b.o.Environ = filepath.Join(dir, "plugin"), []string{"GOMODCACHE=" + filepath.Join(dir, "cache")}
	var err error
	if b.plugin, err = plugin.Read(b.o.Dir, nil, ""); err != nil {
		t.Fatal(err)
	}
	pin := func(path string) pinner.Pin {
		return pinner.Pin{Version: module.Version{Path: path, Version: "v1.0.0"}}
	}
	b.server = &pinner.Server{Ref: "server", Main: module.Version{Path: "example.com/server", Version: "(devel)"}, Path: "example.com/server", Go: "go1.23.5",
		Settings: map[string]string{"-trimpath": "true", "GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1"}, Pins: []pinner.Pin{pin("example.com/shared"), pin("example.com/deep")},
		Packages: map[string]pinner.Fingerprint{"main": {1}, "runtime": {2}, "example.com/shared": {3}, "example.com/deep": {4}}}
	return b
}
