package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/goproxytest"
	"golang.org/x/tools/txtar"

	"github.com/pinfix/pinfix/internal/pkghash"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/tier"
)

// A recipe says how to build a server or a plugin from
// testdata/matrix/sources.txtar.
type recipe struct {
	dir   string   // of the sources: "server", "plugin", …
	mod   string   // lines of go.mod next to module and go; modules of the sources are required at v1.0.0
	go_   string   // "go1.24.13"; "" for the local one
	flags string   // of go build; -trimpath is there unless untrimmed
	env   []string // also of go mod tidy

	untrimmed bool
	vendor    bool
	edit      string            // append to a vendored file: "path: text"
	files     map[string]string // more files, or others
	work      string            // build in a go.work that uses this directory of the sources
	cache     bool              // a module cache at another path
	fileName  bool              // build main.go, not the package
	install   bool              // go install the module from the proxy, at v1.2.0
}

// with returns a copy of r that f has changed.
func (r recipe) with(f func(*recipe)) recipe { f(&r); return r }

var (
	aServer = recipe{dir: "server"}
	aPlugin = recipe{dir: "plugin"}
	ofOwn   = recipe{dir: "own", mod: "require example.com/server v1.2.0"}
	tagged  = recipe{dir: "tagged"}
	aWants  = recipe{dir: "wants"}
	named   = recipe{dir: "server", fileName: true}
	install = recipe{dir: "server", install: true}
)

func flags(r recipe, f string) recipe { return r.with(func(r *recipe) { r.flags = f }) }
func setenv(r recipe, e ...string) recipe {
	return r.with(func(r *recipe) { r.env = e })
}
func goRelease(r recipe, v string) recipe { return r.with(func(r *recipe) { r.go_ = v }) }
func mod(r recipe, m string) recipe       { return r.with(func(r *recipe) { r.mod = m }) }
func vendored(r recipe) recipe            { return r.with(func(r *recipe) { r.vendor = true }) }
func untrimmed(r recipe) recipe           { return r.with(func(r *recipe) { r.untrimmed = true }) }
func work(r recipe, dir string) recipe    { return r.with(func(r *recipe) { r.work = dir }) }

// importing adds a package of module u.
func importing(r recipe, pkg, version string) recipe {
	r.mod = "require example.com/u " + version
	return files(r, map[string]string{"u.go": "package main\n\nimport _ \"example.com/u/" + pkg + "\"\n"})
}
func files(r recipe, f map[string]string) recipe {
	return r.with(func(r *recipe) { r.files = f })
}

const (
	forked  = "require example.com/a v1.0.0\nreplace example.com/a => example.com/fork v1.5.0"
	ownCopy = "require example.com/a v1.0.0\nreplace example.com/a => ./a"
	sameA   = "// Package a is shared.\npackage a\n\n// A T is exposed by b.\ntype T struct{ N int }\n\n// New is inlined.\nfunc New() T { return T{1} }\n"
	otherA  = "// Package a is shared.\npackage a\n\n// A T is exposed by b.\ntype T struct{ N int; S string }\n\n// New is inlined.\nfunc New() T { return T{1, \"\"} }\n"
	modA    = "module example.com/a\n\ngo 1.20\n"
)

// A pair is a server and a plugin, which are built and loaded for real. The name
// begins with what verify must say: "loads", or the causes.
type pair struct {
	name           string
	server, plugin recipe
}

