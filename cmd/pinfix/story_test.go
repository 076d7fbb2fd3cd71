package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/goproxytest"

	"github.com/pinfix/pinfix/internal/tier"
)

var (
	stories   = flag.Int("stories", 0, "how many random pairs of a server and a plugin TestOneStory tries; 0: as many as the tier has")
	storySeed = flag.Uint64("storyseed", 1, "of the first of them; the next one counts")
)

// TestOneStory: of a server that is built in one of the ways in which people build
// servers, and a plugin that takes its packages in one of the ways in which people do,
// apply, check, build, verify and plugin.Open tell one story.
func TestOneStory(t *testing.T) {
	n := *stories
	if n == 0 {
		n = tier.Rounds(t, "pairs of a server and a plugin", 4, 40)
	}
	w := newStoryWorld(t)
	said := map[string]int{}
	for i := range n {
		s := newStory(*storySeed + uint64(i))
		t.Run(s.String(), func(t *testing.T) { said[w.tell(t, s)]++ })
	}
	t.Logf("%d stories from seed %d: %v", n, *storySeed, said)
}

// A story is a server and a plugin.
type story struct {
	seed                 uint64
	server               string // how it is built: main, work, installed, file
	trimmed, vendored    bool
	replaced             string // its dependency: "", fork, directory
	way                  string // how the plugin names the server's module: none, require, replace, work; tree: it is a package of it
	own, version, behind bool   // the plugin imports the server's package; requires another version of shared; has shared only behind another module
	local                bool   // it replaces shared by a directory of its own
	source, elsewhere    bool   // apply is told the server's source; the replace line or the go.work names a copy of it
}

func newStory(seed uint64) story {
	r := rand.New(rand.NewPCG(seed, 19))
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	s := story{
		seed: seed, server: pick("main", "work", "installed", "file"), trimmed: r.IntN(3) > 0, vendored: r.IntN(4) == 0,
		replaced: pick("", "", "fork", "directory"), way: pick("none", "require", "replace", "work", "tree"),
		own: r.IntN(4) > 0, version: r.IntN(2) == 0, behind: r.IntN(2) == 0, source: r.IntN(2) == 0, elsewhere: r.IntN(4) == 0, local: r.IntN(5) == 0,
	}
	if s.server == "installed" {
		s.vendored, s.replaced = false, "" // go install takes neither
	}
	if s.server == "work" {
		s.vendored = false
	}
	if s.way == "tree" {
		s.own, s.behind, s.local, s.elsewhere = true, false, false, false
		s.source = s.source && s.server == "work" // the others need none
	}
	return s
}

func (s story) String() string {
	words := []string{fmt.Sprint(s.seed), s.server}
	for _, w := range []struct {
		on   bool
		name string
	}{{s.trimmed, "trimmed"}, {s.vendored, "vendored"}, {s.replaced != "", s.replaced}, {true, "plugin"}, {true, s.way}, {s.own, "own"}, {s.version, "version"}, {s.behind, "behind"}, {s.local, "local"}, {s.source, "source"}, {s.elsewhere, "elsewhere"}} {
		if w.on {
			words = append(words, w.name)
		}
	}
	return strings.Join(words, "_")
}

// A storyWorld is what all stories have in common.
type storyWorld struct {
	driftWorld
	loader string
}

