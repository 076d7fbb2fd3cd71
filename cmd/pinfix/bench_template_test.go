package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

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
	cache          string // pinfix's own
	environ        []string
}

// newTemplate makes all but pinned and the program pinfix.
func newTemplate(tb testing.TB) *templateBench { return newBench(tb, templatePlugin) }

// newBench is newTemplate with another plugin.
func newBench(tb testing.TB, plugin func(testing.TB, []string) string) *templateBench {
	tb.Helper()
	dir := tb.TempDir()
	w := &templateBench{pinfix: filepath.Join(dir, "pinfix"), cache: filepath.Join(dir, "cache", "pinfix")}
	var err error
	if w.server, err = filepath.Abs("../../testdata/servers/nakama-3.26.0.buildinfo"); err != nil {
		tb.Fatal(err)
	}
	w.environ = benchEnviron(tb, "GOTOOLCHAIN=go1.23.5", "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=1", "XDG_CACHE_HOME="+filepath.Dir(w.cache))
	w.plugin = plugin(tb, w.environ)
	return w
}

// benchEnviron is the user's environment, in which pinfix keeps nothing from one run to the
// next unless more says where, and the go command what it does.
func benchEnviron(tb testing.TB, more ...string) []string {
	tb.Helper()
	goCache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		tb.Fatal(err)
	}
	return append(append(os.Environ(), "GOCACHE="+strings.TrimSpace(string(goCache)), "XDG_CACHE_HOME=none"), more...)
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

// median is not moved by what else the machine does now and then.
func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}