// pairs have each cause, and each way of building that changes what the loader sees.
var pairs = []pair{
	{"loads/same", aServer, aPlugin},
	{"loads/server_stripped", flags(aServer, "-ldflags=-s|-w"), aPlugin},
	{"loads/vendored", aServer, vendored(aPlugin)},
	{"loads/tags_both", flags(aServer, "-tags=netgo,osusergo"), flags(aPlugin, "-tags=osusergo,netgo")},
	{"loads/untrimmed_both", untrimmed(aServer), untrimmed(aPlugin)},
	{"loads/fork_both_halves", mod(aServer, forked), mod(aPlugin, forked)},
	{"loads/demand_excluded", aServer, mod(aWants, "require example.com/a v1.0.0\nexclude example.com/a v1.0.1")},
	{"loads/two_versions", importing(aServer, "y", "v1.0.0"), importing(aPlugin, "x", "v1.1.0")},
	{"loads/localdir_same_source", files(mod(aServer, ownCopy), map[string]string{"a/a.go": sameA, "a/go.mod": modA}), aPlugin},
	{"loads/own_in_workspace", aServer, work(mod(ofOwn, ""), "server")},
	{"loads/own_of_file_name", named, work(mod(ofOwn, ""), "server")},
	{"loads/own_installed", install, ofOwn},
	{"loads/cgo_package", aServer, tagged},

	{"version/up", aServer, mod(aPlugin, "require example.com/a v1.0.1")},
	{"version/demanded", aServer, aWants},
	{"version/of_one_package", importing(aServer, "y", "v1.0.0"), importing(aPlugin, "y", "v1.1.0")},
	{"version/vendored", aServer, vendored(mod(aPlugin, "require example.com/a v1.0.1"))},

	{"replace/down_by_replace", aServer, mod(aPlugin, "require example.com/a v1.0.1\nreplace example.com/a => example.com/a v1.0.0")},
	{"replace/missing", mod(aServer, forked), aPlugin},
	{"replace/other_fork_version", mod(aServer, forked), mod(aPlugin, strings.Replace(forked, "v1.5.0", "v1.5.1", 1))},

	{"content/localdir_of_plugin", aServer, files(mod(aPlugin, ownCopy), map[string]string{"a/a.go": otherA, "a/go.mod": modA})},
	{"content/vendor_edited", aServer, vendored(aPlugin).with(func(r *recipe) { r.edit = "example.com/a/a.go: func More() {}" })},

	{"trimpath/plugin", aServer, untrimmed(aPlugin)},
	{"trimpath/server", untrimmed(aServer), aPlugin},
	{"trimpath/other_module_cache", untrimmed(aServer), untrimmed(aPlugin).with(func(r *recipe) { r.cache = true })},

	{"flags/gcflags_l", aServer, flags(aPlugin, "-gcflags=all=-l")},
	{"flags/race", aServer, flags(aPlugin, "-race")},
	{"flags/pgo", flags(aServer, "-pgo=PROFILE"), aPlugin},
	{"flags/cgo_disabled", setenv(aServer, "CGO_ENABLED=0"), aPlugin},

	{"tags/netgo", aServer, flags(aPlugin, "-tags=netgo")},
	{"tags/of_a_module", aServer, flags(tagged, "-tags=special")},

	{"go-version/go1.22", aServer, goRelease(aPlugin, "go1.22.12")},

	{"go-version+version/both", aServer, goRelease(mod(aPlugin, "require example.com/a v1.0.1"), "go1.24.13")},

	{"server-own/required", aServer, ofOwn},
	{"server-own/required_of_file_name", named, ofOwn},
	{"server-own/replaced", aServer, files(mod(ofOwn, "require example.com/server v1.2.0\nreplace example.com/server => ../server"), map[string]string{
		"../server/go.mod":     "module example.com/server\n\ngo 1.20\n",
		"../server/api/api.go": "// Package api is what a server offers.\npackage api\n\n// Version is called by plugins.\nfunc Version() int { return 1 }\n",
	})},
	{"version/own_installed_in_workspace", install, work(mod(ofOwn, ""), "server")},
	{"server-own/other_commit", aServer, work(mod(ofOwn, ""), "server").with(func(r *recipe) {
		r.files = map[string]string{"../server/api/api.go": "package api\n\n// Version is called by plugins.\nfunc Version() int { return 2 }\n\n// More is new.\nfunc More() {}\n"}
	})},

	{"unknown/go1.20_without_build_info", goRelease(aServer, "go1.20.14"), goRelease(mod(aPlugin, "require example.com/a v1.0.1"), "go1.20.14")},
}

