package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/goproxytest"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// BenchmarkHopeless applies to a plugin of 200 packages that no version of anything makes
// compile: a directory that replaces a module calls what the server's version of another
// has changed, and the 20 modules around it have four versions each that could be tried.
// It reports
//
//	reason/check  wall time until pinfix says so, over that of one listing of the plugin
//	              with one type-check of all that it links
//	rounds        of the solver
//
// The first must not be above 1.5.
func BenchmarkHopeless(b *testing.B) {
	work := b.TempDir()
	dir, server := hopelessPlugin(b, work)
	proxy, err := goproxytest.NewServer(filepath.Join(work, "proxy"), "")
	if err != nil {
		b.Fatal(err)
	}
	defer proxy.Close()
	env := benchEnviron(b, "GOPROXY="+proxy.URL, "GOMODCACHE="+filepath.Join(work, "cache"), "GOSUMDB=off", "GOFLAGS=-modcacherw", "GOWORK=off")
	tidy := exec.CommandContext(b.Context(), "go", "mod", "tidy")
	tidy.Dir, tidy.Env = dir, env
	if out, err := tidy.CombinedOutput(); err != nil {
		b.Fatalf("go mod tidy: %v\n%s", err, out)
	}
	var reason, check time.Duration
	rounds := 0
	for b.Loop() {
		var stdout, stderr strings.Builder
		start := time.Now()
		code := run(context.Background(), env, nil, &stdout, &stderr, []string{"pinfix", "apply", "-v", "-C", dir, "-s", server})
		reason += time.Since(start)
		if code != exitTrouble || !strings.Contains(stderr.String(), "fm/fm.go:31: not enough arguments in call to shared.Get") {
			b.Fatalf("pinfix apply exits %d\n%s", code, stderr.String())
		}
		rounds = strings.Count(stderr.String(), "\nround ")
		start = time.Now()
		checkAll(b, dir, env)
		check += time.Since(start)
	}
	ratio := float64(reason) / float64(check)
	b.ReportMetric(ratio, "reason/check")
	b.ReportMetric(float64(rounds), "rounds")
	if ratio > 1.5 || rounds > 3 {
		b.Errorf("%d rounds, %.2f of a type-check", rounds, ratio)
	}
}

// checkAll lists the plugin and type-checks all that it links, bodies too.
func checkAll(b *testing.B, dir string, env []string) {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		b.Fatal(err)
	}
	mod, err := pinner.ParseMod("go.mod", data)
	if err != nil {
		b.Fatal(err)
	}
	st, err := stage.New(stage.Config{Go: gocmd.New(gocmd.Config{Dir: dir, Environ: env}), Mod: mod})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	l, err := st.List(b.Context(), mod, nil, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	graph := map[string]*typecheck.Package{}
	for path, p := range l.Packages {
		graph[path] = &typecheck.Package{Path: path, Dir: p.Dir, Files: p.Files(), Go: "1.22", Imports: p.Imports, Bodies: true}
	}
	for path, p := range l.Standard {
		graph[path] = &typecheck.Package{Path: path, Dir: p.Dir, Files: p.Files(), Cgo: len(p.CgoFiles) > 0, Imports: p.Imports, Map: p.ImportMap}
	}
	faults, err := typecheck.New(runtime.GOARCH).Check(b.Context(), graph, nil)
	if err != nil || len(faults) > 0 || len(l.Packages) < 200 {
		b.Fatal(len(l.Packages), faults, err)
	}
}

