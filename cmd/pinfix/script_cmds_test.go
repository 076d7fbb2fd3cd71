package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are the words that the scripts have next to testscript's own.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"status":      status,
	"realmodules": realModules,
	"serverbuild": serverBuild,
	"pluginbuild": pluginBuild,
	"tidy":        tidy,
	"load":        load,
	"refused":     refused,
	"tree":        saveTree,
	"sametree":    sameTree,
	"crlf":        crlf,
	"pinned":      pinned,
	"fits":        fits,
	"lowered":     lowered,
	"trouble":     trouble,
	"mistake":     mistake,
	"killed":      killed,
	"interrupt":   interrupt,
	"need":        need,
	"schema":      schema,
	"pinfixrepo":  pinfixRepo,
	"solved":      solved,
	"caps":        caps,
	"forge":       forge,
	"profile":     profile,
	"testprogram": testProgram,
	"docrun":      docRun,
	"docmake":     docMake,
	"docsh":       docSh,
}

// status N prog args...: prog must exit with N. (testscript's ! says only that
// it fails.) stdout and stderr are those of prog.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N prog args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s exits %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// realmodules: modules come from the host's proxy and module cache, not from
// the script.
func realModules(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv("GOMODCACHE", ts.Getenv("HOST_GOMODCACHE"))
	ts.Setenv("GOPROXY", ts.Getenv("HOST_GOPROXY"))
}

// buildFlags splits -go=go1.x.y off the flags and sets the toolchain.
func buildFlags(ts *testscript.TestScript, args []string) (flags []string, version string) {
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "-go="); ok {
			version = v
			ts.Check(toolchain(v))
			continue
		}
		flags = append(flags, a)
	}
	return flags, version
}

// goIn runs go in dir with a toolchain.
func goIn(ts *testscript.TestScript, dir, version string, args ...string) error {
	old := ts.Getenv("GOTOOLCHAIN")
	if version != "" {
		ts.Setenv("GOTOOLCHAIN", version)
		defer ts.Setenv("GOTOOLCHAIN", old)
	}
	oldFlags := ts.Getenv("GOFLAGS")
	ts.Setenv("GOFLAGS", "")
	defer ts.Setenv("GOFLAGS", oldFlags)
	return ts.Exec("go", append([]string{"-C", dir}, args...)...)
}

// serverbuild DIR OUT [-go=go1.x.y] [go build flags]: builds the server in DIR,
// with testdata/loader as its main.go if it has none. -trimpath is up to the
// script.
func serverBuild(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: serverbuild DIR OUT [flags]")
	}
	dir, out := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	flags, version := buildFlags(ts, args[2:])
	main := filepath.Join(dir, "main.go")
	if _, err := os.Stat(main); errors.Is(err, fs.ErrNotExist) {
		src, err := os.ReadFile(filepath.Join(ts.Getenv("TESTDATA"), "loader", "main.go"))
		ts.Check(err)
		ts.Check(os.WriteFile(main, src, 0o666))
	}
	ts.Check(goIn(ts, dir, version, "mod", "tidy"))
	if slices.Contains(flags, "-mod=vendor") {
		ts.Check(goIn(ts, dir, version, "mod", "vendor"))
	}
	key := serverKey(ts, dir, version, flags)
	kept := filepath.Join(serverPrograms, fmt.Sprintf("%x", sha256.Sum256([]byte(key))))
	if data, err := os.ReadFile(kept); err == nil && key != "" {
		ts.Check(os.WriteFile(out, data, 0o777))
		return
	}
	ts.Check(goIn(ts, dir, version, append(append([]string{"build", "-o", out}, flags...), ".")...))
	if key != "" {
		data, err := os.ReadFile(out)
		ts.Check(err)
		name := fmt.Sprintf("%s.%s", kept, filepath.Base(ts.Getenv("WORK"))) // two scripts may do this at a time
		ts.Check(os.WriteFile(name, data, 0o666))
		ts.Check(os.Rename(name, kept))
	}
}

// serverPrograms is a directory of the servers that scripts have built, named by
// their serverKey. Many scripts need the same one, and linking it is the longest
// step of most.
var serverPrograms string

// serverKey says what go build would read for the server in dir: its files, whose
// go.sum holds the content of all modules, the flags, the Go release and the
// environment. It is "" where the build reads more: of directories that replace a
// module, of a go.work, of version control, or the directory's own name without
// -trimpath.
func serverKey(ts *testscript.TestScript, dir, version string, flags []string) string {
	if !slices.Contains(flags, "-trimpath") {
		return ""
	}
	for up := dir; len(up) >= len(ts.Getenv("WORK")); up = filepath.Dir(up) {
		for _, name := range []string{".git", "go.work"} {
			if _, err := os.Lstat(filepath.Join(up, name)); err == nil {
				return ""
			}
		}
	}
	gomod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	ts.Check(err)
	if bytes.Contains(gomod, []byte("=> .")) || bytes.Contains(gomod, []byte("=> /")) {
		return ""
	}
	ts.Check(ts.Exec("env"))
	var environ []string
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		name, _, _ := strings.Cut(line, "=")
		if (strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO")) && !slices.Contains([]string{"GOPATH", "GOPROXY", "GOMODCACHE", "GOCACHE"}, name) || name == "CC" || name == "CXX" {
			environ = append(environ, line)
		}
	}
	slices.Sort(environ)
	return fmt.Sprintf("%q %q %q\n%s", version, flags, environ, withoutTimes(describe(ts, dir, true)))
}