// morePairs are further ones of the same kinds, for the whole suite.
var morePairs = []pair{
	{"loads/plugin_stripped", aServer, flags(aPlugin, "-ldflags=-s|-w")},
	{"loads/ldflags", aServer, flags(aPlugin, "-ldflags=-X|main.version=1")},
	{"loads/server_vendored", vendored(aServer), aPlugin},
	{"loads/goamd64", setenv(aServer, "GOAMD64=v3"), aPlugin},
	{"loads/plugin_goamd64", aServer, setenv(aPlugin, "GOAMD64=v2")},
	{"loads/cover", aServer, flags(aPlugin, "-cover")},
	{"loads/server_cover", flags(aServer, "-cover"), aPlugin},
	{"loads/gcflags_of_main", aServer, flags(aPlugin, "-gcflags=-l")},
	{"loads/race_both", flags(aServer, "-race"), flags(aPlugin, "-race")},
	{"loads/tags_without_effect", aServer, flags(aPlugin, "-tags=nobody")},
	{"loads/pgo_both", flags(aServer, "-pgo=PROFILE"), flags(aPlugin, "-pgo=PROFILE")},
	{"loads/untrimmed_replaced_down", untrimmed(aServer), untrimmed(mod(aPlugin, "require example.com/a v1.0.1\nreplace example.com/a => example.com/a v1.0.0"))},
	{"loads/exclude", aServer, mod(aPlugin, "require example.com/a v1.0.0\nexclude example.com/a v1.0.1")},
	{"loads/go1.22", goRelease(aServer, "go1.22.12"), goRelease(aPlugin, "go1.22.12")},
	{"loads/go1.20_without_build_info", goRelease(aServer, "go1.20.14"), goRelease(aPlugin, "go1.20.14")},

	{"version/down", mod(aServer, "require example.com/a v1.0.1"), aPlugin},
	{"version/same_bytes", aServer, mod(aPlugin, "require example.com/a v1.0.2")},
	{"version/server_vendored", vendored(aServer), mod(aPlugin, "require example.com/a v1.0.1")},
	{"version/untrimmed", untrimmed(aServer), untrimmed(mod(aPlugin, "require example.com/a v1.0.1"))},
	{"version/local_directory_and_other_label", aServer, files(mod(aPlugin, "require example.com/a v1.0.1\nreplace example.com/a => ./a"), map[string]string{"a/a.go": sameA, "a/go.mod": modA})},

	{"replace/down_by_replace_of_version", aServer, mod(aPlugin, "require example.com/a v1.0.1\nreplace example.com/a v1.0.1 => example.com/a v1.0.0")},
	{"replace/demanded", aServer, mod(aWants, "require example.com/a v1.0.0\nreplace example.com/a => example.com/a v1.0.0")},
	{"replace/other_label", mod(aServer, forked), mod(aPlugin, strings.Replace(forked, "v1.0.0", "v1.0.1", 1))},
	{"replace/fork_in_plugin", aServer, mod(aPlugin, forked)},

	{"content/localdir_of_server", files(mod(aServer, ownCopy), map[string]string{"a/a.go": otherA, "a/go.mod": modA}), aPlugin},
	{"content/cgo_cflags", aServer, setenv(tagged, "CGO_CFLAGS=-DWIDE")},

	{"trimpath/vendored", untrimmed(aServer), untrimmed(vendored(aPlugin))},

	{"flags/gcflags_N_l", aServer, flags(aPlugin, "-gcflags=all=-N|-l")},
	{"flags/gcflags_server", flags(aServer, "-gcflags=all=-l"), aPlugin},
	{"flags/race_server", flags(aServer, "-race"), aPlugin},
	{"flags/asan", aServer, flags(aPlugin, "-asan")},
	{"flags/goexperiment", aServer, setenv(aPlugin, "GOEXPERIMENT=arenas")},
	{"flags/gofips140", aServer, setenv(aPlugin, "GOFIPS140=v1.0.0")},
	{"flags/default_pgo", files(aServer, map[string]string{"default.pgo": "PROFILE"}), aPlugin},
	{"flags/coverpkg", aServer, flags(aPlugin, "-cover|-coverpkg=all")},

	{"tags/netgo_osusergo", flags(aServer, "-tags=netgo,osusergo"), aPlugin},

	{"go-version/go1.24", aServer, goRelease(aPlugin, "go1.24.13")},
	{"go-version/go1.27", aServer, goRelease(aPlugin, "go1.27.0")},
	{"go-version/go1.26.0", aServer, goRelease(aPlugin, "go1.26.0")},
	{"go-version/go1.20", aServer, goRelease(aPlugin, "go1.20.14")},
	{"go-version/server_go1.22", goRelease(aServer, "go1.22.12"), aPlugin},
}

