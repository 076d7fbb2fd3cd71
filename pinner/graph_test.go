package pinner

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/goproxytest"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/tier"
)

// goCommand runs go in dir with modules from proxy only.
type goCommand struct {
	t     testing.TB
	proxy string
	cache string
}

func (g goCommand) run(dir string, args ...string) string {
	g.t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -modcacherw", "GOWORK=off", "GOPROXY="+g.proxy, "GONOSUMDB=*", "GONOSUMCHECK=1", "GOPRIVATE=", "GOSUMDB=off",
		"GOMODCACHE="+g.cache, "GOTOOLCHAIN=local", "GO111MODULE=on", "PWD="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		g.t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return string(out)
}

// goGraph asks the go command: the selected version of each module (go list -m
// all), and all versions in the graph (go mod graph).
func (g goCommand) goGraph(dir string) (selected map[string]string, versions map[string][]string) {
	g.t.Helper()
	selected, versions = map[string]string{}, map[string][]string{}
	for line := range strings.Lines(g.run(dir, "list", "-m", "-f", "{{if not .Main}}{{.Path}} {{.Version}}{{end}}", "all")) {
		if f := strings.Fields(line); len(f) == 2 {
			selected[f[0]] = f[1]
		}
	}
	for line := range strings.Lines(g.run(dir, "mod", "graph")) {
		for _, word := range strings.Fields(line) {
			path, version, ok := strings.Cut(word, "@")
			if ok && path != "go" && path != "toolchain" && !slices.Contains(versions[path], version) {
				versions[path] = append(versions[path], version)
			}
		}
	}
	for _, v := range versions {
		semver.Sort(v)
	}
	return selected, versions
}

// sameGraph compares LoadGraph with the go command's graph of the module in dir.
func (g goCommand) sameGraph(dir string, source Source) *Graph {
	g.t.Helper()
	selected, versions := g.goGraph(dir) // may write go.mod
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		g.t.Fatal(err)
	}
	mod := parse(g.t, string(data))
	graph, err := LoadGraph(mod, source)
	if err != nil {
		g.t.Fatal(err)
	}
	got, gotVersions := map[string]string{}, map[string][]string{}
	for path := range graph.versions {
		got[path], gotVersions[path] = graph.Selected(path), graph.Versions(path)
	}
	delete(versions, mod.Module.Mod.Path)
	if d := cmp.Diff(selected, got); d != "" {
		g.t.Errorf("selected versions (-go +pinner):\n%s\n%s", d, data)
	}
	if d := cmp.Diff(versions, gotVersions); d != "" {
		g.t.Errorf("versions in the graph (-go +pinner):\n%s\n%s", d, data)
	}
	return graph
}

// A universe is a proxy full of modules that require each other.
type universe struct {
	world world
	dir   string // with the proxy's files
	rand  *rand.Rand
	paths []string
}

func (u *universe) version() string { return fmt.Sprintf("v1.%d.0", u.rand.IntN(4)) }

