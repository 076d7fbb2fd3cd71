package flow

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/wants"
)

// loadedOf: one world of so many is built and loaded; the others are vetted, which
// compiles, but does not link.
const loadedOf = 3

// TestRandomApply goes the whole way with random module graphs: a server is built
// for real, and what apply calls solved has every pin exactly, compiles, and is
// loaded by it; a second apply finds nothing to do. Where an exhaustive search finds
// a solution, apply does. PINFIX_RANDOM_APPLY sets the number of graphs.
func TestRandomApply(t *testing.T) {
	cache := t.TempDir()
	for seed := range worlds(t, "PINFIX_RANDOM_APPLY", 8, 36) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(uint64(seed), false, false)
			f := &field{t: t, w: w, dir: t.TempDir(), cache: cache, real: seed%loadedOf == 0}
			f.lay()
			f.apply()
			if t.Failed() {
				t.Log(w)
			}
		})
	}
}

// A field is where a world is real.
type field struct {
	t          *testing.T
	w          *world
	dir, cache string
	real       bool
}

func (f *field) name(elem ...string) string { return filepath.Join(f.dir, filepath.Join(elem...)) }

func (f *field) write(name, text string) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		f.t.Fatal(err)
	}
}

// environ has a module proxy of files, and nothing of the host's but its build
// cache.
func (f *field) environ() []string {
	return append(os.Environ(), "GOPROXY=file://"+filepath.ToSlash(f.name("proxy")), "GOMODCACHE="+f.cache, "GOSUMDB=off",
		"GOFLAGS=-modcacherw", "GOTOOLCHAIN=local", "GOWORK=off", "CGO_ENABLED=1")
}