// TestMatrix compares verify with plugin.Open for every pair: the same verdict,
// the package that the loader names in verify's list, the cause that the pair's
// name carries, and nothing else; and the same again with a snapshot in place of
// the server.
func TestMatrix(t *testing.T) {
	m := newMatrix(t)
	notes := &notebook{said: map[string]string{}}
	t.Cleanup(func() { notes.compare(t) })
	if testing.Short() {
		t.Logf(tier.Mark+"%d more pairs of server and plugin", len(morePairs))
	}
	for i, p := range slices.Concat(pairs, morePairs) {
		if i >= len(pairs) && testing.Short() || *onlyExperiments && !isExperiment(p.name) {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			server, plugin := m.build(t, p.server), m.build(t, p.plugin)
			said, loads := m.load(server, plugin)
			t.Logf("the server says %q", said)
			notes.note(p.name, said, loads)
			m.compiled(t, server, plugin, loads)
			v := m.verify(t, server, plugin)
			if v.Loads != loads {
				t.Errorf("verify says loads=%v, the server says %q", v.Loads, said)
			}
			if named := namedPackage(said); named != "" && !slices.ContainsFunc(v.Mismatched, func(m report.Mismatch) bool { return m.Package == named }) {
				t.Errorf("verify does not list %s, which the server names", named)
			}
			want, _, _ := strings.Cut(p.name, "/")
			if got := causesOf(v); got != want {
				t.Errorf("verify says %s, want %s; the server says %q\n%+v", got, want, said, v.Causes)
			}
			for _, m := range v.Mismatched {
				if !strings.Contains(want, m.Cause) {
					t.Errorf("%s is counted under %s", m.Package, m.Cause)
				}
			}
			if p.name == "flags/cgo_disabled" {
				return // no snapshot of a server that loads nothing
			}
			snapshot := m.snapshot(t, server)
			s := m.verify(t, snapshot, plugin)
			for i := range s.Causes {
				s.Causes[i].Fix = strings.ReplaceAll(s.Causes[i].Fix, snapshot, server)
			}
			if d := cmp.Diff(v, s); d != "" {
				t.Errorf("with the snapshot (-program +snapshot):\n%s", d)
			}
		})
	}
}

// causesOf joins the causes in the order of the report.
func causesOf(v report.Verified) string {
	var causes []string
	for _, c := range v.Causes {
		causes = append(causes, c.Cause)
	}
	if len(causes) == 0 {
		return "loads"
	}
	return strings.Join(causes, "+")
}

// namedPackage returns the package that the loader names (runtime/plugin.go).
func namedPackage(said string) string {
	m := regexp.MustCompile(`plugin was built with a different version of package (\S+)`).FindStringSubmatch(said)
	if m == nil {
		return ""
	}
	return m[1]
}

