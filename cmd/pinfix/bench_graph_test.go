package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// graphSize is how many go.mod files the graphs of BenchmarkGraph have.
const graphSize = 300

// BenchmarkGraph loads graphs of 300 go.mod files from a proxy on loopback that
// waits 20 ms before each answer, into an empty module cache, and reports
//
//	graph/go      its time over that of go mod graph for the same go.mod
//
// which must not be above 1.2, and how many go commands the graph took: one, whatever
// its depth. The last loads a second graph after that of the plugin
// as it is, as pins ask for it: other versions of all modules, which are pruned by
// themselves but not below a plugin that is not.
func BenchmarkGraph(b *testing.B) {
	for _, bb := range []struct {
		name, goLine, deps string
		children           int // of each module
		again              bool
	}{
		{"unpruned", "1.16", "1.16", 5, false},
		{"pruned", "1.20", "1.20", graphSize, false},
		{"pins", "1.16", "1.20", 3, true},
	} {
		b.Run(bb.name, func(b *testing.B) {
			proxy := slowProxy(bb.deps, bb.children)
			defer proxy.Close()
			dir := b.TempDir()
			user, as := requiring(b, bb.goLine, bb.children, "v1.0.0"), "v1.0.0"
			load := user
			if bb.again {
				as = "v1.1.0"
				load = requiring(b, bb.goLine, bb.children, as)
			}
			if err := os.WriteFile(filepath.Join(dir, "go.mod"), load.Text(), 0o666); err != nil {
				b.Fatal(err)
			}
			var own, theirs time.Duration
			calls := 0
			for b.Loop() {
				cache := b.TempDir()
				env := append(os.Environ(), "GOPROXY="+proxy.URL, "GOMODCACHE="+cache, "GOSUMDB=off", "GOFLAGS=-mod=mod -modcacherw", "GOWORK=off")
				start := time.Now()
				cmd := exec.CommandContext(b.Context(), "go", "mod", "graph")
				cmd.Dir, cmd.Env = dir, env
				out, err := cmd.Output()
				if err != nil {
					b.Fatal(err)
				}
				theirs += time.Since(start)

				if err := os.RemoveAll(cache); err != nil {
					b.Fatal(err)
				}
				goCmd := gocmd.New(gocmd.Config{Dir: dir, Environ: env})
				st, err := stage.New(stage.Config{Go: goCmd, Cache: cache, Mod: user})
				if err != nil {
					b.Fatal(err)
				}
				if bb.again {
					if _, err := pinner.LoadGraph(user, st.Fetch.ModFiles(b.Context())); err != nil {
						b.Fatal(err)
					}
				}
				calls = goCmd.Calls()
				start = time.Now()
				g, err := pinner.LoadGraph(load, st.Fetch.ModFiles(b.Context()))
				if err != nil {
					b.Fatal(err)
				}
				own += time.Since(start)
				calls = goCmd.Calls() - calls
				if err := st.Close(); err != nil {
					b.Fatal(err)
				}
				for i := range graphSize {
					m := fmt.Sprintf("example.com/m%d", i)
					if g.Selected(m) != as || !strings.Contains(string(out), m+"@"+as) {
						b.Fatalf("%s is not in the graph", m)
					}
				}
			}
			ratio := float64(own) / float64(theirs)
			b.ReportMetric(ratio, "graph/go")
			b.ReportMetric(float64(calls), "commands")
			if calls > 1 {
				b.Errorf("%d go commands", calls)
			}
			if ratio > 1.2 {
				b.Errorf("%v, go mod graph %v: %.2f times as long", own, theirs, ratio)
			}
		})
	}
}

// requiring returns a go.mod that requires the first modules of slowProxy.
func requiring(b *testing.B, goLine string, children int, version string) *pinner.Mod {
	var text strings.Builder
	fmt.Fprintf(&text, "module example.com/plugin\n\ngo %s\n\nrequire (\n", goLine)
	for i := range min(children, graphSize) {
		fmt.Fprintf(&text, "\texample.com/m%d %s\n", i, version)
	}
	text.WriteString(")\n")
	mod, err := pinner.ParseMod("go.mod", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	return mod
}

// slowProxy serves example.com/m0 to m299 at v1.0.0 and v1.1.0: a tree, in which each
// module requires as many others as children says, at its own version.
func slowProxy(goLine string, children int) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(20 * time.Millisecond)
		var n, minor int
		if _, err := fmt.Sscanf(r.URL.Path, "/example.com/m%d/@v/v1.%d.0.mod", &n, &minor); err != nil || !strings.HasSuffix(r.URL.Path, ".mod") {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, "module example.com/m%d\n\ngo %s\n", n, goLine)
		for i := (n + 1) * children; i < min((n+2)*children, graphSize); i++ {
			fmt.Fprintf(w, "\nrequire example.com/m%d v1.%d.0\n", i, minor)
		}
	}))
}
