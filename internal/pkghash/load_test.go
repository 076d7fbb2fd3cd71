package pkghash

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"testing"

	"github.com/pinfix/pinfix/pinner"
)

// source is a server, a plugin, and a package that they share and that has two
// forms. Nothing imports fmt: a small graph builds fast.
var source = map[string]string{
	"go.mod": "module example.com/t.x\n\ngo 1.20\n",
	"server/main.go": `package main

import (
	"os"
	"plugin"

	x "example.com/t.x/x.v3"
)

func main() {
	x.F()
	if _, err := plugin.Open(os.Args[1]); err != nil {
		os.Stdout.WriteString(err.Error())
		return
	}
	os.Stdout.WriteString("loaded")
}
`,
	"plugin/main.go": "package main\n\nimport x \"example.com/t.x/x.v3\"\n\nfunc F() { x.F() }\n\nfunc main() {}\n",
	"x.v3/one.go":    "//go:build !two\n\npackage x\n\nfunc F() {}\n",
	"x.v3/two.go":    "//go:build two\n\npackage x\n\nfunc F() {}\n\nfunc G() {}\n",
}

// TestLoader compares what the tables say with what plugin.Open does.
func TestLoader(t *testing.T) {
	t.Parallel()
	dir := writeSource(t)
	server := build(t, dir, "./server", "-trimpath")
	serverTable := read(t, server)
	for _, path := range []string{"main", "plugin", "runtime", "example.com/t.x/x.v3"} {
		if _, ok := serverTable[path]; !ok {
			t.Errorf("server has no %s: %q", path, slices.Sorted(maps.Keys(serverTable)))
		}
	}
	for _, tt := range []struct {
		name  string
		flags []string
		only  string // the one package that differs
	}{
		{name: "same", flags: []string{"-trimpath", "-ldflags=-s -w"}},
		{name: "changed", flags: []string{"-trimpath", "-tags=two"}, only: "example.com/t.x/x.v3"},
		{name: "untrimmed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			so := build(t, dir, "./plugin", append(tt.flags, "-buildmode=plugin")...)
			table := read(t, so)
			if _, ok := table["example.com/t.x/plugin"]; !ok {
				t.Errorf("no main package in %q", slices.Sorted(maps.Keys(table)))
			}
			differ := mismatches(serverTable, table)
			said := load(t, server, so)
			t.Logf("%d shared packages differ; server: %s", len(differ), said)
			if tt.name == "same" {
				if len(differ) > 0 || said != "loaded" {
					t.Errorf("server says %q, tables differ in %q", said, differ)
				}
				return
			}
			if tt.only != "" && !slices.Equal(differ, []string{tt.only}) {
				t.Errorf("tables differ in %q, want %s", differ, tt.only)
			}
			if named := refused(said); !slices.Contains(differ, named) {
				t.Errorf("server says %q, tables differ in %q", said, differ)
			}
		})
	}
}

// mismatches returns the packages linked in both whose fingerprints differ.
func mismatches(server, plugin map[string]pinner.Fingerprint) []string {
	var list []string
	for path, hash := range plugin {
		if other, ok := server[path]; ok && other != hash {
			list = append(list, path)
		}
	}
	slices.Sort(list)
	return list
}

// refused returns the package that the loader names, as runtime/plugin.go
// words it.
func refused(said string) string {
	m := regexp.MustCompile(`plugin was built with a different version of package (\S+)`).FindStringSubmatch(said)
	if m == nil {
		return ""
	}
	return m[1]
}

func writeSource(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range source {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// build builds pkg with the local toolchain. Plugins need cgo, so a machine
// without a C compiler skips the test.
func build(t testing.TB, dir, pkg string, flags ...string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("no ELF plugins on " + runtime.GOOS)
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "gcc"
	}
	if _, err := exec.LookPath(cc); err != nil {
		t.Skip("no C compiler: ", err)
	}
	out := filepath.Join(t.TempDir(), filepath.Base(pkg))
	args := append([]string{"build", "-buildvcs=false", "-o", out}, flags...)
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PWD="+dir, "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
	}
	return out
}

func read(t *testing.T, name string) map[string]pinner.Fingerprint {
	t.Helper()
	table, err := ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func load(t *testing.T, server, plugin string) string {
	t.Helper()
	out, err := exec.Command(server, plugin).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", server, err, out)
	}
	return string(out)
}

func openTest(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
