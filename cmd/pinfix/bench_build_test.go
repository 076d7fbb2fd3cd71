package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkBuild compares pinfix build for a server that was built without -trimpath,
// from a module cache at another path, with the same for a trimmed one: the plugin of
// testdata/bench, its modules not in the build cache, the standard library in it. The
// two take turns. It reports
//
//	untrimmed/trimmed      wall time of the one over that of the other
//	untrimmed/trimmed-cpu  the same of the processor's time, which others on the machine touch less
func BenchmarkBuild(b *testing.B) {
	dir := b.TempDir()
	pinfix := filepath.Join(dir, "pinfix")
	benchRun(b, ".", nil, "go", "build", "-o", pinfix, ".")
	trimmed, untrimmed := writeServers(b, dir)
	plugin := benchPlugin(b)
	applyTo(b, plugin, trimmed)
	warm := benchStandard(b, dir, plugin)

	var times, cpu [2]time.Duration
	for n := 0; b.Loop(); n++ {
		for i := range times {
			i = (i + n) % 2
			cache := filepath.Join(dir, "cache")
			benchRun(b, dir, nil, "cp", "-al", warm, cache)
			start := time.Now()
			cmd := exec.CommandContext(context.Background(), pinfix, "build", "-C", plugin, "-s", []string{trimmed, untrimmed}[i], "--vendor", "never", "-o", filepath.Join(dir, "plugin.so"))
			cmd.Env = benchEnviron(b, "GOCACHE="+cache)
			out, _ := cmd.CombinedOutput() // it differs from the server, which has other fingerprints where it is untrimmed
			times[i] += time.Since(start)
			cpu[i] += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			if !strings.Contains(string(out), "shared packages") {
				b.Fatalf("pinfix build: %s", out)
			}
			benchRun(b, dir, nil, "chmod", "-R", "u+w", cache)
			if err := os.RemoveAll(cache); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(times[0].Seconds()/float64(b.N), "trimmed-s")
	b.ReportMetric(float64(times[1])/float64(times[0]), "untrimmed/trimmed")
	b.ReportMetric(float64(cpu[1])/float64(cpu[0]), "untrimmed/trimmed-cpu")
}

// writeServers writes snapshots of Nakama: as it is, and as if it were built without
// -trimpath.
func writeServers(b testing.TB, dir string) (trimmed, untrimmed string) {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "servers", name))
		if err != nil {
			b.Fatal(err)
		}
		return string(data)
	}
	text := read("nakama-3.26.0.buildinfo") + read("nakama-3.26.0.pkghash")
	write := func(name, head, text string) string {
		name = filepath.Join(dir, name)
		head = "# pinfix snapshot: source=nakama digest=unknown pinfix=v0\n" + head
		if err := os.WriteFile(name, []byte(head+text), 0o666); err != nil {
			b.Fatal(err)
		}
		return name
	}
	return write("trimmed.buildinfo", "", text),
		write("untrimmed.buildinfo", "# paths: modcache=/go/pkg/mod vendored=\n", strings.Replace(text, "\tbuild\t-trimpath=true\n", "", 1))
}

// benchStandard returns a build cache with what the plugin links of the standard
// library, trimmed and not.
func benchStandard(b *testing.B, dir, plugin string) string {
	warm := filepath.Join(dir, "warm")
	env := []string{"GOCACHE=" + warm, "GOTOOLCHAIN=go1.23.5", "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=1", "GOAMD64=v1"}
	list := benchRun(b, plugin, env, "go", "list", "-deps", "-f", "{{if .Standard}}{{.ImportPath}}{{end}}", ".")
	text := "package main\n\nimport (\n"
	for _, pkg := range strings.Fields(list) {
		if pkg != "unsafe" && !strings.HasPrefix(pkg, "vendor/") && !strings.Contains("/"+pkg+"/", "/internal/") {
			text += fmt.Sprintf("\t_ %q\n", pkg)
		}
	}
	std := filepath.Join(dir, "std")
	if err := os.Mkdir(std, 0o777); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"main.go": text + ")\n\nfunc main() {}\n", "go.mod": "module example.com/std\n\ngo 1.23\n"} {
		if err := os.WriteFile(filepath.Join(std, name), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for _, flag := range []string{"-trimpath", "-trimpath=false"} {
		benchRun(b, std, env, "go", "build", "-buildmode=plugin", flag, "-o", filepath.Join(dir, "std.so"), ".")
	}
	return warm
}

// benchRun runs a program in dir and returns what it prints.
func benchRun(b *testing.B, dir string, env []string, args ...string) string {
	b.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}
