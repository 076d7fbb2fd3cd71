package pkghash

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
	far := strings.Repeat("x", step-5) // the name stands across the end of a window
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
		got, err := ReadPaths(bytes.NewReader([]byte(tt.text)), pins)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

// TestPathsTime: a program that is all signs costs a second, not minutes. What is
// counted is the work, for a clock is no measure on a busy machine.
func TestPathsTime(t *testing.T) {
	t.Parallel()
	s := newSearch([]pinner.Pin{pin("example.com/b/v2", "v2.1.0")})
	window := []byte(strings.Repeat("\x00"+strings.Repeat("/", maxPath/2)+strings.Repeat("@v", maxPath/8), 2*step/maxPath))
	for s.signs < maxSigns {
		s.add(window)
	}
	if s.looks < maxLooks || s.look() {
		t.Errorf("%d names were looked up", s.looks)
	}
}
