package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
	"golang.org/x/tools/txtar"

	"github.com/pinfix/pinfix/pinner"
)

func pin(path, version string, replace ...string) pinner.Pin {
	p := pinner.Pin{Version: module.Version{Path: path, Version: version}}
	if len(replace) > 0 {
		p.Replace.Path = replace[0]
	}
	if len(replace) > 1 {
		p.Replace.Version = replace[1]
	}
	return p
}

func TestRelease(t *testing.T) {
	for line, want := range map[string]string{
		"1.16": "go1.16", "1.20": "go1.20", "1.20.0": "go1.20", "1.21": "go1.21.0", "1.23": "go1.23.0",
		"1.23.0": "go1.23.0", "1.23.5": "go1.23.5", "1.24rc1": "go1.24rc1", "1.18.3": "go1.18.3",
	} {
		if got := release(line); got != want {
			t.Errorf("release(%s) = %s, want %s", line, got, want)
		}
	}
}

func unpack(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
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

func TestReadDirVendor(t *testing.T) {
	const files = `-- go.mod --
module example.com/server

go 1.23

toolchain go1.23.5

require (
	example.com/a v1.0.0
	example.com/forked v1.0.0
)

replace example.com/forked => ./fork
-- vendor/modules.txt --
# example.com/a v1.0.0
## explicit; go 1.17
example.com/a
# example.com/forked v1.0.0 => ./fork
## explicit
example.com/forked
# example.com/forked => ./fork
`
	s, err := ReadDir(t.Context(), unpack(t, files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := &pinner.Server{
		Main: module.Version{Path: "example.com/server", Version: "(devel)"}, Go: "go1.23.5", Settings: map[string]string{},
		Pins:   []pinner.Pin{pin("example.com/a", "v1.0.0"), pin("example.com/forked", "v1.0.0", "./fork")},
		Source: &pinner.ServerSource{GoFrom: "toolchain go1.23.5", Packages: map[string]bool{"example.com/a": true, "example.com/forked": true}},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
	for old, tt := range map[string]struct{ new, want string }{
		"a v1.0.0\n\texample":             {"a v1.1.0\n\texample", "vendor/modules.txt does not fit go.mod: example.com/a is v1.1.0 in go.mod, v1.0.0 in vendor/"},
		"require (":                       {"require (\n\texample.com/more v1.0.0", "vendor/modules.txt does not fit go.mod: example.com/more is v1.0.0 in go.mod, not there in vendor/"},
		"forked => ./fork\n-":             {"forked => example.com/fork v1.0.1\n-", "vendor/modules.txt does not fit go.mod: example.com/forked is v1.0.0 => example.com/fork v1.0.1 in go.mod, v1.0.0 => ./fork in vendor/"},
		"example.com/forked\n#":           {"example.com/a\n#", "vendor/modules.txt:6: package example.com/a is not in module example.com/forked"},
		"go 1.23\n\ntoolchain go1.23.5\n": {"", "its go.mod has no go line, so its Go version is not known"},
		"module example.com/server":       {"", "go.mod: no module line"},
		"module example.com":              {"module -x", "go.mod:1: malformed import path"},
		"go 1.23\n":                       {"go one\n", "go.mod:3: invalid go version"},
	} {
		if !strings.Contains(files, old) {
			t.Fatalf("no %q", old)
		}
		_, err := ReadDir(t.Context(), unpack(t, strings.Replace(files, old, tt.new, 1)), Options{})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: %v\nwant %s", tt.new, err, tt.want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for ref, want := range map[string]string{
		"example.com/server@v1.2.3":                             "",
		"example.com/server/v2@v2.0.0":                          "",
		"example.com/server@v2.0.0+incompatible":                "",
		"example.com/server@v0.0.0-20240101000000-0123456789ab": "",
		"example.com/server":                                    "no version; ",
		"example.com/server@":                                   "no version; ",
		"example.com/server@latest":                             `"latest" is not a version, `,
		"example.com/server@1.2.3":                              `"1.2.3" is not a version`,
		"example.com/server@v1":                                 `"v1" is not a version, `,
		"example.com/server@main":                               `"main" is not a version, `,
		"example.com/server@0123456789ab":                       `"0123456789ab" is not a version, `,
		"example.com/server@v1.0.0@v1.1.0":                      `"v1.0.0@v1.1.0" is not a version, `,
		"example.com/server@v2.0.0":                             "example.com/server@v2.0.0: ",
		"-flag@v1.0.0":                                          "malformed module path",
		"@v1.0.0":                                               "malformed module path",
		"server@v1.0.0":                                         "malformed module path",
	} {
		_, err := parseVersion(ref)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", ref, err, want)
		}
	}
}
