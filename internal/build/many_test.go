package build

import (
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/outlook"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/pinner"
)

func TestServerName(t *testing.T) {
	for _, s := range []struct {
		server pinner.Server
		want   string
	}{
		{pinner.Server{Main: module.Version{Path: "github.com/heroiclabs/nakama/v3", Version: "v3.26.0"}}, "nakama v3.26.0"},
		{pinner.Server{Main: module.Version{Path: "example.com/x", Version: "v1.0.0+dirty"}}, "x v1.0.0"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama/v3", Version: "(devel)"}, Ref: "image:heroiclabs/nakama:3.26.0"}, "nakama 3.26.0"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "image:host:5000/nakama"}, "nakama"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "snap/x.buildinfo", Origin: pinner.Origin{Source: "image:n:3.1"}}, "nakama 3.1"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "snapshots/nakama-3.26.0.buildinfo"}, "nakama 3.26.0"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "3.26.0/server.buildinfo"}, "nakama 3.26.0"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "nakama"}, "nakama"},
		{pinner.Server{Main: module.Version{Path: "github.com/krakend/krakend-ce/v2"}, Ref: "snaps/krakend-2.12.1.buildinfo"}, "krakend-ce 2.12.1"},
		{pinner.Server{Main: module.Version{Path: "github.com/gotify/server/v2"}, Ref: "gotify-2.9.1.buildinfo"}, "server 2.9.1"},
		{pinner.Server{Main: module.Version{Path: "github.com/gotify/server/v2"}, Ref: "gotify-linux-amd64", Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64"}}, "server"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "nakama-3.26.0-linux-arm64", Settings: map[string]string{"GOOS": "linux", "GOARCH": "arm64"}}, "nakama 3.26.0"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "../t2/server.buildinfo"}, "nakama"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "k8s-1/server.buildinfo"}, "nakama"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "../nakama-3.26.0/go.mod"}, "nakama 3.26.0"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "v3.26.0-rc.1/server.buildinfo"}, "nakama v3.26.0-rc.1"},
		{pinner.Server{Main: module.Version{Path: "example.com/nakama"}, Ref: "q2k.buildinfo"}, "nakama q2k"},
		{pinner.Server{Ref: "bin/game"}, "game"},
		{pinner.Server{Main: module.Version{Path: "example.com/game"}, Ref: "bin/game-arm"}, "game arm"},
		{pinner.Server{Main: module.Version{Path: "example.com/game"}, Ref: "snapshots/server-1.2.json"}, "game 1.2"},
	} {
		if got := reference.ServerName(&s.server); got != s.want {
			t.Errorf("%s of %s: %q, want %q", s.server.Main.Path, s.server.Ref, got, s.want)
		}
	}
}

func TestFillPattern(t *testing.T) {
	values := map[string]string{"name": "x", "server": "../../etc", "version": "v1.0.0+dirty", "os": "", "arch": strings.Repeat("a", 1000)}
	for pattern, want := range map[string]string{
		"dist/{name}.so":         "dist/x.so",
		"{server}/{version}":     "_.._etc/v1.0.0+dirty",
		"{os}":                   "unknown",
		"plain":                  "plain",
		"{name}{name}/{version}": "xx/v1.0.0+dirty",
	} {
		if got, err := fillPattern(pattern, values); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", pattern, got, err, want)
		}
	}
	if got, _ := fillPattern("{arch}", values); len(got) > 100 {
		t.Errorf("a word of %d bytes", len(got))
	}
	for _, pattern := range []string{"{nme}", "{name", "x{}"} {
		if got, err := fillPattern(pattern, values); err == nil {
			t.Errorf("%s: %q", pattern, got)
		}
	}
}

// FuzzFileWord: whatever a server calls itself, it is one harmless word of a file's name.
func FuzzFileWord(f *testing.F) {
	for _, s := range []string{"", "..", "-rf", "a/b", "\x00", "é", strings.Repeat("x", 300), ".-.-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if w := fileWord(s); w == "" || len(w) > 100 || strings.ContainsAny(w, "/\\:*?\"<>| \x00") || w[0] == '.' || w[0] == '-' {
			t.Errorf("%q is %q", s, w)
		}
	})
}

func TestSentence(t *testing.T) {
	for _, x := range []struct {
		at    []string
		files int
		want  string
	}{
		{[]string{"match.go:59"}, 1, "your code does not compile against nakama v3.40.0; 1 file has to be edited (match.go:59)"},
		{[]string{"a.go:1", "a.go:2", "b.go:3"}, 2, "your code does not compile against nakama v3.40.0; 2 files have to be edited (a.go:1, a.go:2, b.go:3)"},
		{strings.Fields(strings.Repeat("a.go:1 ", 7)), 1, "your code does not compile against nakama v3.40.0; 1 file has to be edited (a.go:1, a.go:1, a.go:1, a.go:1, a.go:1 and 2 more)"},
	} {
		if got := outlook.DoesNotCompile("nakama v3.40.0", x.at, x.files); got != x.want {
			t.Errorf("%s\nwant %s", got, x.want)
		}
	}
}