// pluginbuild DIR OUT PKG [-go=go1.x.y] [go build flags]: builds PKG (package
// or file, relative to DIR) as a plugin. It has no DWARF, which the loader does not look
// at, and which takes half of the time.
func pluginBuild(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: pluginbuild DIR OUT PKG [flags]")
	}
	flags, version := buildFlags(ts, args[3:])
	err := goIn(ts, ts.MkAbs(args[0]), version, append(append([]string{"build", "-buildmode=plugin", "-ldflags=-w", "-o", ts.MkAbs(args[1])}, flags...), args[2])...)
	if neg != (err != nil) {
		ts.Fatalf("go build: %v", err)
	}
}

// tidy DIR [-go=go1.x.y]: go mod tidy, as the plugin's author has run it.
func tidy(ts *testscript.TestScript, neg bool, args []string) {
	flags, version := buildFlags(ts, args[1:])
	ts.Check(goIn(ts, ts.MkAbs(args[0]), version, append([]string{"mod", "tidy"}, flags...)...))
}

// load SERVER PLUGIN...: the server loads the plugins.
func load(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(ts.MkAbs(args[0]), absAll(ts, args[1:])...)
	if neg != (err != nil) {
		ts.Fatalf("load: %v", err)
	}
}

// refused SERVER PLUGIN [PACKAGE]: the server refuses the plugin, with the
// loader's own words, and at the package.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if ts.Exec(ts.MkAbs(args[0]), ts.MkAbs(args[1])) == nil {
		ts.Fatalf("the server loads %s", args[1])
	}
	msg := ts.ReadFile("stderr")
	want := "plugin was built with a different version of package "
	if len(args) > 2 {
		want += args[2]
	}
	if !strings.Contains(msg, want) {
		ts.Fatalf("the server does not say %q", want)
	}
}

func absAll(ts *testscript.TestScript, names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, ts.MkAbs(n))
	}
	return out
}

// tree DIR FILE: writes what DIR holds into FILE: path, mode, time, sum.
func saveTree(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(describe(ts, ts.MkAbs(args[0]), true)), 0o666))
}

// sametree DIR FILE [content]: DIR holds what tree has written, in content,
// modes and times; with the word content, times may differ.
func sameTree(ts *testscript.TestScript, neg bool, args []string) {
	want := ts.ReadFile(args[1])
	got := describe(ts, ts.MkAbs(args[0]), true)
	if len(args) > 2 {
		want, got = withoutTimes(want), withoutTimes(got)
	}
	if (got == want) == neg {
		ts.Fatalf("%s is not the same tree:\n%s", args[0], difference(want, got))
	}
}

func withoutTimes(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		out = append(out, strings.Join([]string{f[0], f[1], f[3]}, "\t"))
	}
	return strings.Join(out, "\n")
}

func describe(ts *testscript.TestScript, dir string, times bool) string {
	var lines []string
	ts.Check(filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var data []byte
		switch {
		case d.Type().IsRegular():
			data, err = os.ReadFile(name)
		case d.Type() == fs.ModeSymlink:
			var to string
			to, err = os.Readlink(name)
			data = []byte(to)
		}
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		lines = append(lines, fmt.Sprintf("%s\t%v\t%d\t%x", rel, info.Mode(), info.ModTime().UnixNano(), sha256.Sum256(data)))
		return nil
	}))
	sort.Strings(lines)
	return strings.Join(lines, "\n") + "\n"
}

func difference(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, l := range w {
		if !slices.Contains(g, l) {
			b.WriteString("- " + l + "\n")
		}
	}
	for _, l := range g {
		if !slices.Contains(w, l) {
			b.WriteString("+ " + l + "\n")
		}
	}
	return b.String()
}

// crlf FILE...: gives the files CRLF line ends, which txtar cannot hold.
func crlf(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		data := strings.ReplaceAll(ts.ReadFile(name), "\n", "\r\n")
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(data), 0o666))
	}
}

// need PROG how to install it: fails, and says how, where PROG is not in PATH.
func need(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: need PROG how to install it")
	}
	if err := ts.Exec("sh", "-c", `command -v "$0"`, args[0]); err != nil {
		ts.Fatalf("no %s in PATH; install it: %s", args[0], strings.Join(args[1:], " "))
	}
}

// pinfixrepo DIR: makes DIR a git repository of pinfix itself as it is, with
// the tag v0.1.0, for tools that install a hook from its source.
func pinfixRepo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pinfixrepo DIR")
	}
	dir, top := ts.MkAbs(args[0]), filepath.Dir(ts.Getenv("TESTDATA"))
	for _, name := range []string{"go.mod", "go.sum", ".pre-commit-hooks.yaml", "cmd", "internal", "pinner", "astimports"} {
		from, to := filepath.Join(top, name), filepath.Join(dir, name)
		ts.Check(os.MkdirAll(dir, 0o777))
		if info, err := os.Stat(from); err == nil && info.IsDir() {
			ts.Check(os.CopyFS(to, os.DirFS(from)))
			continue
		}
		data, err := os.ReadFile(from)
		ts.Check(err)
		ts.Check(os.WriteFile(to, data, 0o666))
	}
	for _, a := range []string{"init -q", "add -f .", "commit -q -m all", "tag v0.1.0"} {
		ts.Check(ts.Exec("git", append([]string{"-C", dir}, strings.Fields(a)...)...))
	}
}
