package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkCheck runs pinfix check as a process on the plugin of
// testdata/bench, pinned, against servers of three kinds, and in the same run
// what people would otherwise put into a hook. It reports
//
//	program-ms          a server program of 60 MB
//	program/version-m   over go version -m on that program, the median of each
//	program-500MB-ms    the same program of 500 MB
//	snapshot-ms         a snapshot with 300 modules and 2,100 packages
//	help-ms             pinfix help: what starting costs
//	list-m-all-ms       go list -m all in the plugin
//	tidy-diff-ms        go mod tidy -diff in the plugin
//	graph-ms            check of a plugin that needs its import graph read
func BenchmarkCheck(b *testing.B) {
	w := newCheckBench(b)
	times := map[string][]time.Duration{}
	for b.Loop() {
		took := func(name string, cmd *exec.Cmd) {
			start := time.Now()
			// go mod tidy -diff exits 1 where it has something to say.
			if out, err := cmd.CombinedOutput(); err != nil && name != "tidy-diff-ms" {
				b.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
			}
			times[name] = append(times[name], time.Since(start))
		}
		for range 5 { // the ratio is the claim, and both are short
			took("program-ms", w.check(w.plain, w.program))
			took("version-m", w.versionM())
		}
		took("program-500MB-ms", w.check(w.plain, w.huge))
		took("snapshot-ms", w.check(w.pinned, w.snapshot))
		took("help-ms", exec.Command(w.pinfix, "help"))
		took("graph-ms", w.check(w.graph, w.graphServer))
		for name, args := range map[string][]string{"list-m-all-ms": {"list", "-m", "-mod=mod", "all"}, "tidy-diff-ms": {"mod", "tidy", "-diff"}} {
			cmd := exec.Command("go", args...)
			cmd.Dir, cmd.Env = w.pinned, append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=go1.23.5")
			took(name, cmd)
		}
	}
	for name, list := range times {
		if strings.HasSuffix(name, "-ms") {
			b.ReportMetric(float64(median(list).Microseconds())/1000, name)
		}
	}
	b.ReportMetric(float64(median(times["program-ms"]))/float64(median(times["version-m"])), "program/version-m")
}

// median is not moved by what else the machine does now and then.
func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// BenchmarkCheckWalk runs pinfix check ./... on a repository of 200 pinned
// plugins, each with a snapshot of its own, and reports its wall time.
func BenchmarkCheckWalk(b *testing.B) {
	w := newCheckBench(b)
	repo := b.TempDir()
	for i := range 200 {
		dir := filepath.Join(repo, fmt.Sprintf("plugins/p%03d", i))
		if err := os.CopyFS(dir, os.DirFS(w.pinned)); err != nil {
			b.Fatal(err)
		}
		copyFile(b, w.snapshot, filepath.Join(dir, "server.buildinfo"))
	}
	var wall time.Duration
	n := 0
	for b.Loop() {
		n++
		cmd := exec.Command(w.pinfix, "check", "-q", "./...")
		cmd.Dir = repo
		start := time.Now()
		out, err := cmd.CombinedOutput()
		wall += time.Since(start)
		if err != nil || string(out) != "200 of 200 plugins pinned\n" {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	b.ReportMetric(float64(wall.Microseconds())/1000/float64(n), "200-plugins-ms")
}

type checkBench struct {
	pinfix, program, huge, snapshot string
	gotool, goroot                  string
	pinned                          string // to the snapshot
	plain                           string // without modules: pinned to the program
	graph, graphServer              string
}

func newCheckBench(b *testing.B) *checkBench {
	dir := b.TempDir()
	w := &checkBench{pinfix: filepath.Join(dir, "pinfix"), gotool: filepath.Join(dir, "go"), huge: filepath.Join(dir, "huge"), snapshot: filepath.Join(dir, "server.buildinfo")}
	w.programs(b, dir)
	nakama, err := filepath.Abs("../../testdata/servers/nakama-3.26.0.buildinfo")
	if err != nil {
		b.Fatal(err)
	}
	w.program = bigServer(b, filepath.Join(dir, "s"))
	copyFile(b, w.program, w.huge)
	if err := os.Truncate(w.huge, 500<<20); err != nil {
		b.Fatal(err)
	}
	w.graph, w.graphServer = filepath.Join(dir, "graph"), nakama
	if err := os.CopyFS(w.graph, os.DirFS(filepath.Join("..", "..", "testdata", "bench"))); err != nil {
		b.Fatal(err)
	}
	applyTo(b, w.graph, nakama)
	w.pinned, w.plain = filepath.Join(dir, "pinned"), filepath.Join(dir, "plain")
	writePlugin(b, w.plain, "module example.com/plain\n\ngo 1.22\n", "package main\n\nfunc main() {}\n")
	w.plugin(b, nakama)
	return w
}

// programs makes w.pinfix and w.gotool as copies. How fast a program starts depends
// on how its file came into memory, by up to two milliseconds: the linker writes
// pages one by one, and so they stay until the file is read from the disk again.
// Both are to have come the same way, as an installed program does.
func (w *checkBench) programs(b *testing.B, dir string) {
	linked := filepath.Join(dir, "linked")
	benchPinfix(b, linked)
	copyFile(b, linked, w.pinfix)
	w.goTool(b)
}

// goTool makes w.gotool, the go command itself.
func (w *checkBench) goTool(b *testing.B) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Fatal(err)
	}
	w.goroot = strings.TrimSpace(string(out))
	copyFile(b, filepath.Join(w.goroot, "bin", "go"), w.gotool)
}

