package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkTemplate compares pinfix apply, as a process, with go mod tidy and go mod
// vendor by hand, in one run and in turn: testdata/template, the vendored plugin with two
// modules that move, against Nakama 3.26.0. The ways are
//
//	first       the plugin was never pinned to this server, the caches are warm
//	keep        the same with --conflicts keep
//	edited      as first, after a line of the plugin was changed: each run has a new one
//	empty       as first, and pinfix has nothing in its own cache
//	again       the plugin is pinned already
//
// By hand, go.mod and the imports are those that pinfix makes. It reports, the median of
// the runs,
//
//	NAME/go       processor time of pinfix and what it starts, over that of the two commands
//	NAME/go-wall  the same of the wall time
func BenchmarkTemplate(b *testing.B) {
	w := newTemplateBench(b)
	w.applyTo(b, copyTree(b, w.plugin)) // what the go command keeps
	ours, theirs := map[string][]cost{}, map[string][]cost{}
	for n := 0; b.Loop(); n++ {
		for _, way := range []string{"first", "keep", "edited", "empty", "again"} {
			from, vendored := w.plugin, w.byHand
			var args []string
			switch way {
			case "keep":
				args = []string{"--conflicts", "keep"}
			case "again":
				from, vendored = w.pinned, w.pinned
			}
			dir := copyTree(b, from)
			switch way {
			case "edited":
				appendTo(b, filepath.Join(dir, "rewards.go"), fmt.Sprintf("\nvar run = %d\n", n))
			case "empty":
				if err := os.RemoveAll(w.cache); err != nil {
					b.Fatal(err)
				}
			}
			ours[way] = append(ours[way], w.applyTo(b, dir, args...))
			theirs[way] = append(theirs[way], w.goMods(b, copyTree(b, vendored)))
		}
	}
	reportRatios(b, ours, theirs)
}

// reportRatios reports what ours costs over what theirs does, both by the name of a way.
func reportRatios(b *testing.B, ours, theirs map[string][]cost) {
	for way := range ours {
		our, their := medianCost(ours[way]), medianCost(theirs[way])
		b.ReportMetric(float64(our.cpu)/float64(their.cpu), way+"/go")
		b.ReportMetric(float64(our.wall)/float64(their.wall), way+"/go-wall")
		b.ReportMetric(float64(our.cpu.Milliseconds()), way+"-ms")
	}
}

// A cost is what a process takes, with all that it starts and waits for.
type cost struct{ cpu, wall time.Duration }

func medianCost(list []cost) cost {
	var cpu, wall []time.Duration
	for _, c := range list {
		cpu, wall = append(cpu, c.cpu), append(wall, c.wall)
	}
	return cost{median(cpu), median(wall)}
}

// costOf runs cmd, which must exit 0.
func costOf(tb testing.TB, cmd *exec.Cmd) cost {
	tb.Helper()
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(start)}
}

// A templateBench is the plugin of testdata/template and a server for it.
type templateBench struct {
	pinfix, server string
	plugin         string // as its author has it, vendored
	pinned         string // after apply
	byHand         string // go.mod and imports of pinned, vendor/ of plugin
	cache          string // pinfix's own
	environ        []string
}

// newTemplate makes all but pinned, byHand and the program pinfix.
func newTemplate(tb testing.TB) *templateBench {
	tb.Helper()
	dir := tb.TempDir()
	w := &templateBench{pinfix: filepath.Join(dir, "pinfix"), cache: filepath.Join(dir, "cache", "pinfix")}
	var err error
	if w.server, err = filepath.Abs("../../testdata/servers/nakama-3.26.0.buildinfo"); err != nil {
		tb.Fatal(err)
	}
	goCache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		tb.Fatal(err)
	}
	w.environ = append(os.Environ(), "GOTOOLCHAIN=go1.23.5", "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=1",
		"GOCACHE="+strings.TrimSpace(string(goCache)), "XDG_CACHE_HOME="+filepath.Dir(w.cache))
	w.plugin = templatePlugin(tb, w.environ)
	return w
}

func newTemplateBench(b *testing.B) *templateBench {
	w := newTemplate(b)
	benchPinfix(b, w.pinfix)
	w.pinned = copyTree(b, w.plugin)
	w.applyTo(b, w.pinned)
	w.byHand = copyTree(b, w.pinned)
	if err := os.RemoveAll(filepath.Join(w.byHand, "vendor")); err != nil {
		b.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(w.byHand, "vendor"), os.DirFS(filepath.Join(w.plugin, "vendor"))); err != nil {
		b.Fatal(err)
	}
	return w
}

// templatePlugin copies the plugin of testdata/template and vendors it.
func templatePlugin(tb testing.TB, environ []string) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "template")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "testdata", "template"))); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command("go", "mod", "vendor")
	cmd.Dir, cmd.Env = dir, environ
	costOf(tb, cmd)
	return dir
}

// applyTo runs pinfix apply.
func (w *templateBench) applyTo(tb testing.TB, dir string, args ...string) cost {
	tb.Helper()
	cmd := exec.Command(w.pinfix, append([]string{"apply", "-q", "-C", dir, "-s", w.server}, args...)...)
	cmd.Env = w.environ
	return costOf(tb, cmd)
}

// goMods runs go mod tidy and go mod vendor.
func (w *templateBench) goMods(tb testing.TB, dir string) cost {
	tb.Helper()
	var sum cost
	for _, verb := range []string{"tidy", "vendor"} {
		cmd := exec.Command("go", "mod", verb)
		cmd.Dir, cmd.Env = dir, w.environ
		c := costOf(tb, cmd)
		sum.cpu, sum.wall = sum.cpu+c.cpu, sum.wall+c.wall
	}
	return sum
}

func appendTo(tb testing.TB, name, text string) {
	tb.Helper()
	data, err := os.ReadFile(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.WriteFile(name, append(data, text...), 0o666)
	}
	if err != nil {
		tb.Fatal(err)
	}
}