// hopelessPlugin writes the plugin, the modules of its proxy, and the server's build info.
func hopelessPlugin(b *testing.B, work string) (dir, server string) {
	dir = filepath.Join(work, "plugin")
	write := func(name, text string) {
		name = filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	module := func(path, version string, requires []string, files string) {
		mod := "module " + path + "\n\ngo 1.22\n\n"
		for _, r := range requires {
			mod += "require " + r + "\n"
		}
		write(fmt.Sprintf("proxy/%s_%s.txtar", strings.ReplaceAll(path, "/", "_"), version),
			fmt.Sprintf("-- .mod --\n%s-- .info --\n{\"Version\":%q}\n-- go.mod --\n%s%s", mod, version, mod, files))
	}
	module("example.com/shared", "v1.0.0", nil, "-- shared.go --\npackage shared\n\nfunc Get(ids []string) string { return \"\" }\n")
	module("example.com/shared", "v1.1.0", nil, "-- shared.go --\npackage shared\n\nfunc Get(ids []string, more int) string { return \"\" }\n")
	const modules, packages = 20, 10
	var requires, imports string
	for m := range modules {
		path := fmt.Sprintf("example.com/m%d", m)
		var files strings.Builder
		for p := range packages {
			fmt.Fprintf(&files, "-- p%d/p.go --\n%s", p, hopelessPackage(path, p))
			imports += fmt.Sprintf("\t_ \"%s/p%d\"\n", path, p)
		}
		for v := range 4 {
			module(path, fmt.Sprintf("v1.%d.0", v), []string{"example.com/shared v1.0.0"}, files.String())
		}
		requires += fmt.Sprintf("\t%s v1.3.0\n", path)
	}
	write("plugin/go.mod", "module example.com/plugin\n\ngo 1.22\n\nrequire (\n\texample.com/fm v0.0.0\n\texample.com/shared v1.0.0\n"+requires+")\n\nreplace example.com/fm => ./fm\n")
	write("plugin/main.go", "package main\n\nimport (\n\t\"example.com/fm\"\n"+imports+")\n\nfunc Hello() string { return fm.Do() }\n\nfunc main() {}\n")
	write("plugin/fm/go.mod", "module example.com/fm\n\ngo 1.22\n\nrequire example.com/shared v1.0.0\n")
	write("plugin/fm/fm.go", "package fm\n\nimport \"example.com/shared\"\n"+strings.Repeat("\n", 26)+"func Do() string {\n\treturn shared.Get(nil)\n}\n")
	server = filepath.Join(work, "server.txt")
	write("server.txt", fmt.Sprintf("server: %s\n\tpath\texample.com/server\n\tmod\texample.com/server\t(devel)\t\n\tdep\texample.com/shared\tv1.1.0\t\n\tbuild\t-trimpath=true\n\tbuild\tCGO_ENABLED=1\n\tbuild\tGOARCH=%s\n\tbuild\tGOOS=%s\n", runtime.Version(), runtime.GOARCH, runtime.GOOS))
	return dir, server
}

// hopelessPackage is about as large as packages are, and imports the shared module and the
// package before it.
func hopelessPackage(path string, p int) string {
	var s strings.Builder
	fmt.Fprintf(&s, "package p%d\n\nimport (\n\t\"encoding/json\"\n\t\"fmt\"\n\t\"net/http\"\n\t\"strings\"\n\n\t\"example.com/shared\"\n", p)
	if p > 0 {
		fmt.Fprintf(&s, "\tbefore \"%s/p%d\"\n", path, p-1)
	}
	s.WriteString(")\n\nvar Name = fmt.Sprint(shared.Get != nil)\n")
	if p > 0 {
		s.WriteString("\nvar Before = before.Name\n")
	}
	for i := range 60 {
		fmt.Fprintf(&s, `
type T%[1]d struct {
	Name string
	Next map[string][]*T%[1]d
}

func (t *T%[1]d) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for key, list := range t.Next {
		for i, next := range list {
			if strings.HasPrefix(key, next.Name) && i > %[1]d {
				if err := json.NewEncoder(w).Encode(next); err != nil {
					http.Error(w, fmt.Sprintf("%%s: %%v", key, err), http.StatusInternalServerError)
					return
				}
			}
		}
	}
}
`, i)
	}
	return s.String()
}