// requires returns require lines on up to n other modules.
func (u *universe) requires(n int, not string) string {
	var b strings.Builder
	for _, i := range u.rand.Perm(len(u.paths))[:n] {
		if p := u.paths[i]; p != not {
			fmt.Fprintf(&b, "require %s %s; ", p, u.version())
		}
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func (u *universe) goLine() string {
	return []string{"", "go 1.16; ", "go 1.17; ", "go 1.20; "}[u.rand.IntN(4)]
}

func newUniverse(t *testing.T, seed uint64) *universe {
	u := &universe{world: world{}, dir: t.TempDir(), rand: rand.New(rand.NewPCG(seed, 1))}
	for i := range 10 {
		u.paths = append(u.paths, fmt.Sprintf("example.com/m%d", i))
	}
	for _, p := range u.paths {
		for minor := range 4 {
			v := module.Version{Path: p, Version: fmt.Sprintf("v1.%d.0", minor)}
			u.world[v.String()] = u.goLine() + u.requires(u.rand.IntN(4), p)
			u.serve(t, v, fmt.Sprintf("module %s\n%s\n", p, strings.ReplaceAll(u.world[v.String()], "; ", "\n")))
		}
	}
	return u
}

// serve puts a module on the proxy.
func (u *universe) serve(t *testing.T, v module.Version, mod string) {
	name := strings.ReplaceAll(v.Path, "/", "_") + "_" + v.Version + ".txtar"
	info := fmt.Sprintf(`{"Version":%q,"Time":"2024-01-01T00:00:00Z"}`, v.Version)
	text := fmt.Sprintf("%s\n\n-- .mod --\n%s-- .info --\n%s\n-- p.go --\npackage p\n", v, mod, info)
	if err := os.WriteFile(filepath.Join(u.dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestLoadGraphLikeGo compares LoadGraph with the go command on made-up
// modules: pruned and not, mixed, with excludes and replaces.
func TestLoadGraphLikeGo(t *testing.T) {
	t.Parallel()
	for seed := range uint64(tier.Rounds(t, "module graphs", 4, 12)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			u := newUniverse(t, seed)
			srv, err := goproxytest.NewServer(u.dir, "")
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			g := goCommand{t, srv.URL, t.TempDir()}
			root := t.TempDir()
			lib := filepath.Join(root, "lib")
			if err := os.Mkdir(lib, 0o777); err != nil {
				t.Fatal(err)
			}
			u.world["./lib"] = u.goLine() + u.requires(3, u.paths[0])
			libMod := fmt.Sprintf("module %s\n%s\n", u.paths[0], strings.ReplaceAll(u.world["./lib"], "; ", "\n"))
			if err := os.WriteFile(filepath.Join(lib, "go.mod"), []byte(libMod), 0o666); err != nil {
				t.Fatal(err)
			}
			for i, goLine := range []string{"", "go 1.16", "go 1.17", "go 1.20"} {
				text := fmt.Sprintf("module example.com/main\n\n%s\n%s\n", goLine, strings.ReplaceAll(u.requires(4, ""), "; ", "\n"))
				switch i + int(seed)%3 {
				case 1, 4:
					text += fmt.Sprintf("exclude %s %s\nexclude %s v1.3.0\n", u.paths[1], u.version(), u.paths[2])
				case 2:
					text += fmt.Sprintf("replace %s => ./lib\nreplace %s => %s v1.0.0\n", u.paths[0], u.paths[3], u.paths[4])
				case 3:
					text += fmt.Sprintf("replace %s v1.2.0 => ./lib\nreplace %s v1.3.0 => %s v1.1.0\nexclude %s v1.1.0\n", u.paths[0], u.paths[3], u.paths[3], u.paths[5])
				}
				dir := filepath.Join(root, fmt.Sprint(i))
				if err := os.Mkdir(dir, 0o777); err != nil {
					t.Fatal(err)
				}
				text = strings.ReplaceAll(text, "./lib", "../lib")
				u.world["../lib"] = u.world["./lib"]
				if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
				g.sameGraph(dir, u.world.source(t))
			}
		})
	}
}

// TestLoadGraphOfPinfix is the same for a real graph: pinfix's own.
func TestLoadGraphOfPinfix(t *testing.T) {
	t.Parallel()
	env, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Split(string(env), "\n")
	g := goCommand{t, f[1], f[0]}
	source := func(want []module.Version) (map[module.Version]*Summary, error) {
		out := map[module.Version]*Summary{}
		for _, v := range want {
			path, _ := module.EscapePath(v.Path)
			version, _ := module.EscapeVersion(v.Version)
			name := filepath.Join(g.cache, "cache", "download", path, "@v", version+".mod")
			data, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			if out[v], err = Summarize(name, data); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	data, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"go.mod": data, "go.sum": sum} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	g.sameGraph(dir, source)
}

// TestPlanLikeGo: the go command, given the go.mod of a plan, selects the
// pins. (Tests without it believe LoadGraph.)
func TestPlanLikeGo(t *testing.T) {
	t.Parallel()
	for seed := range uint64(tier.Rounds(t, "module graphs", 3, 8)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			u := newUniverse(t, 100+seed)
			srv, err := goproxytest.NewServer(u.dir, "")
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			g := goCommand{t, srv.URL, t.TempDir()}
			dir := t.TempDir()
			goLine := []string{"go 1.16", "go 1.20"}[seed%2]
			user := parse(t, fmt.Sprintf("module example.com/main\n\n%s\n%s\n", goLine, strings.ReplaceAll(u.requires(5, ""), "; ", "\n")))
			var pins []Pin
			for _, i := range u.rand.Perm(len(u.paths))[:4] {
				pins = append(pins, Pin{Version: module.Version{Path: u.paths[i], Version: u.version()}})
			}
			m, plan := pinned(t, user, Input{Server: serverOf("1.26.0", pins), Pins: pins, Source: u.world.source(t)})
			if err := os.WriteFile(filepath.Join(dir, "go.mod"), m.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			graph := g.sameGraph(dir, u.world.source(t))
			for _, p := range plan.Pins {
				if v := graph.Selected(p.Path); v != p.Version.Version {
					t.Errorf("%s %s is selected, not %s", p.Path, v, p.Version.Version)
				}
			}
		})
	}
}

func TestDemands(t *testing.T) {
	t.Parallel()
	m := parse(t, "module example.com/main\n\ngo 1.16\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/d v1.0.0\n)\n")
	g, err := LoadGraph(m, world{
		"example.com/a@v1.0.0": "require example.com/b v1.0.0",
		"example.com/b@v1.0.0": "require example.com/c v1.2.0",
		"example.com/d@v1.0.0": "require example.com/c v1.2.0; require example.com/main v1.0.0",
	}.source(t))
	if err != nil {
		t.Fatal(err)
	}
	got := g.Demands(module.Version{Path: "example.com/c", Version: "v1.2.0"})
	want := []string{
		"example.com/d@v1.0.0 -> example.com/c@v1.2.0",
		"example.com/a@v1.0.0 -> example.com/b@v1.0.0 -> example.com/c@v1.2.0",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := g.Demands(module.Version{Path: "example.com/a", Version: "v1.0.0"}); got != nil {
		t.Errorf("the plugin's own require line is told as a demand: %q", got)
	}
	if v := g.Selected("example.com/main"); v != "" {
		t.Errorf("the main module is selected at %s", v)
	}
}

// TestLoadGraphErrors: what the source says reaches the caller.
func TestLoadGraphErrors(t *testing.T) {
	t.Parallel()
	m := parse(t, "module example.com/main\n\ngo 1.22\n\nrequire example.com/a v1.0.0\n")
	_, err := LoadGraph(m, func([]module.Version) (map[module.Version]*Summary, error) { return nil, os.ErrPermission })
	if err != os.ErrPermission {
		t.Errorf("got %v", err)
	}
	_, err = LoadGraph(m, func([]module.Version) (map[module.Version]*Summary, error) { return nil, nil })
	if err == nil || err.Error() != "no go.mod of example.com/a@v1.0.0" {
		t.Errorf("got %v", err)
	}
}
