package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	xmodule "golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// BenchmarkScale runs pinfix as a process on what is ten and more times larger than what
// people have, and reports for each the processor time, and the peak memory (an upper
// bound, see copyFile):
//
//	check-modules=N    check of a plugin with N modules, all linked in both and vendored
//	check-files=N      check of a plugin with N Go files of its own
//	check-plugins=N    check ./... of N plugins
//	server/check=N     check against a program of N MB
//	server/verify=N    verify with it
//	graph-modules=N    load a graph of N go.mod files and plan with it, in this process
//
// What earlier runs have kept is not used. docs/figures.md has the table.
func BenchmarkScale(b *testing.B) {
	pinfix := filepath.Join(b.TempDir(), "pinfix")
	benchPinfix(b, pinfix)
	measure := func(b *testing.B, code int, env []string, args ...string) {
		var all []cost
		var peak int64
		for b.Loop() {
			cmd := exec.Command(pinfix, args...)
			cmd.Env = benchEnviron(b, env...)
			out, _ := cmd.CombinedOutput()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
				b.Fatalf("%q: %v\n%s", args, cmd.ProcessState, out)
			}
			all = append(all, cost{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()})
			peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		}
		b.ReportMetric(float64(medianCost(all).cpu.Microseconds())/1000, "cpu-ms")
		b.ReportMetric(float64(peak)/1024, "MiB")
	}
	check := func(b *testing.B, s scale) {
		dir := b.TempDir()
		s.write(b, dir)
		measure(b, exitOK, []string{"GOMODCACHE=" + filepath.Join(dir, "cache")}, "check", "-q", "-C", filepath.Join(dir, "plugin"), "-s", filepath.Join(dir, "server.buildinfo"))
	}
	for _, n := range []int{300, 3000, 10000} {
		b.Run(fmt.Sprintf("check-modules=%d", n), func(b *testing.B) { check(b, scale{modules: n, packages: 2, files: 1, own: 4}) })
	}
	for _, n := range []int{1, 1000, 20000} {
		b.Run(fmt.Sprintf("check-files=%d", n), func(b *testing.B) { check(b, scale{modules: 4, packages: 25, files: 3, own: n}) })
	}
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("check-plugins=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			s := scale{modules: 4, packages: 10, files: 2, own: 4}
			for i := range n {
				one := filepath.Join(dir, fmt.Sprintf("p%d", i))
				s.write(b, one)
				copyFile(b, filepath.Join(one, "server.buildinfo"), filepath.Join(one, "plugin", "server.buildinfo"))
			}
			measure(b, exitOK, []string{"GOMODCACHE=" + filepath.Join(dir, "p0", "cache")}, "check", "-q", "-C", dir, "./...")
		})
	}
	b.Run("server", func(b *testing.B) {
		dir := b.TempDir()
		small, plugin := bigServer(b, dir), bigPlugin(b, dir)
		large, plain := filepath.Join(dir, "large"), filepath.Join(dir, "plain")
		copyFile(b, small, large)
		growTo(b, large, 541<<20)
		writePlugin(b, plain, "module example.com/plain\n\ngo 1.20\n", "package main\n\nfunc main() {}\n")
		for mb, file := range map[int]string{60: small, 541: large} {
			b.Run(fmt.Sprintf("check=%d", mb), func(b *testing.B) { measure(b, exitOK, nil, "check", "-q", "-C", plain, "-s", file) })
			b.Run(fmt.Sprintf("verify=%d", mb), func(b *testing.B) { measure(b, exitDiffers, nil, "verify", "-q", "-s", file, plugin) })
		}
	})
	for _, n := range []int{300, 3000, 10000} {
		b.Run(fmt.Sprintf("graph-modules=%d", n), func(b *testing.B) { scaleGraph(b, n) })
	}
}

// growTo makes a file larger by bytes that a disk holds, not by a hole.
func growTo(b *testing.B, name string, size int64) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, ones{}, size-info.Size())
	}
	if err != nil {
		b.Fatal(err)
	}
}

type ones struct{}

func (ones) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 1
	}
	return len(p), nil
}

// scaleGraph plans for a plugin whose graph has n modules, each of which requires five
// others, some of them above the server's version.
func scaleGraph(b *testing.B, n int) {
	name := func(i int) string { return fmt.Sprintf("example.com/m%05d", i) }
	var text strings.Builder
	text.WriteString("module example.com/plugin\n\ngo 1.21\n\nrequire (\n")
	server := &pinner.Server{Main: xmodule.Version{Path: "example.com/server", Version: "(devel)"}, Go: "go1.23.5", Settings: map[string]string{"-trimpath": "true"}}
	number := map[string]int{}
	for i := range n {
		number[name(i)] = i
		fmt.Fprintf(&text, "\t%s v1.0.0\n", name(i))
		server.Pins = append(server.Pins, pinner.Pin{Version: xmodule.Version{Path: name(i), Version: "v1.0.0"}})
	}
	text.WriteString(")\n")
	mod, err := pinner.ParseMod("go.mod", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	source := func(list []xmodule.Version) (map[xmodule.Version]*pinner.Summary, error) {
		out := map[xmodule.Version]*pinner.Summary{}
		for _, v := range list {
			i := number[v.Path]
			out[v] = &pinner.Summary{Go: "1.20"}
			for j := range 5 {
				above := 0
				if j == 4 && i%10 == 0 {
					above = 1
				}
				out[v].Require = append(out[v].Require, xmodule.Version{Path: name((i + j*j + 1) % n), Version: fmt.Sprintf("v1.%d.0", above)})
			}
		}
		return out, nil
	}
	excludes := 0
	start := syscall.Rusage{}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &start); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		plan, err := pinner.Make(pinner.Input{Server: server, Mod: mod, Pins: server.Pins, Source: source})
		if err != nil {
			b.Fatal(err)
		}
		excludes = len(plan.Mod.Exclude)
	}
	end := syscall.Rusage{}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &end); err != nil {
		b.Fatal(err)
	}
	if excludes != n/10 {
		b.Fatalf("%d versions excluded, want %d", excludes, n/10)
	}
	cpu := end.Utime.Nano() + end.Stime.Nano() - start.Utime.Nano() - start.Stime.Nano()
	b.ReportMetric(float64(cpu)/1e6/float64(b.N), "cpu-ms")
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