// A matrix builds each recipe once.
type matrix struct {
	dir string
	src *txtar.Archive
	env []string

	mu    sync.Mutex
	built map[string]func() (string, error)
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the pairs are for linux/amd64")
	}
	src, err := txtar.ParseFile(filepath.Join("..", "..", "testdata", "matrix", "sources.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	m := &matrix{dir: t.TempDir(), src: src, built: map[string]func() (string, error){}}
	m.write(t, filepath.Join(m.dir, "proxy"), "proxy")
	srv := goproxytest.NewTestServer(t, filepath.Join(m.dir, "proxy"), "")
	t.Cleanup(srv.Close)
	toolchains = t.TempDir() // TestScript sets its own
	profile, err := cpuProfile()
	if err != nil {
		t.Fatal(err)
	}
	put(t, m.profileName(), string(profile))
	m.env = append(os.Environ(), "GOPROXY="+srv.URL, "GOSUMDB=off", "GONOPROXY=none", "GOPRIVATE=", "GOFLAGS=-modcacherw", "GOENV=off", "GOWORK=off", "CGO_ENABLED=1",
		"PATH="+toolchains+string(os.PathListSeparator)+os.Getenv("PATH"), "GOMODCACHE="+filepath.Join(m.dir, "cache"))
	return m
}

// write writes what is below name in the sources to dir.
func (m *matrix) write(t *testing.T, dir, name string) {
	t.Helper()
	for _, f := range m.src.Files {
		if rel, ok := strings.CutPrefix(f.Name, name+"/"); ok {
			put(t, filepath.Join(dir, rel), string(f.Data))
		}
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// cpuProfile is a profile that changes packages of the standard library. It is a file,
// so that what was built with it is found in the build cache.
func cpuProfile() ([]byte, error) {
	return os.ReadFile(filepath.Join("..", "..", "testdata", "matrix", "default.pgo"))
}

func (m *matrix) profileName() string { return filepath.Join(m.dir, "pgo", "default.pgo") }

// build returns the file that a recipe gives.
func (m *matrix) build(t *testing.T, r recipe) string {
	t.Helper()
	key, err := json.Marshal([]any{r.dir, r.mod, r.go_, r.flags, r.env, r.untrimmed, r.vendor, r.edit, r.files, r.work, r.cache, r.fileName, r.install})
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	once, ok := m.built[string(key)]
	if !ok {
		dir, err := os.MkdirTemp(m.dir, r.dir)
		if err != nil {
			t.Fatal(err)
		}
		once = sync.OnceValues(func() (string, error) { return m.make(t, r, dir) })
		m.built[string(key)] = once
	}
	m.mu.Unlock()
	file, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (m *matrix) make(t *testing.T, r recipe, dir string) (string, error) {
	src, out := filepath.Join(dir, r.dir), filepath.Join(dir, "out.so")
	if r.install {
		r.env = append(slices.Clone(r.env), "GOBIN="+dir)
		if err := m.run(r, dir, "install", "-trimpath", "example.com/server@v1.2.0"); err != nil {
			return "", err
		}
		return filepath.Join(dir, "server"), nil
	}
	m.write(t, src, r.dir)
	put(t, filepath.Join(src, "go.mod"), r.goMod())
	if r.work != "" {
		m.write(t, filepath.Join(dir, r.work), r.work)
		put(t, filepath.Join(dir, r.work, "go.mod"), recipe{dir: r.work}.goMod())
		put(t, filepath.Join(dir, "go.work"), "go 1.20\n\nuse (\n\t./"+r.dir+"\n\t./"+r.work+"\n)\n")
	}
	for name, text := range r.files {
		if text == "PROFILE" {
			data, err := os.ReadFile(m.profileName())
			if err != nil {
				return "", err
			}
			text = string(data)
		}
		put(t, filepath.Join(src, name), text)
	}
	tidy := src
	if r.work != "" {
		tidy = filepath.Join(dir, r.work) // the other one has no version to ask for
	}
	if err := m.run(r, tidy, "mod", "tidy"); err != nil {
		return "", err
	}
	if r.vendor {
		if err := m.run(r, src, "mod", "vendor"); err != nil {
			return "", err
		}
	}
	if name, text, ok := strings.Cut(r.edit, ": "); ok {
		name = filepath.Join(src, "vendor", name)
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		put(t, name, string(data)+"\n"+text+"\n")
	}
	args := []string{"-buildvcs=false"}
	if r.dir != "server" {
		args = append(args, "-buildmode=plugin")
	}
	if !r.untrimmed {
		args = append(args, "-trimpath")
	}
	if r.flags != "" {
		f := strings.ReplaceAll(r.flags, "PROFILE", m.profileName())
		args = append(args, splitFlags(f)...)
	}
	what := "."
	if r.fileName {
		what = "main.go"
	}
	args = append(args, what)
	if r.dir != "server" {
		listed, err := m.output(r, src, append([]string{"list", "-export", "-deps", "-f", archives}, args...)...)
		if err != nil {
			return "", err
		}
		put(t, out+".archives", string(listed))
	}
	return out, m.run(r, src, append([]string{"build", "-o", out}, args...)...)
}

// splitFlags splits at "|" before a dash that begins a flag of go build; inside
// -gcflags and -ldflags it is a blank.
func splitFlags(f string) []string {
	if strings.HasPrefix(f, "-gcflags") || strings.HasPrefix(f, "-ldflags") {
		return []string{strings.ReplaceAll(f, "|", " ")}
	}
	return strings.Split(f, "|")
}

// goMod requires the modules of the sources at v1.0.0, unless r.mod says other.
func (r recipe) goMod() string {
	text := "module example.com/" + r.dir + "\n\ngo 1.20\n\n" + r.mod + "\n"
	for _, name := range needs[r.dir] {
		if !strings.Contains(r.mod, "require example.com/"+name+" ") {
			text += "require example.com/" + name + " v1.0.0\n"
		}
	}
	return text
}

var needs = map[string][]string{
	"server": {"a", "b", "cg", "t"},
	"plugin": {"a", "b"},
	"tagged": {"cg", "only", "t"},
	"wants":  {"a", "d"},
}

func (m *matrix) run(r recipe, dir string, args ...string) error {
	_, err := m.output(r, dir, args...)
	return err
}

func (m *matrix) output(r recipe, dir string, args ...string) ([]byte, error) {
	version := r.go_
	if version == "" {
		version = "local"
	} else if err := toolchain(version); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(slices.Clone(m.env), "PWD="+dir, "GOTOOLCHAIN="+version)
	cmd.Env = append(cmd.Env, r.env...)
	if r.work != "" && args[0] != "mod" {
		cmd.Env = append(cmd.Env, "GOWORK="+filepath.Join(filepath.Dir(dir), "go.work"))
	}
	if r.cache {
		cmd.Env = append(cmd.Env, "GOMODCACHE="+filepath.Join(m.dir, "other"))
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New(strings.Join(cmd.Args, " ") + ": " + err.Error() + "\n" + string(out) + stderr.String())
	}
	return out, nil
}

// compiled holds what the word shares of the scripts takes for granted: the archives
// of a plugin carry the fingerprints that the linked plugin has, and they are all
// the server's exactly where the server loads it.
func (m *matrix) compiled(t *testing.T, server, plugin string, loads bool) {
	t.Helper()
	listed, err := os.ReadFile(plugin + ".archives")
	if err != nil {
		t.Fatal(err)
	}
	have, err := archiveFingerprints(string(listed))
	if err != nil {
		t.Fatal(err)
	}
	linked, err := pkghash.ReadFile(plugin)
	if err != nil {
		t.Fatal(err)
	}
	if n, differ := compareFingerprints(have, linked); n < 10 || len(differ) > 0 {
		t.Errorf("of %d archives those of %q have other fingerprints than the linked plugin", n, differ)
	}
	s, err := target.Read(t.Context(), server, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Packages) == 0 {
		return // a server that loads nothing
	}
	if _, differ := compareFingerprints(have, s.Packages); (len(differ) == 0) != loads {
		t.Errorf("the server loads the plugin: %v, and the archives that differ are %q", loads, differ)
	}
}

// load returns what the server says, and whether it has loaded the plugin.
func (m *matrix) load(server, plugin string) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, server, plugin)
	cmd.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0")
	out, err := cmd.CombinedOutput()
	said := string(out)
	if len(said) > 1000 {
		said = said[:500] + "…" + said[len(said)-500:] // a crash names its cause first
	}
	return said, err == nil && strings.Contains(said, "\nloaded")
}

// verify runs pinfix verify, with the exit code that belongs to the verdict.
func (m *matrix) verify(t *testing.T, server, plugin string) report.Verified {
	t.Helper()
	var stdout, stderr strings.Builder
	env := []string{"GOMODCACHE=" + filepath.Join(m.dir, "cache")}
	code := run(t.Context(), env, nil, &stdout, &stderr, []string{"pinfix", "verify", "-C", m.dir, "-s", server, "--format", "json", plugin})
	var v report.Verify
	if err := json.Unmarshal([]byte(stdout.String()), &v); err != nil {
		t.Fatalf("pinfix verify exits %d: %s", code, stderr.String())
	}
	if want := map[bool]int{true: exitOK, false: exitDiffers}[v.Plugins[0].Loads]; code != want {
		t.Errorf("pinfix verify exits %d, want %d", code, want)
	}
	return v.Plugins[0]
}

// snapshot returns the snapshot of a server, and checks that its bytes are
// stable.
func (m *matrix) snapshot(t *testing.T, server string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "server.buildinfo")
	var first []byte
	for range 2 {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), nil, nil, &stdout, &stderr, []string{"pinfix", "snapshot", "-s", server, "-o", "-"}); code != exitOK {
			t.Fatalf("pinfix snapshot exits %d: %s", code, stderr.String())
		}
		if first != nil && !bytes.Equal(first, stdout.Bytes()) {
			t.Error("two snapshots of one server differ")
		}
		first = stdout.Bytes()
	}
	put(t, name, string(first))
	return name
}
