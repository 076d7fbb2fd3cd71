package pinner

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
)

// builds are the ways in which people build one server, as their build info says it.
var builds = map[string]string{
	"trimmed": `
path	example.com/host
mod	example.com/host	(devel)
dep	example.com/dep	v1.1.0	h1:YWJj
dep	example.com/fork	v1.0.0
=>	example.com/forked	v1.5.0	h1:YWJj
dep	example.com/local	v1.0.0
=>	../local	(devel)
build	-trimpath=true
`,
	"stamped": `
path	example.com/host
mod	example.com/host	v1.2.0+dirty
build	-trimpath=true
`,
	"tagged": `
path	example.com/host
mod	example.com/host	v1.2.0
build	-trimpath=true
`,
	"installed": `
path	example.com/host/cmd/x
mod	example.com/host	v1.2.0	h1:YWJj
dep	example.com/dep	v1.1.0	h1:YWJj
build	-trimpath=true
`,
	"installed untrimmed": `
path	example.com/host/cmd/x
mod	example.com/host	v1.2.0	h1:YWJj
dep	example.com/dep	v1.1.0	h1:YWJj
`,
	"file name": `
path	command-line-arguments
dep	example.com/dep	v1.1.0	h1:YWJj
dep	example.com/host	(devel)
build	-trimpath=true
`,
	"work": `
path	example.com/host
mod	example.com/host	(devel)
dep	example.com/dep	(devel)
build	-trimpath=true
`,
	"untrimmed": `
path	example.com/host
mod	example.com/host	(devel)
dep	example.com/dep	v1.1.0	h1:YWJj
dep	example.com/local	v1.0.0
=>	/src/local	(devel)
`,
	"test": `
path	example.com/host/api.test
mod	example.com/host	(devel)
build	-trimpath=true
`,
	"no modules": `
path	example.com/host
build	-trimpath=true
`,
}

func built(t *testing.T, name string) *Server {
	t.Helper()
	text := strings.ReplaceAll(strings.TrimPrefix(builds[name], "\n"), "local\t(devel)\n", "local\t(devel)\t\n") // no sum
	bi, err := debug.ParseBuildInfo(text)
	if err != nil {
		t.Fatal(err)
	}
	bi.GoVersion = "go1.26.8"
	s, err := FromBuildInfo(bi)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// TestLabel: which label a package has in each build, and which way of a plugin's gives
// it the same. The ways are: r, require v1.1.0 and v1.2.0 of host; o, another version; d,
// a replacement by a directory; w, a go.work; upper case where it fits for sure.
func TestLabel(t *testing.T) {
	t.Parallel()
	const std, unknown, version, bare, dir = LabelStandard, LabelUnknown, LabelVersion, LabelBare, LabelDirectory
	for _, tt := range []struct {
		server, pkg string
		kind        LabelKind
		fits        string
	}{
		{"trimmed", "fmt", std, "RODW"},
		{"trimmed", "example.com/host", bare, "W"},
		{"trimmed", "example.com/host/api", bare, "W"},
		{"trimmed", "example.com/hostile", unknown, "rodw"},
		{"trimmed", "example.com/dep/x", version, "Rd"},
		{"trimmed", "example.com/fork", version, "Rd"},
		{"trimmed", "example.com/local", version, "rd"},
		{"stamped", "example.com/host/api", bare, "W"},
		{"tagged", "example.com/host/api", bare, "W"},
		{"installed", "example.com/host/api", version, "Rd"},
		{"installed", "example.com/dep", version, "Rd"},
		{"installed untrimmed", "example.com/host/api", version, "R"},
		{"file name", "example.com/host/api", bare, "W"},
		{"file name", "example.com/dep", version, "Rd"},
		{"work", "example.com/dep", bare, "W"},
		{"untrimmed", "example.com/host/api", dir, "dw"},
		{"untrimmed", "example.com/dep", version, "R"},
		{"untrimmed", "example.com/local", dir, ""},
		{"test", "example.com/host/api", bare, "W"},
		{"no modules", "example.com/dep", unknown, "rodw"},
		{"no modules", "net/http", std, "RODW"},
	} {
		s := built(t, tt.server)
		l := s.Label(tt.pkg)
		if l.Kind != tt.kind {
			t.Errorf("%s: %s: kind %d, want %d", tt.server, tt.pkg, l.Kind, tt.kind)
		}
		v := l.Pin.Version.Version
		got := ""
		for _, w := range []struct {
			name string
			way  Way
		}{{"r", Way{Version: v}}, {"o", Way{Version: "v1.0.9"}}, {"d", Way{Version: v, Dir: "/home/me/x"}}, {"w", Way{Work: true, Dir: "/home/me/x"}}} {
			switch l.Fit(w.way) {
			case Fits:
				got += strings.ToUpper(w.name)
			case MayFit:
				got += w.name
			}
		}
		if got != tt.fits {
			t.Errorf("%s: %s: fits %q, want %q", tt.server, tt.pkg, got, tt.fits)
		}
	}
	if l := built(t, "untrimmed").Label("example.com/local"); l.Fit(Way{Dir: "/src/local"}) != MayFit {
		t.Error("the same directory does not fit")
	}
	if !built(t, "test").Label("example.com/host/api").Test || built(t, "test").Label("example.com/host/other").Test || built(t, "trimmed").Label("example.com/host").Test {
		t.Error("the package under test")
	}
}

func TestOwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ server, name, own, required string }{
		{"trimmed", "example.com/host", "example.com/host", "example.com/dep example.com/fork example.com/local"},
		{"tagged", "example.com/host", "example.com/host", ""},
		{"installed", "example.com/host", "", "example.com/host example.com/dep"},
		{"file name", "example.com/host", "example.com/host", "example.com/dep"},
		{"work", "example.com/host", "example.com/host example.com/dep", ""},
		{"no modules", "example.com/host", "", ""},
	} {
		s := built(t, tt.server)
		var required []string
		for _, p := range s.Required() {
			required = append(required, p.Path)
		}
		got := []string{s.Name(), strings.Join(s.Own(), " "), strings.Join(required, " ")}
		if diff := cmp.Diff([]string{tt.name, tt.own, tt.required}, got); diff != "" {
			t.Errorf("%s: %s", tt.server, diff)
		}
	}
	for _, s := range []*Server{{Path: fileNames, Ref: "/srv/host.bin"}, {Ref: "host.bin"}, {Path: fileNames, Origin: Origin{Source: "host.bin"}, Ref: "server.buildinfo"}} {
		if s.Name() != "host.bin" {
			t.Errorf("%v is called %q", s, s.Name())
		}
	}
}