// versionM is go version -m, by the toolchain itself: no switch to another one.
func (w *checkBench) versionM() *exec.Cmd {
	cmd := exec.Command(w.gotool, "version", "-m", w.program)
	cmd.Env = append(os.Environ(), "GOROOT="+w.goroot, "GOTOOLCHAIN=local")
	return cmd
}

// plugin makes w.pinned, a plugin of zap and nakama-common, and w.snapshot, what
// it is pinned to with modules and packages of no one's besides.
func (w *checkBench) plugin(b *testing.B, nakama string) {
	writePlugin(b, w.pinned, "module example.com/hook\n\ngo 1.22\n\nrequire (\n\tgithub.com/heroiclabs/nakama-common v1.35.0\n\tgo.uber.org/zap v1.26.0\n)\n",
		"package main\n\nimport (\n\t_ \"github.com/heroiclabs/nakama-common/runtime\"\n\t_ \"go.uber.org/zap\"\n)\n\nfunc main() {}\n")
	applyTo(b, w.pinned, nakama)
	data, err := os.ReadFile(nakama)
	if err != nil {
		b.Fatal(err)
	}
	head, tail, _ := strings.Cut(string(data), "\tbuild\t")
	var s strings.Builder
	s.WriteString(head)
	for i := strings.Count(head, "\tdep\t"); i < 300; i++ {
		fmt.Fprintf(&s, "\tdep\texample.com/nobody/m%d\tv1.0.0\th1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", i)
	}
	s.WriteString("\tbuild\t" + tail)
	vendored, err := os.ReadFile(filepath.Join(w.pinned, "vendor", "modules.txt"))
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(vendored)) {
		if !strings.HasPrefix(line, "#") {
			fmt.Fprintf(&s, "pkg\t%s\t%016x\n", strings.TrimSpace(line), n)
			n++
		}
	}
	for ; n < 2100; n++ {
		fmt.Fprintf(&s, "pkg\texample.com/nobody/m%d/p\t%016x\n", n, n)
	}
	if err := os.WriteFile(w.snapshot, []byte(s.String()), 0o666); err != nil {
		b.Fatal(err)
	}
}

func writePlugin(b *testing.B, dir, mod, main string) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": mod, "main.go": main} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
}

func (w *checkBench) check(dir, server string) *exec.Cmd {
	return exec.Command(w.pinfix, "check", "-q", "-C", dir, "-s", server)
}
