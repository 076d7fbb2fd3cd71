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
// which must not be above 1.2.
func BenchmarkGraph(b *testing.B) {
	for _, bb := range []struct {
		name, goLine string
		children     int // of each module
	}{
		{"unpruned", "1.16", 5},
		{"pruned", "1.20", graphSize},
	} {
		b.Run(bb.name, func(b *testing.B) {
			proxy := slowProxy(bb.goLine, bb.children)
			defer proxy.Close()
			dir := b.TempDir()
			var mod strings.Builder
			fmt.Fprintf(&mod, "module example.com/plugin\n\ngo %s\n\nrequire (\n", bb.goLine)
			for i := range min(bb.children, graphSize) {
				fmt.Fprintf(&mod, "\texample.com/m%d v1.0.0\n", i)
			}
			mod.WriteString(")\n")
			if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod.String()), 0o666); err != nil {
				b.Fatal(err)
			}
			user, err := pinner.ParseMod("go.mod", []byte(mod.String()))
			if err != nil {
				b.Fatal(err)
			}
			var own, theirs time.Duration
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
				start = time.Now()
				st, err := stage.New(stage.Config{Go: gocmd.New(gocmd.Config{Dir: dir, Environ: env}), Cache: cache, Mod: user})
				if err != nil {
					b.Fatal(err)
				}
				g, err := pinner.LoadGraph(user, st.ModFiles(b.Context()))
				if err != nil {
					b.Fatal(err)
				}
				own += time.Since(start)
				if err := st.Close(); err != nil {
					b.Fatal(err)
				}
				for i := range graphSize {
					m := fmt.Sprintf("example.com/m%d", i)
					if g.Selected(m) != "v1.0.0" || !strings.Contains(string(out), m+"@v1.0.0") {
						b.Fatalf("%s is not in the graph", m)
					}
				}
			}
			ratio := float64(own) / float64(theirs)
			b.ReportMetric(ratio, "graph/go")
			if ratio > 1.2 {
				b.Errorf("%v, go mod graph %v: %.2f times as long", own, theirs, ratio)
			}
		})
	}
}

// slowProxy serves example.com/m0 to m299 at v1.0.0: a tree, in which each module
// requires as many others as children says.
func slowProxy(goLine string, children int) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(20 * time.Millisecond)
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/example.com/m%d/@v/v1.0.0.mod", &n); err != nil || !strings.HasSuffix(r.URL.Path, ".mod") {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, "module example.com/m%d\n\ngo %s\n", n, goLine)
		for i := (n + 1) * children; i < min((n+2)*children, graphSize); i++ {
			fmt.Fprintf(w, "\nrequire example.com/m%d v1.0.0\n", i)
		}
	}))
}
