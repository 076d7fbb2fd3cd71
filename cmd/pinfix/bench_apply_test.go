package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/go/packages"
)

// BenchmarkApply compares pinfix apply, as a process, with the same work by hand, in one run
// and in turn. The plugins, all against Nakama 3.26.0:
//
//	template    testdata/template: vendored, two modules that move
//	27-modules  testdata/bench: 27 modules, 13 of which move
//	heavy       testdata/real/firebase: three modules do not compile at first
//
// By hand that is go mod tidy and go mod vendor, with the go.mod and the imports that pinfix
// makes, and for heavy also one type-check of all that the plugin links, with the export
// data of the standard library. Of template and 27-modules both a server whose packages
// are known (as of a program, an image or a snapshot) and one of which nothing is known but
// go version -m are measured. The ways are
//
//	empty   the plugin was never pinned, and pinfix has nothing in its own cache
//	kept    the same, and pinfix has kept what it has found in such a run
//	keep    as kept, with --conflicts keep
//	edited  as kept, after a line of the plugin was changed: each run has a new one
//	again   the plugin is pinned already
//
// The go command's own caches are warm, and are the benchmark's own but for the module
// cache. It reports, the median of the runs,
//
//	WAY/go       processor time of pinfix and all that it starts, over that by hand
//	WAY/go-wall  the same of the wall time
func BenchmarkApply(b *testing.B) {
	for _, bb := range []struct {
		name, server string
		plugin       func(testing.TB, []string) string
		ways         []string
		rounds       int
		check        bool
	}{
		{"template", "known", templatePlugin, []string{"empty", "kept", "keep", "edited", "again"}, 3, false},
		{"template", "go-version-m", templatePlugin, []string{"empty", "kept", "keep", "edited", "again"}, 3, false},
		{"27-modules", "known", copyOf("bench"), []string{"empty", "kept", "again"}, 1, false},
		{"27-modules", "go-version-m", copyOf("bench"), []string{"empty", "kept", "again"}, 1, false},
		{"heavy", "go-version-m", copyOf("real/firebase"), []string{"empty", "kept", "again"}, 1, true},
	} {
		b.Run(bb.name+"/server="+bb.server+"/go-caches=warm", func(b *testing.B) {
			if bb.check && os.Getenv("PINFIX_REAL") == "" {
				b.Skip("it needs hundreds of modules from the network: make bench")
			}
			w := newApplyBench(b, bb.plugin, bb.server == "known")
			w.check = bb.check
			ours, theirs := map[string][]cost{}, map[string][]cost{}
			n := 0
			for b.Loop() {
				for range bb.rounds {
					n++
					for _, way := range bb.ways {
						ours[way] = append(ours[way], w.apply(b, way, n))
						theirs[way] = append(theirs[way], w.hand(b, way))
					}
				}
			}
			for way := range ours {
				our, their := medianCost(ours[way]), medianCost(theirs[way])
				b.ReportMetric(float64(our.cpu)/float64(their.cpu), way+"/go")
				b.ReportMetric(float64(our.wall)/float64(their.wall), way+"/go-wall")
				b.ReportMetric(float64(our.cpu.Milliseconds()), way+"-ms")
			}
			b.ReportMetric(0, "ns/op") // of all ways together: it says nothing
		})
	}
}

// copyOf copies a plugin of testdata.
func copyOf(name string) func(testing.TB, []string) string {
	return func(tb testing.TB, _ []string) string {
		return copyTree(tb, filepath.Join("..", "..", "testdata", name))
	}
}

// An applyBench is a plugin, a server for it, and caches of its own.
type applyBench struct {
	*templateBench
	byHand string // go.mod and imports of pinned, vendor/ of plugin
	check  bool   // a type-check is part of the work by hand
}

func newApplyBench(b *testing.B, plugin func(testing.TB, []string) string, known bool) *applyBench {
	w := &applyBench{templateBench: newBench(b, plugin)}
	w.environ = append(w.environ, "GOCACHE="+filepath.Join(b.TempDir(), "go-build"))
	if known {
		w.server, _ = writeServers(b, b.TempDir())
	}
	benchPinfix(b, w.pinfix)
	w.pinned = copyTree(b, w.plugin)
	w.applyTo(b, w.pinned)
	w.byHand = copyTree(b, w.pinned)
	vendor := filepath.Join(w.byHand, "vendor")
	if err := os.RemoveAll(vendor); err != nil {
		b.Fatal(err)
	}
	if err := os.CopyFS(vendor, os.DirFS(filepath.Join(w.plugin, "vendor"))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.Fatal(err)
	}
	w.hand(b, "kept") // it fills the go command's cache
	return w
}

// apply runs pinfix apply, for the nth time.
func (w *applyBench) apply(b *testing.B, way string, n int) cost {
	from := w.plugin
	var args []string
	switch way {
	case "keep":
		args = []string{"--conflicts", "keep"}
	case "again":
		from = w.pinned
	}
	dir := copyTree(b, from)
	defer os.RemoveAll(dir)
	switch way {
	case "edited":
		appendTo(b, filepath.Join(dir, "rewards.go"), fmt.Sprintf("\nvar run = %d\n", n))
	case "empty":
		if err := os.RemoveAll(w.cache); err != nil {
			b.Fatal(err)
		}
	}
	return w.applyTo(b, dir, args...)
}

// hand does the same work without pinfix.
func (w *applyBench) hand(b *testing.B, way string) cost {
	from := w.byHand
	if way == "again" {
		from = w.pinned
	}
	dir := copyTree(b, from)
	defer os.RemoveAll(dir)
	c := w.goMods(b, dir)
	if w.check {
		t := typeCheck(b, dir, w.environ)
		c.cpu, c.wall = c.cpu+t.cpu, c.wall+t.wall
	}
	return c
}

// typeCheck type-checks the plugin and all that it links from source, with the export data
// of the standard library, and says what that takes.
func typeCheck(b *testing.B, dir string, env []string) cost {
	b.Helper()
	list := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	list.Dir, list.Env = dir, env
	out, err := list.Output()
	if err != nil {
		b.Fatal(err)
	}
	start, before := time.Now(), processorTime(b)
	roots, err := packages.Load(&packages.Config{
		Dir: dir, Env: env,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedTypesSizes,
	}, strings.Fields(string(out))...)
	if err != nil {
		b.Fatal(err)
	}
	took := cost{processorTime(b) - before, time.Since(start)}
	if i := slices.IndexFunc(roots, func(p *packages.Package) bool { return len(p.Errors) > 0 || len(p.Syntax) == 0 }); i >= 0 || len(roots) < 500 {
		b.Fatalf("%d packages; %v", len(roots), roots[max(i, 0)].Errors)
	}
	return took
}

// processorTime is that of this process and of those that it has waited for.
func processorTime(b *testing.B) time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}
