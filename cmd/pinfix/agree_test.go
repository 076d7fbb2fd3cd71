package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/goproxytest"
	"golang.org/x/tools/txtar"

	"github.com/pinfix/pinfix/internal/again"
	"github.com/pinfix/pinfix/internal/tier"
)

var (
	drifts = flag.Int("drifts", 0, "how many random drifts TestCheckAgrees tries of each pinned plugin, in place of some")
	seed   = flag.Uint64("seed", 7, "of the random drifts")
)

// TestCheckAgrees: pinfix check finds a problem exactly where pinfix apply
// --dry-run would change something. Plugins that apply has pinned drift in all
// the ways that a colleague, a tool or a merge make them; so do go.mod and Go
// files in ways that undo nothing.
func TestCheckAgrees(t *testing.T) {
	w := newDriftWorld(t)
	cases := []driftCase{
		{"program", w.program, nil, "", ""},
		{"text", w.text, nil, "", ""},
		{"no_vendor", w.program, []string{"--vendor", "never"}, "", ""},
		{"no_imports", w.program, []string{"--imports", "none"}, "", ""},
		{"untrimmed", w.untrimmed, nil, "", ""},
		{"go116", w.program, nil, "1.16", ""},
		{"newer_go", w.text, nil, "", ""},
		{"package", w.program, []string{"--package", "."}, "", ""},
		{"go_work", w.program, nil, "", "none"},
		{"go_work_required", w.text, nil, "", "require"},
		{"go_work_replaced", w.untrimmed, nil, "", "replace"},
		{"vendor_ignored", w.text, nil, "", ""},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w.agree(t, c, rand.New(rand.NewPCG(*seed, uint64(i))), tier.Each(t, "kinds of drift", len(driftKinds), len(cases), i))
		})
	}
}

type driftCase struct {
	name   string
	server string
	flags  []string
	goLine string
	own    string // how go.mod names the server, whose package the plugin imports: none, require, replace; "" imports none
}

// A driftWorld is testdata/drift, with its modules on a proxy.
type driftWorld struct {
	plugin                   map[string][]byte
	server                   string // directory of its source
	env                      []string
	program, text, untrimmed string
	cache                    string
}