func TestKnowsModules(t *testing.T) {
	t.Parallel()
	table := func(pkgs ...string) map[string]Fingerprint {
		m := map[string]Fingerprint{}
		for _, p := range pkgs {
			m[p] = Fingerprint{}
		}
		return m
	}
	for _, tt := range []struct {
		s    *Server
		want bool
	}{
		{&Server{}, false},
		{&Server{Packages: table("main", "fmt", "vendor/golang.org/x/net/idna")}, true},
		{&Server{Packages: table("main", "example.com/x")}, false},
		{&Server{Main: module.Version{Path: "example.com/host"}}, true},
		{&Server{Pins: []Pin{{}}}, true},
	} {
		if got := tt.s.KnowsModules(); got != tt.want {
			t.Errorf("%v: %v", tt.s, got)
		}
	}
}

// TestCompareOwn: which packages of a plugin are pins, own or unknown.
func TestCompareOwn(t *testing.T) {
	t.Parallel()
	linked := []Linked{
		{"example.com/dep/x", module.Version{Path: "example.com/dep", Version: "v1.0.0"}},
		{"example.com/host/api", module.Version{Path: "example.com/host", Version: "v1.0.0"}},
		{"example.com/host/nested/x", module.Version{Path: "example.com/host/nested", Version: "v1.0.0"}},
	}
	for server, want := range map[string]string{
		"trimmed":    "pins example.com/dep; own example.com/host/api; unknown",
		"installed":  "pins example.com/dep example.com/host; own; unknown",
		"file name":  "pins example.com/dep; own example.com/host/api; unknown",
		"work":       "pins; own example.com/dep/x example.com/host/api; unknown",
		"no modules": "pins; own; unknown example.com/dep/x example.com/host/api example.com/host/nested/x",
	} {
		m := Compare(built(t, server), linked)
		got := "pins"
		for _, p := range m.Pins {
			got += " " + p.Path
		}
		got += "; own"
		for _, l := range m.Own {
			got += " " + l.Path
		}
		got += "; unknown"
		for _, l := range m.Unknown {
			got += " " + l.Path
		}
		if got != want {
			t.Errorf("%s: %s, want %s", server, got, want)
		}
	}
}

func TestClash(t *testing.T) {
	t.Parallel()
	s := built(t, "trimmed")
	text := built(t, "trimmed")
	s.Packages = map[string]Fingerprint{"main": {}, "fmt": {}, "plugin": {}, "example.com/host/api": {}, "example.com/dep": {}}
	for _, tt := range []struct {
		s      *Server
		module string
		pkgs   string
		want   string
	}{
		{s, "example.com/p", "example.com/p example.com/p/x", ""},
		{s, "main", "main", "main"},
		{text, "main", "main", "main"},
		{s, "plugin", "plugin", "plugin"},
		{s, "example.com/dep", "example.com/dep example.com/dep/x", "example.com/dep"},
		{s, "example.com/host/api", "example.com/host/api", "example.com/host/api"},
		{s, "example.com/host", "example.com/host/api example.com/host/plugins/e", ""}, // the server's own tree
		{text, "example.com/dep", "example.com/dep", ""},
	} {
		if got := tt.s.Clash(tt.module, strings.Fields(tt.pkgs)); got != tt.want {
			t.Errorf("%s: %q clashes, want %q", tt.module, got, tt.want)
		}
	}
}