func (f *field) run(dir, name string, args ...string) string {
	f.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, f.environ()
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// lay writes proxy, server and plugin, and builds the server.
func (f *field) lay() {
	w := f.w
	for j, versions := range w.modules {
		for k := range versions {
			f.publish(j, k)
		}
	}
	loader, err := os.ReadFile(filepath.Join("..", "..", "testdata", "loader", "main.go"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(f.name("server", "main.go"), string(loader))
	f.write(f.name("server", "go.mod"), w.serverMod())
	f.write(f.name("server", "deps.go"), w.goSource("main", &w.server))
	f.run(f.name("server"), "go", "mod", "tidy")
	f.run(f.name("server"), "go", "build", "-trimpath", "-o", f.name("the-server"), ".")
	f.write(f.name("plugin", "go.mod"), w.goMod(w.prefix+"/plugin", &w.plugin))
	f.write(f.name("plugin", "main.go"), w.goSource("main", &w.plugin)+"\nfunc Hello() string { return \"hello\" }\n\nfunc main() {}\n")
	f.run(f.name("plugin"), "go", "mod", "tidy")
}

// publish puts a version of a module on the proxy.
func (f *field) publish(j, k int) {
	w, v := f.w, &f.w.modules[j][k]
	path, version := w.path(j), versionOf(k)
	files := map[string]string{"go.mod": w.goMod(path, v), "m.go": w.goSource(path[len(path)-1:], v) + v.offers()}
	if v.sub {
		files["sub/sub.go"] = "package sub\n\nconst Name = \"sub\"\n"
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out, err := z.Create(path + "@" + version + "/" + name)
		if err != nil {
			f.t.Fatal(err)
		}
		if _, err := out.Write([]byte(files[name])); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		f.t.Fatal(err)
	}
	at := f.name("proxy", path, "@v")
	f.write(filepath.Join(at, version+".zip"), b.String())
	f.write(filepath.Join(at, version+".mod"), files["go.mod"])
	f.write(filepath.Join(at, version+".info"), fmt.Sprintf(`{"Version":%q,"Time":"2024-01-01T00:00:00Z"}`, version))
	var list string
	for i := range w.modules[j] {
		list += versionOf(i) + "\n"
	}
	f.write(filepath.Join(at, "list"), list)
}

// variants of a function: as it is declared, and the type of its result.
var variants = [...]struct{ result, value string }{1: {"int", "0"}, 2: {"string", `""`}}

// goSource is the code of v that uses others.
func (w *world) goSource(pkg string, v *release) string {
	var imports, uses strings.Builder
	for _, d := range v.deps {
		if !d.imported {
			continue
		}
		name := w.path(d.module)[len(w.path(d.module))-1:]
		fmt.Fprintf(&imports, "\t%q\n", w.path(d.module))
		fmt.Fprintf(&uses, "var _ = %s.Version\n", name)
		for s, want := range d.uses {
			if want != 0 {
				fmt.Fprintf(&uses, "var _ %s = %s.F%d()\n", variants[want].result, name, s)
			}
		}
		if d.sub {
			fmt.Fprintf(&imports, "\t%ssub %q\n", name, w.path(d.module)+"/sub")
			fmt.Fprintf(&uses, "var _ = %ssub.Name\n", name)
		}
	}
	for _, m := range v.mixes {
		fmt.Fprintf(&uses, "var _ = %c.Use(%c.T{})\n", 'a'+m[0], 'a'+m[1])
	}
	if imports.Len() == 0 {
		return "package " + pkg + "\n"
	}
	return "package " + pkg + "\n\nimport (\n" + imports.String() + ")\n\n" + uses.String()
}

// offers is the API of v.
func (v *release) offers() string {
	s := "\nconst Version = \"v\"\n"
	for i, k := range v.api {
		if k != 0 {
			s += fmt.Sprintf("\nfunc F%d() %s { return %s }\n", i, variants[k].result, variants[k].value)
		}
	}
	return s + fmt.Sprintf("\ntype T struct{}\n\nfunc (T) M%d() {}\n\nfunc Use(interface{ M%d() }) int { return 0 }\n", v.t, v.i)
}

func (f *field) options(dir string) wants.Options {
	quiet := func(string) {}
	server := reference.Servers{{Ref: f.name("the-server"), From: "--server"}}
	return wants.Options{Reference: reference.Reference{Dir: dir, Servers: server, Environ: f.environ(), Step: quiet, Log: quiet}, Conflicts: "auto", Imports: "auto", Vendor: "auto"}
}

// apply goes the way of the plugin.
func (f *field) apply() {
	t, w := f.t, f.w
	plugin, copied := f.name("plugin"), f.name("copy")
	f.readServer()
	mod, err := os.ReadFile(filepath.Join(plugin, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := w.solvable(w.buildList(string(mod)))
	if err := os.CopyFS(copied, os.DirFS(plugin)); err != nil {
		t.Fatal(err)
	}
	before := f.tree(plugin)
	r, err := Apply(t.Context(), f.options(plugin))
	if err != nil {
		if want != nil {
			t.Errorf("there is a solution, %v; apply says: %v", want, err)
		}
		if !maps.Equal(before, f.tree(plugin)) {
			t.Error("the tree is not as it was")
		}
		if strings.Contains(err.Error(), "go mod") {
			t.Errorf("apply explains nothing: %v", err)
		}
		return
	}
	f.solved(plugin, r)
	after := f.tree(plugin)
	if r, err = Apply(t.Context(), f.options(plugin)); err != nil || !r.Aligned || !maps.Equal(after, f.tree(plugin)) {
		t.Errorf("a second apply: %v, aligned: %v", err, err == nil && r.Aligned)
	}
	if !f.real {
		return
	}
	if _, err := Apply(t.Context(), f.options(copied)); err != nil || !maps.Equal(after, f.tree(copied)) {
		t.Errorf("the same plugin elsewhere: %v, or another result", err)
	}
}

// readServer takes over what the server really links: go mod tidy may have come to
// another build list than was drawn.
func (f *field) readServer() {
	f.t.Helper()
	s, err := target.Read(f.t.Context(), f.name("the-server"), target.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.w.built = map[int]int{}
	for _, p := range s.Pins {
		f.w.built[int(p.Path[len(p.Path)-1]-'a')] = f.w.number(p.Version.Version)
	}
	if len(f.w.built) == 0 {
		f.t.Fatal("the server links no module")
	}
}

// solved looks at what apply calls solved.
func (f *field) solved(plugin string, r *report.Apply) {
	t, w := f.t, f.w
	pins := w.pins()
	out := f.run(plugin, "go", "list", "-mod=mod", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", ".")
	for line := range strings.Lines(out) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		if version == "" || !strings.HasPrefix(path, w.prefix+"/") {
			continue
		}
		pin, pinned := pins[int(path[len(path)-1]-'a')]
		if pinned && version != versionOf(pin) {
			t.Errorf("%s is %s, the server has %s", path, version, versionOf(pin))
		}
	}
	for _, c := range r.Caps {
		if c.Error == "" || c.New >= c.Old {
			t.Errorf("an odd cap: %+v", c)
		}
	}
	if !f.real {
		f.run(plugin, "go", "vet", ".")
		return
	}
	f.run(plugin, "go", "build", "-buildmode=plugin", "-trimpath", "-o", f.name("plugin.so"), ".")
	if got := f.run(f.dir, f.name("the-server"), f.name("plugin.so")); got != "loaded: hello\n" {
		t.Errorf("the server says %q", got)
	}
}

// tree returns all files of a directory.
func (f *field) tree(dir string) map[string]string {
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return files
}