func newDriftWorld(t *testing.T) *driftWorld {
	ar, err := txtar.ParseFile(filepath.Join("..", "..", "testdata", "drift", "sources.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := &driftWorld{plugin: map[string][]byte{}, cache: filepath.Join(dir, "cache")}
	proxy, server := filepath.Join(dir, "proxy"), filepath.Join(dir, "server")
	for _, f := range ar.Files {
		switch top, name, _ := strings.Cut(f.Name, "/"); top {
		case "mod":
			writeDriftModule(t, proxy, name, string(f.Data))
		case "plugin":
			w.plugin[name] = f.Data
		case "server":
			writeFile(t, filepath.Join(server, name), f.Data)
		}
	}
	loader, err := os.ReadFile(filepath.Join("..", "..", "testdata", "loader", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(server, "main.go"), loader)
	p, err := goproxytest.NewServer(proxy, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	w.env = append(os.Environ(), "GOPROXY="+p.URL, "GONOSUMDB=*", "GONOSUMCHECK=1", "GOFLAGS=-modcacherw", "GOWORK=off", "GOENV=off",
		"GOTOOLCHAIN=local", "GOMODCACHE="+w.cache, "GO111MODULE=", "CGO_ENABLED=1")
	w.goRun(t, server, "mod", "tidy")
	w.server = server
	w.program, w.untrimmed, w.text = filepath.Join(dir, "server.bin"), filepath.Join(dir, "untrimmed.bin"), filepath.Join(dir, "server.buildinfo")
	w.goRun(t, server, "build", "-trimpath", "-o", w.program, ".")
	w.goRun(t, server, "build", "-o", w.untrimmed, ".")
	writeFile(t, w.text, w.goRun(t, dir, "version", "-m", w.program))
	return w
}

// writeDriftModule makes example.com/NAME@VERSION: a package that imports what
// the module requires, linux only on Linux.
func writeDriftModule(t *testing.T, proxy, name, requires string) {
	name, version, _ := strings.Cut(name, "@")
	dir := filepath.Join(proxy, strings.ReplaceAll("example.com/"+name, "/", "_")+"_"+version)
	writeFile(t, filepath.Join(dir, "go.mod"), []byte("module example.com/"+name+"\n\ngo 1.20\n\n"+requires))
	pkg := path.Base(name)
	if pkg == "fork" {
		pkg = "forked" // what it is in for
	}
	src, linux := "package "+pkg+"\n\n", "package "+pkg+"\n\n"
	for _, m := range regexp.MustCompile(`require (\S+)`).FindAllStringSubmatch(requires, -1) {
		if path.Base(m[1]) == "linux" {
			linux += "import _ \"" + m[1] + "\"\n"
			continue
		}
		src += "import _ \"" + m[1] + "\"\n"
	}
	writeFile(t, filepath.Join(dir, path.Base(name)+".go"), []byte(src+"\nconst Name = \""+name+version+"\"\n"))
	writeFile(t, filepath.Join(dir, "on_linux.go"), []byte(linux))
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func (w *driftWorld) goRun(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, w.env, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out
}

// pinfix runs a command on the plugin in dir.
func (w *driftWorld) pinfix(c driftCase, dir string, args ...string) (code int, out string) {
	var stdout, stderr strings.Builder
	args = slices.Concat([]string{"pinfix", args[0], "-C", dir, "-s", c.server}, args[1:], c.flags)
	code = run(context.Background(), w.env, nil, &stdout, &stderr, args)
	return code, stdout.String() + stderr.String()
}

// agree pins a plugin, and compares check with apply for the kinds of drift, each by
// itself, and for as many drifts of several as -drifts says.
func (w *driftWorld) agree(t *testing.T, c driftCase, r *rand.Rand, kinds []int) {
	more := *drifts
	if more == 0 {
		more = tier.Rounds(t, "random drifts", 1, 10)
	}
	pinned := t.TempDir()
	for name, data := range w.plugin {
		writeFile(t, filepath.Join(pinned, name), data)
	}
	if c.goLine != "" {
		w.goRun(t, pinned, "mod", "edit", "-go="+c.goLine)
	}
	w.goRun(t, pinned, "mod", "tidy")
	if c.name == "newer_go" {
		w.goRun(t, pinned, "mod", "edit", "-go=1.99")
	}
	args := []string{"apply"}
	if c.own != "" {
		args = append(args, "--server-source", w.server)
		writeFile(t, filepath.Join(pinned, "own.go"), []byte("package main\n\nimport _ \"example.com/server/api\"\n"))
	}
	if c.name == "vendor_ignored" {
		writeFile(t, filepath.Join(pinned, ".gitignore"), []byte("vendor/\n"))
		if out, err := exec.Command("git", "init", "-q", pinned).CombinedOutput(); err != nil {
			t.Fatalf("git init: %v\n%s", err, out)
		}
	}
	switch c.own {
	case "replace":
		w.goRun(t, pinned, "mod", "edit", "-replace=example.com/server="+w.server)
		fallthrough
	case "require":
		w.goRun(t, pinned, "mod", "edit", "-require=example.com/server@v1.9.0")
	}
	w.check(t, c, pinned, "never pinned")
	if code, out := w.pinfix(c, pinned, args...); code != 0 {
		t.Fatalf("apply exits %d\n%s", code, out)
	}
	if changes := w.check(t, c, pinned, "pinned"); changes {
		t.Fatal("apply has left something to change")
	}
	if _, err := os.Stat(filepath.Join(pinned, "vendor")); c.name == "vendor_ignored" && err == nil {
		t.Fatal("apply has made a vendor/ that git ignores")
	}
	found := 0
	for i := range len(kinds) + more {
		dir := filepath.Join(t.TempDir(), "plugin")
		if err := os.CopyFS(dir, os.DirFS(pinned)); err != nil {
			t.Fatal(err)
		}
		before := w.dependsOn(c, dir)
		kept := before.states()
		var did []string
		list := []driftKind{}
		if i < len(kinds) {
			list = append(list, driftKinds[kinds[i]])
		} else {
			for range 1 + r.IntN(3) {
				list = append(list, driftKinds[r.IntN(len(driftKinds))])
			}
		}
		for _, k := range list {
			if what := k.do(t, dir, r); what != "" {
				did = append(did, what)
			}
		}
		if len(did) > 0 && w.check(t, c, dir, strings.Join(did, "; ")) {
			found++
			if before != nil && maps.Equal(kept, before.states()) {
				t.Errorf("%s: check would answer as before: none of the %d files that it depends on has changed", strings.Join(did, "; "), len(before))
			}
		}
	}
	t.Logf("%d drifts, %d of them found", len(kinds)+more, found)
}

// depends are the files that an answer of check depends on.
type depends []string

// Record notes what is to be kept of an answer.
func (d *depends) Record(files, there []string, _ []again.Index, _, _ []byte) {
	*d = slices.Concat(files, there)
}

// dependsOn returns the files that check names for a plugin that is pinned; nil if its
// answer would not be kept.
func (w *driftWorld) dependsOn(c driftCase, dir string) depends {
	var d depends
	e := &env{environ: w.env, stdout: io.Discard, stderr: io.Discard, question: &d}
	e.run(context.Background(), slices.Concat([]string{"pinfix", "check", "-C", dir, "-s", c.server}, c.flags))
	return d
}

// states returns what is in each file and directory; a name that is not there has none.
func (d depends) states() map[string]string {
	out := map[string]string{}
	for _, name := range d {
		if data, err := os.ReadFile(name); err == nil {
			out[name] = string(data)
			continue
		}
		if entries, err := os.ReadDir(name); err == nil {
			out[name] = fmt.Sprint(entries)
		}
	}
	return out
}

// check compares check with apply --dry-run and reports whether they see
// something to change. Where apply cannot do it (exit 2), check must not say that
// all is well.
func (w *driftWorld) check(t *testing.T, c driftCase, dir, what string) bool {
	t.Helper()
	want, applied := w.pinfix(c, dir, "apply", "--dry-run", "--quiet")
	got, checked := w.pinfix(c, dir, "check")
	if want != got && !(want == 2 && got == 1) {
		t.Errorf("%s: check exits %d, apply --dry-run %d\n%s\n%s\n%s", what, got, want, checked, applied, driftText(dir))
	}
	return want != 0
}

func driftText(dir string) string {
	var b strings.Builder
	for _, name := range []string{"go.mod", "main.go"} {
		data, _ := os.ReadFile(filepath.Join(dir, name))
		fmt.Fprintf(&b, "-- %s --\n%s", name, data)
	}
	return b.String()
}