func newStoryWorld(t *testing.T) *storyWorld {
	dir := t.TempDir()
	loader, err := os.ReadFile(filepath.Join("..", "..", "testdata", "loader", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	w := &storyWorld{loader: string(loader)}
	proxy := filepath.Join(dir, "proxy")
	module := func(name, version, requires string, files map[string]string) {
		at := filepath.Join(proxy, "example.com_"+name+"_"+version)
		writeFile(t, filepath.Join(at, "go.mod"), []byte("module example.com/"+name+"\n\ngo 1.20\n"+requires))
		for file, text := range files {
			writeFile(t, filepath.Join(at, file), []byte(text))
		}
	}
	for _, v := range []string{"v1.0.0", "v1.1.0"} {
		module("shared", v, "", map[string]string{"shared.go": shared(v)})
	}
	module("fork", "v1.5.0", "", map[string]string{"shared.go": shared("v1.5.0")})
	module("user", "v1.0.0", "\nrequire example.com/shared v1.1.0\n", map[string]string{"user.go": "package user\n\nimport \"example.com/shared\"\n\nvar Name = \"user on \" + shared.Name()\n"})
	for _, v := range []string{"v1.2.0", "v1.3.0"} {
		module("host", v, "\nrequire example.com/shared v1.0.0\n", hostFiles(w.loader))
	}
	p, err := goproxytest.NewServer(proxy, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	w.env = append(os.Environ(), "GOPROXY="+p.URL, "GONOSUMDB=*", "GONOSUMCHECK=1", "GOFLAGS=-modcacherw", "GOWORK=off", "GOENV=off",
		"GOTOOLCHAIN=local", "GOMODCACHE="+filepath.Join(dir, "cache"), "GO111MODULE=", "CGO_ENABLED=1")
	return w
}

func shared(version string) string {
	return "package shared\n\nimport \"os\"\n\n//go:noinline\nfunc Name() string { return os.Getenv(\"NONE\") + \"shared " + version + "\" }\n"
}

func hostFiles(loader string) map[string]string {
	return map[string]string{
		"main.go":    strings.Replace(loader, "import (", "import (\n\t\"example.com/host/api\"", 1) + "\nvar _ = api.Name()\n",
		"api/api.go": "package api\n\nimport \"example.com/shared\"\n\n//go:noinline\nfunc Name() string { return \"api on \" + shared.Name() }\n",
	}
}

// build builds the server, and returns its program and the directory of its source.
func (w *storyWorld) build(t *testing.T, s story, dir string) (program, source string) {
	source, program = filepath.Join(dir, "host"), filepath.Join(dir, "host.bin")
	for name, text := range hostFiles(w.loader) {
		writeFile(t, filepath.Join(source, name), []byte(text))
	}
	mod := "module example.com/host\n\ngo 1.22\n\nrequire example.com/shared v1.0.0\n"
	env := w.env
	switch {
	case s.server == "work":
		mod = "module example.com/host\n\ngo 1.22\n"
		writeFile(t, filepath.Join(dir, "library", "go.mod"), []byte("module example.com/shared\n\ngo 1.22\n"))
		writeFile(t, filepath.Join(dir, "library", "shared.go"), []byte(shared("v1.0.0")))
		writeFile(t, filepath.Join(dir, "go.work"), []byte("go 1.22\n\nuse (\n\t./host\n\t./library\n)\n"))
		env = append(env[:len(env):len(env)], "GOWORK=")
	case s.replaced == "fork":
		mod += "\nreplace example.com/shared => example.com/fork v1.5.0\n"
	case s.replaced == "directory":
		mod += "\nreplace example.com/shared => ../library\n"
		writeFile(t, filepath.Join(dir, "library", "go.mod"), []byte("module example.com/shared\n\ngo 1.20\n"))
		writeFile(t, filepath.Join(dir, "library", "shared.go"), []byte(shared("v1.0.0")))
	}
	writeFile(t, filepath.Join(source, "go.mod"), []byte(mod))
	if s.server != "work" {
		w.mustGo(t, w.env, source, "mod", "tidy")
	}
	if s.vendored {
		w.mustGo(t, w.env, source, "mod", "vendor")
	}
	args := []string{"build", "-buildvcs=false", "-o", program}
	if s.trimmed {
		args = append(args, "-trimpath")
	}
	switch s.server {
	case "installed":
		args = []string{"install"}
		if s.trimmed {
			args = append(args, "-trimpath")
		}
		w.mustGo(t, append(env[:len(env):len(env)], "GOBIN="+filepath.Join(dir, "bin")), dir, append(args, "example.com/host@v1.2.0")...)
		return filepath.Join(dir, "bin", "host"), source
	case "file":
		args = append(args, "main.go")
	}
	w.mustGo(t, env, source, args...)
	return program, source
}

// main is the plugin's main package.
func (s story) main() string {
	if s.way == "tree" {
		return "./plugins/e"
	}
	return "."
}

// plugin writes the plugin, and returns the directory of its module.
func (w *storyWorld) plugin(t *testing.T, s story, dir string) string {
	if s.way == "tree" {
		host := filepath.Join(dir, "host")
		writeFile(t, filepath.Join(host, "plugins", "e", "main.go"), []byte("package main\n\nimport \"example.com/host/api\"\n\nfunc Hello() string { return api.Name() }\n"))
		if s.version && s.server != "work" && s.replaced == "" {
			w.mustGo(t, w.env, host, "mod", "edit", "-require=example.com/shared@v1.1.0")
		}
		return host
	}
	plugin := filepath.Join(dir, "plugin")
	var mod, imports, uses strings.Builder
	mod.WriteString("module example.com/plugin\n\ngo 1.22\n")
	version := "v1.0.0"
	if s.version {
		version = "v1.1.0"
	}
	pkg := "shared"
	if s.behind {
		pkg, version = "user", "v1.0.0"
	}
	fmt.Fprintf(&mod, "\nrequire example.com/%s %s\n", pkg, version)
	fmt.Fprintf(&imports, "import \"example.com/%s\"\n", pkg)
	uses.WriteString(map[string]string{"shared": "shared.Name()", "user": "user.Name"}[pkg])
	if s.local {
		mod.WriteString("\nreplace example.com/shared => ./library\n")
		writeFile(t, filepath.Join(plugin, "library", "go.mod"), []byte("module example.com/shared\n\ngo 1.20\n"))
		writeFile(t, filepath.Join(plugin, "library", "shared.go"), []byte(shared("v1.0.0")))
	}
	if s.own {
		imports.WriteString("import \"example.com/host/api\"\n")
		uses.WriteString(" + api.Name()")
		host := "../host"
		if s.elsewhere {
			host = "../copy"
			if err := os.CopyFS(filepath.Join(dir, "copy"), os.DirFS(filepath.Join(dir, "host"))); err != nil {
				t.Fatal(err)
			}
		}
		switch s.way {
		case "require":
			mod.WriteString("\nrequire example.com/host v1.3.0\n")
		case "replace":
			mod.WriteString("\nrequire example.com/host v1.2.0\n\nreplace example.com/host => " + host + "\n")
		case "work":
			writeFile(t, filepath.Join(plugin, "go.work"), []byte("go 1.22\n\nuse .\n\nuse "+host+"\n"))
		}
	}
	writeFile(t, filepath.Join(plugin, "go.mod"), []byte(mod.String()))
	writeFile(t, filepath.Join(plugin, "main.go"), []byte("package main\n\n"+imports.String()+"\nfunc Hello() string { return "+uses.String()+" }\n"))
	return plugin
}

// tell asks each command and the server about the plugin, and compares. It returns what
// they say.
func (w *storyWorld) tell(t *testing.T, s story) string {
	dir := t.TempDir()
	server, source := w.build(t, s, dir)
	plugin := w.plugin(t, s, dir)
	c := driftCase{server: server}
	if s.way == "tree" {
		c.flags = []string{"--package", filepath.Join(plugin, s.main())}
	}
	args := []string{"apply", "--quiet"}
	if s.source && s.own && s.server != "installed" && s.way != "work" {
		args = append(args, "--server-source", source)
	}
	if _, err := w.goIn(w.env, plugin, "mod", "tidy"); err != nil {
		t.Logf("tidy: %v", err)
	} else if s.vendored && s.way == "tree" {
		w.mustGo(t, w.env, plugin, "mod", "vendor")
	}
	code, applied := w.pinfix(c, plugin, args...)
	switch code {
	case 0:
		return w.pinned(t, s, c, plugin, applied)
	case 2:
		w.refused(t, s, c, plugin, applied)
		return "refused"
	}
	t.Fatalf("apply exits %d\n%s", code, applied)
	return ""
}

// pinned: whatever is pinned, check says the same; a build of it loads, unless something
// is said to be not known.
func (w *storyWorld) pinned(t *testing.T, s story, c driftCase, plugin, applied string) string {
	known := !strings.Contains(applied, "as far as is known")
	if code, out := w.pinfix(c, plugin, "apply", "--quiet"); code != 0 || !strings.Contains(out, "already pinned") {
		t.Errorf("a second apply exits %d\n%s", code, out)
	}
	if code, out := w.pinfix(c, plugin, "check"); code != 0 {
		t.Errorf("check exits %d after\n%s\n%s", code, applied, out)
	}
	so := filepath.Join(plugin, "plugin.so")
	code, built := w.pinfix(driftCase{server: c.server}, plugin, "build", "--quiet", "-o", so, filepath.Join(plugin, s.main()))
	if code == 0 {
		if said, err := exec.Command(c.server, so).CombinedOutput(); err != nil {
			t.Errorf("build says that it loads, the server %s", said)
		}
		if code, out := w.pinfix(driftCase{server: c.server}, plugin, "verify", so); code != 0 {
			t.Errorf("verify exits %d after build\n%s", code, out)
		}
	} else if known {
		t.Errorf("apply says pinned, build exits %d\n%s\n%s", code, applied, built)
	}
	w.byHand(t, c, plugin, applied, code == 0)
	return map[bool]string{true: "pinned", false: "as far as is known"}[known] + map[bool]string{true: ", loads", false: ", refused"}[code == 0]
}

// byHand types the line that apply prints, if it is for here: what it makes loads where
// pinfix build's does.
func (w *storyWorld) byHand(t *testing.T, c driftCase, plugin, applied string, loads bool) {
	_, line, ok := strings.Cut(applied, "or by hand:\n  ")
	if !ok {
		return
	}
	line, _, _ = strings.Cut(line, "\n")
	_, line, _ = strings.Cut(line, "&& ") // the directory is as seen from here
	so := filepath.Join(plugin, "hand.so")
	line = strings.Replace(line, "-buildmode=plugin", "-buildmode=plugin -o "+so, 1)
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = plugin, w.env
	if out, err := cmd.CombinedOutput(); err != nil {
		if loads {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
		return
	}
	if said, err := exec.Command(c.server, so).CombinedOutput(); (err == nil) != loads {
		t.Errorf("%s: the server says %s; pinfix build: loads %v", line, said, loads)
	}
}

// refused: check must not say that all is well, and the plugin as its author has it must
// not load.
func (w *storyWorld) refused(t *testing.T, s story, c driftCase, plugin, applied string) {
	if code, out := w.pinfix(c, plugin, "check"); code == 0 {
		t.Errorf("check is content, and apply says\n%s\n%s", applied, out)
	}
	args := []string{"build", "-buildmode=plugin", "-o", filepath.Join(plugin, "plain.so")}
	if s.trimmed {
		args = append(args, "-trimpath")
	}
	if out, err := w.goIn(w.env, plugin, append(args, s.main())...); err != nil {
		t.Logf("%v %s", err, out)
		return
	}
	if said, err := exec.Command(c.server, filepath.Join(plugin, "plain.so")).CombinedOutput(); err == nil {
		t.Errorf("the server loads what apply refuses: %s\n%s", said, applied)
	}
}

func (w *storyWorld) mustGo(t *testing.T, env []string, dir string, args ...string) {
	t.Helper()
	if out, err := w.goIn(env, dir, args...); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (w *storyWorld) goIn(env []string, dir string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(context.Background(), "go", args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &out, &out
	err := cmd.Run()
	return out.String(), err
}
