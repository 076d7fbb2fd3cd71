package srcdir

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

func pin(path, version string) pinner.Pin {
	return pinner.Pin{Version: module.Version{Path: path, Version: version}}
}

func TestReadPaths(t *testing.T) {
	t.Parallel()
	fork := pin("example.com/a", "v1.0.0")
	fork.Replace = module.Version{Path: "example.com/Fork", Version: "v1.5.0"}
	pins := []pinner.Pin{pin("example.com/Upper", "v1.0.0"), pin("example.com/b/v2", "v2.1.0"), pin("golang.org/x/net", "v0.1.0"), fork}
	far := strings.Repeat("x", step-5) // the name is across the end of a window
	for _, tt := range []struct {
		name, text string
		want       pinner.Paths
	}{
		{"nothing", "\x00/go/pkg/mod/example.com/other@v1.0.0/a.go\x00", pinner.Paths{}},
		{"cache", "\x00/go/pkg/mod/example.com/!upper@v1.0.0/a.go\x00", pinner.Paths{ModCache: "/go/pkg/mod"}},
		{"major version", "\x00/m/example.com/b/v2@v2.1.0/sub/a.go\x00", pinner.Paths{ModCache: "/m"}},
		{"replaced", "\x00/m/example.com/!fork@v1.5.0/a.go\x00", pinner.Paths{ModCache: "/m"}},
		{"label of a replaced one", "\x00/m/example.com/a@v1.0.0/a.go\x00", pinner.Paths{}},
		{"end of a window", far + "\x00/m/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{ModCache: "/m"}},
		{"the most", "\x00/x/example.com/b/v2@v2.1.0/a.go\x00/m/example.com/b/v2@v2.1.0/a.go\x00/m/example.com/b/v2@v2.1.0/b.go\x00", pinner.Paths{ModCache: "/m"}},
		{"blank", "\x00/my cache/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{ModCache: "/my cache"}},
		{"trimmed", "\x00example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
		{"relative", "\x00mod/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
		{"not clean", "\x00/go/../etc/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
		{"root", "\x00/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
		{"control", "\x00/go\x1b[31m/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
		{"line end", "\x00/go\n/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
		{"not UTF-8", "\x00/go\xff/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
		{"no beginning", "/go/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
		{"no end", "\x00/go/example.com/b/v2@v2.1.0/a.go", pinner.Paths{}},
		{"vendored", "\x00/src/server/vendor/example.com/Upper/sub/a.go\x00", pinner.Paths{Vendored: "/src/server"}},
		{"vendor of the standard library", "\x00/usr/local/go/src/vendor/golang.org/x/net/a.go\x00", pinner.Paths{}},
		{"vendor of others", "\x00/src/vendor/example.org/x/a.go\x00", pinner.Paths{}},
		{"vendor of nothing", "\x00/src/vendor//a.go\x00/src/vendor/\x00", pinner.Paths{}},
		{"endless", "\x00/" + strings.Repeat("y", 3*maxPath) + "/example.com/b/v2@v2.1.0/a.go\x00", pinner.Paths{}},
	} {
		got, err := Find(bytes.NewReader([]byte(tt.text)), &pinner.Server{Pins: pins})
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

// TestOwnPaths: the directory of the server's own packages is the one whose files
// explain the most of them.
func TestOwnPaths(t *testing.T) {
	t.Parallel()
	packages := func(list ...string) map[string]pinner.Fingerprint {
		m := map[string]pinner.Fingerprint{"net/http": {}, "runtime": {}}
		for _, p := range list {
			m[p] = pinner.Fingerprint{}
		}
		return m
	}
	host := module.Version{Path: "example.com/host", Version: "(devel)"}
	near := pin("example.com/lib", "v1.0.0")
	near.Replace = module.Version{Path: "../lib"}
	const std = "\x00/usr/local/go/src/runtime/proc.go\x00/usr/local/go/src/net/http/server.go"
	for _, tt := range []struct {
		name, text string
		server     pinner.Server
		want       pinner.Paths
	}{
		{"a package and main", "/src/host/main.go\x00/src/host/api/a.go", pinner.Server{Main: host, Path: "example.com/host", Packages: packages("example.com/host/api")}, pinner.Paths{Own: "/src/host"}},
		{"main below", "/src/host/cmd/srv/main.go\x00/src/host/api/a.go", pinner.Server{Main: host, Path: "example.com/host/cmd/srv", Packages: packages("example.com/host/api")}, pinner.Paths{Own: "/src/host"}},
		{"main alone", "/src/host/main.go", pinner.Server{Main: host, Path: "example.com/host", Packages: packages()}, pinner.Paths{Own: "/src/host"}},
		{"a module near", "/src/lib/lib.go\x00/src/host/main.go", pinner.Server{Main: host, Path: "example.com/host", Packages: packages("example.com/lib"), Pins: []pinner.Pin{near}}, pinner.Paths{Own: "/src/host"}},
		{"in the module cache", "/m/example.com/b/v2@v2.1.0/api/a.go\x00/src/host/api/a.go", pinner.Server{Main: host, Packages: packages("example.com/host/api"), Pins: []pinner.Pin{pin("example.com/b/v2", "v2.1.0")}},
			pinner.Paths{ModCache: "/m", Own: "/src/host"}},
		{"two that explain the same", "/src/host/api/a.go\x00/src/other/api/a.go", pinner.Server{Main: host, Packages: packages("example.com/host/api")}, pinner.Paths{}},
		{"no file of it", "/src/other/a.go", pinner.Server{Main: host, Packages: packages("example.com/host/api")}, pinner.Paths{}},
		{"GOPATH", "/go/src/example.com/old/main.go\x00/go/src/example.com/old/lib/lib.go", pinner.Server{Path: "example.com/old", Packages: packages("example.com/old/lib")}, pinner.Paths{GoPath: "/go/src"}},
		{"installed", "/src/host/api/a.go", pinner.Server{Main: host, Installed: &pinner.Pin{Version: module.Version{Path: host.Path, Version: "v1.0.0"}}, Packages: packages("example.com/host/api")}, pinner.Paths{}},
		{"not clean", "/src/../host/api/a.go", pinner.Server{Main: host, Packages: packages("example.com/host/api")}, pinner.Paths{}},
	} {
		got, err := Find(strings.NewReader(std+"\x00"+tt.text+"\x00"), &tt.server)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

// TestPathsTime: a program that is all signs costs a second, not minutes. What is
// counted is the work, for a clock is no measure on a busy machine.
func TestPathsTime(t *testing.T) {
	t.Parallel()
	s := newSearch(&pinner.Server{Pins: []pinner.Pin{pin("example.com/b/v2", "v2.1.0")}})
	window := []byte(strings.Repeat("\x00"+strings.Repeat("/", maxPath/2)+strings.Repeat("@v", maxPath/8), 2*step/maxPath))
	for s.signs < maxSigns {
		s.add(window)
	}
	if s.looks < maxLooks || s.look() {
		t.Errorf("%d names were looked up", s.looks)
	}
}

// TestMost: of two with as many votes always the same one.
func TestMost(t *testing.T) {
	t.Parallel()
	for range 20 {
		if got := most(map[string]int{"/c": 1, "/a": 2, "/b": 2}); got != "/a" {
			t.Fatal(got)
		}
	}
}

// FuzzReadPaths: what comes out may be in a command line.
func FuzzReadPaths(f *testing.F) {
	f.Add([]byte("\x00/go/pkg/mod/example.com/b/v2@v2.1.0/a.go\x00"))
	f.Add([]byte("\x00/src/vendor/example.com/b/v2/a.go\x00@v\x00/vendor/"))
	f.Add([]byte("\x00/src/host/api/a.go\x00/src/host/main.go\x00/go/src/fmt/print.go\x00/x/src/example.com/old/a.go\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		packages := map[string]pinner.Fingerprint{"fmt": {}, "example.com/host": {}, "example.com/host/api": {}, "example.com/old": {}}
		for _, s := range []*pinner.Server{
			{Main: module.Version{Path: "example.com/host"}, Pins: []pinner.Pin{pin("example.com/b/v2", "v2.1.0")}, Packages: packages},
			{Path: "example.com/old", Packages: packages},
		} {
			p, err := Find(bytes.NewReader(data), s)
			for _, name := range []string{p.ModCache, p.Vendored, p.Own, p.GoPath} {
				if name != "" && !Valid(name) || err != nil {
					t.Errorf("%q, %v", name, err)
				}
			}
		}
	})
}
