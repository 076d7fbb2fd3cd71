package target

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/pinner"
)

const servers = "../../testdata/servers"

// Facts of real servers, as their publishers' builds say.
func TestParseServers(t *testing.T) {
	pin := func(path, version, sum string) pinner.Pin {
		return pinner.Pin{Version: module.Version{Path: path, Version: version}, Sum: sum}
	}
	for _, tt := range []struct {
		name       string
		main       string
		path       string // of the main package, below main
		goVersion  string
		trimmed    bool
		pins, sums int // a vendored module has no sum
		has        pinner.Pin
	}{
		{"nakama-3.22.0", "github.com/heroiclabs/nakama/v3", "", "go1.22.4", true, 61, 6,
			pin("go.uber.org/zap", "v1.27.0", "h1:aJMhYGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=")},
		{"nakama-3.26.0", "github.com/heroiclabs/nakama/v3", "", "go1.23.5", true, 63, 0,
			pin("google.golang.org/grpc", "v1.70.0", "")},
		{"krakend-2.12.1", "github.com/krakend/krakend-ce/v2", "/cmd/krakend-ce", "go1.25.6", false, 264, 264,
			pin("google.golang.org/grpc", "v1.71.0", "h1:kF77BGdPTQ4/JZWMlb9VpJ5pa25aqvVqogsxNHHdeBg=")},
		{"gotify-2.9.1", "github.com/gotify/server/v2", "", "go1.26.0", false, 41, 41, pinner.Pin{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Read(t.Context(), filepath.Join(servers, tt.name+".buildinfo"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s.Main.Path != tt.main || s.Path != tt.main+tt.path || s.Go != tt.goVersion || s.Trimmed() != tt.trimmed {
				t.Errorf("main %s, path %s, Go %s, trimmed %v", s.Main.Path, s.Path, s.Go, s.Trimmed())
			}
			if s.Packages != nil {
				t.Error("packages out of nowhere")
			}
			if goos, goarch, ok := s.Platform(); goos != "linux" || goarch != "amd64" || !ok {
				t.Errorf("platform %s/%s", goos, goarch)
			}
			sums, found := 0, tt.has.Path == ""
			for _, p := range s.Pins {
				if p.Sum != "" {
					sums++
				}
				found = found || p == tt.has
			}
			if len(s.Pins) != tt.pins || sums != tt.sums {
				t.Errorf("%d pins with %d sums, want %d with %d", len(s.Pins), sums, tt.pins, tt.sums)
			}
			if !found {
				t.Errorf("no %s", tt.has)
			}
		})
	}
}

// The -json form of go version -m says the same as its text, and CRLF, blank
// and comment lines change nothing.
func TestParseForms(t *testing.T) {
	names, err := filepath.Glob(servers + "/*.buildinfo")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for form, other := range map[string]string{
			"json":             toJSON(t, text),
			"CRLF":             strings.ReplaceAll(text, "\n", "\r\n"),
			"comments":         "# snapshot\n\n" + strings.ReplaceAll(text, "\tbuild", "\n# x\n\tbuild"),
			"no final newline": strings.TrimSuffix(text, "\n"),
		} {
			got, err := Parse([]byte(other))
			if err != nil {
				t.Fatalf("%s as %s: %v", name, form, err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s as %s (-text +%s):\n%s", name, form, form, d)
			}
		}
	}
}

// toJSON is what go version -m -json prints for the program of a text.
func toJSON(t *testing.T, text string) string {
	t.Helper()
	header, body, _ := strings.Cut(text, "\n")
	_, goVersion, _ := strings.Cut(header, ": ")
	bi, err := debug.ParseBuildInfo(strings.ReplaceAll(body, "\n\t", "\n")[1:])
	if err != nil {
		t.Fatal(err)
	}
	bi.GoVersion = goVersion
	out, err := json.MarshalIndent(bi, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestParseSnapshot(t *testing.T) {
	info, err := os.ReadFile(servers + "/nakama-3.26.0.buildinfo")
	if err != nil {
		t.Fatal(err)
	}
	pkgs, err := os.ReadFile(servers + "/nakama-3.26.0.pkghash")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(append(info, pkgs...))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(pkgs), "\n"); len(s.Packages) != n {
		t.Errorf("%d packages, want %d", len(s.Packages), n)
	}
	if want := (pinner.Fingerprint{0xbb, 0x0b, 0x09, 0x82, 0x23, 0xde, 0x78, 0x30}); s.Packages["bufio"] != want {
		t.Errorf("bufio: %x", s.Packages["bufio"])
	}
	plain, err := Parse(info)
	if err != nil {
		t.Fatal(err)
	}
	s.Packages = nil
	if d := cmp.Diff(plain, s); d != "" {
		t.Errorf("package lines change more than packages:\n%s", d)
	}
}

const head = "server: go1.22.12\n\tpath\texample.com/server\n\tmod\texample.com/server\t(devel)\t\n"

func TestParsePins(t *testing.T) {
	s, err := Parse([]byte(head + `	dep	example.com/a	v1.0.0	h1:a=
	dep	example.com/b/v2	v2.0.0-20240102030405-0123456789ab
	dep	example.com/c	v3.0.0+incompatible	h1:c=
	dep	example.com/d	v1.0.0
	=>	example.com/fork	v1.5.0	h1:fork=
	dep	example.com/e	v1.0.0
	=>	../e	(devel)	
	dep	example.com/f	(devel)	
	dep	gopkg.in/x.v3	v3.1.0
	build	-tags=a,b
	build	-ldflags="-X 'main.a=b c'"
`))
	if err != nil {
		t.Fatal(err)
	}
	v := func(path, version string) module.Version { return module.Version{Path: path, Version: version} }
	want := []pinner.Pin{
		{Version: v("example.com/a", "v1.0.0"), Sum: "h1:a="},
		{Version: v("example.com/b/v2", "v2.0.0-20240102030405-0123456789ab")},
		{Version: v("example.com/c", "v3.0.0+incompatible"), Sum: "h1:c="},
		{Version: v("example.com/d", "v1.0.0"), Sum: "h1:fork=", Replace: v("example.com/fork", "v1.5.0")},
		{Version: v("example.com/e", "v1.0.0"), Replace: v("../e", "")},
		{Version: v("example.com/f", "(devel)")},
		{Version: v("gopkg.in/x.v3", "v3.1.0")},
	}
	if d := cmp.Diff(want, s.Pins); d != "" {
		t.Error(d)
	}
	settings := map[string]string{"-tags": "a,b", "-ldflags": "-X 'main.a=b c'"}
	if d := cmp.Diff(settings, s.Settings); d != "" {
		t.Error(d)
	}
}

func TestParseGoVersions(t *testing.T) {
	for header, want := range map[string]string{
		"server: go1.18":                        "1.18",
		"server: go1.22.12":                     "1.22.12",
		"server: go1.23rc1":                     "1.23rc1",
		"server: go1.26.8 X:nodwarf5":           "1.26.8",
		"server: go1.24.1-microsoft":            "1.24.1",
		"/a: b/c d: go1.22.12":                  "1.22.12",
		`C:\Program Files\server.exe: go1.21.0`: "1.21.0",
	} {
		s, err := Parse([]byte(strings.Replace(head, "server: go1.22.12", header, 1)))
		if err != nil {
			t.Errorf("%s: %v", header, err)
		} else if got := s.GoVersion(); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
	for _, header := range []string{"server: go1.x", "server: go1.22a1", "server: go", "server: devel go1.27-abcdef", "server: gopher", "server:go1.22.12", "go1.22.12"} {
		_, err := Parse([]byte(strings.Replace(head, "server: go1.22.12", header, 1)))
		if err == nil {
			t.Errorf("%s: no error", header)
		}
	}
}

// Every error says what to do.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{
		"":            "the file is empty",
		"#!/bin/sh\n": "a script, not a program",
		"\n\n":        "neither a program nor",
		"{}":          "neither a program nor",
		"{":           "build info in JSON: unexpected EOF",
		"[]":          "neither a program nor",
		"MZ":          "not a Go program",
		"\x7fELF":     "not a Go program",
		"\x7fELF\x02\x01\x01" + strings.Repeat("\xff", 100): "not a Go program",
		head + "<<<<<<< HEAD\n":                             "line 4: a merge conflict is not resolved here",
		head + "\tdep\texample.com/a\tv1.0.0\n=======\n":    "line 5: a merge conflict is not resolved here",
		head + head:                                                           "line 4: a second program",
		head + "pkg\ta\t0123456789abcde\n":                                    "line 4: the fingerprint of a is not 16 hex digits",
		head + "pkg\ta\t0123456789abcdeg\n":                                   "line 4: the fingerprint of a is not 16 hex digits",
		head + "pkg\ta\t0123456789abcdef0\n":                                  "line 4: the fingerprint of a is not 16 hex digits",
		head + "pkg\ta\n":                                                     "line 4: the fingerprint of a is not 16 hex digits",
		head + "pkg\t\x1b[31m\t0123456789abcdef":                              "line 4: malformed import path",
		head + "# x\n\tdep\ta\n":                                              "line 5: expected 2 or 3 columns",
		head + "\tdep\t../a\tv1.0.0\n":                                        "malformed module path",
		head + "\tdep\t-a\tv1.0.0\n":                                          "malformed module path",
		head + "\tdep\texample.com/\x07a\tv1.0.0\n":                           "malformed module path",
		head + "\tdep\texample.com/a\tv1.0.0 --x\n":                           "malformed version",
		head + "\tdep\texample.com/a\tmaster\n":                               "malformed version",
		head + "\tdep\texample.com/a\tv1.0.0\n\t=>\texample.com/b\tx\t\n":     "malformed version",
		head + "\tdep\texample.com/a\tv1.0.0\n\tdep\texample.com/a\tv1.1.0\n": "is there twice",
		strings.Replace(head, "mod\texample.com", "mod\t-x", 1):               "malformed import path",
	} {
		name := filepath.Join(dir, "server")
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Read(t.Context(), name, Options{})
		if err == nil {
			t.Errorf("%q: no error", content)
			continue
		}
		if msg := err.Error(); !strings.HasPrefix(msg, "server "+name+": ") || !strings.Contains(msg, want) || fault.Next(err) == "" {
			t.Errorf("%q: %q, next %q; want %q", content, msg, fault.Next(err), want)
		}
	}
}

// A program and the text of go version -m on it are the same server.
func TestReadProgram(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":  "module example.com/server\n\ngo 1.22\n",
		"main.go": "package main\n\nimport \"plugin\"\n\nfunc main() { plugin.Open(\"x\") }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) []byte {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOWORK=off", "GOFLAGS=")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go %v: %v", args, err)
		}
		return out
	}
	run("build", "-trimpath", "-o", "server", ".")
	program, err := Read(t.Context(), filepath.Join(dir, "server"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := Parse(run("version", "-m", "server"))
	if err != nil {
		t.Fatal(err)
	}
	if len(program.Packages) == 0 {
		t.Error("no packages")
	}
	program.Packages, program.Binary, text.Ref = nil, nil, program.Ref
	if d := cmp.Diff(program, text); d != "" {
		t.Errorf("-program +text:\n%s", d)
	}
}
