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

	"github.com/rogpeppe/go-internal/goproxytest"
)

// lineLength is how many releases a server line of the benchmark has.
const lineLength = 20

// BenchmarkCompat looks at 20 snapshots of one server line, of real servers each of which
// has a newer version of a module that the plugin shares, and of every fourth one of
// another. It reports
//
//	compat/one    time for all of them, over that for the first alone
//
// which must not be above 3.
func BenchmarkCompat(b *testing.B) {
	dir := b.TempDir()
	env := serverLine(b, dir)
	compat := func(refs ...string) (time.Duration, string) {
		var stdout, stderr strings.Builder
		args := append([]string{"pinfix", "compat", "-C", filepath.Join(dir, "plugin")}, refs...)
		start := time.Now()
		if code := run(context.Background(), env, nil, &stdout, &stderr, args); code != exitOK {
			b.Fatalf("pinfix compat exits %d\n%s%s", code, &stdout, &stderr)
		}
		return time.Since(start), stdout.String()
	}
	compat(filepath.Join(dir, "line-*.buildinfo")) // fills the caches
	var one, all time.Duration
	for b.Loop() {
		d, _ := compat(filepath.Join(dir, "line-1.buildinfo"))
		one += d
		d, out := compat(filepath.Join(dir, "line-*.buildinfo"))
		all += d
		if n := strings.Count(out, " fits with "); n != lineLength {
			b.Fatalf("%d rows, want %d:\n%s", n, lineLength, out)
		}
	}
	ratio := float64(all) / float64(one)
	b.ReportMetric(ratio, "compat/one")
	if ratio > 3 {
		b.Errorf("%d servers in %v, one in %v: %.2f times as long", lineLength, all, one, ratio)
	}
}

// serverLine builds the servers, writes a snapshot of each, and a plugin, and returns the
// environment in which their modules are found.
func serverLine(b *testing.B, dir string) []string {
	b.Helper()
	var m strings.Builder
	for i := 1; i <= lineLength; i++ {
		fmt.Fprintf(&m, "line%d, go 1.22, moves v1.%d.0, rests v1.%d.0, other v1.0.0\n", i, i, (i-1)/4)
		fmt.Fprintf(&m, "moves v1.%d.0, go 1.20: const Name = \"moves v1.%d.0\"\n", i, i)
	}
	for i := range (lineLength + 3) / 4 {
		fmt.Fprintf(&m, "rests v1.%d.0, go 1.20: const Name = \"rests v1.%d.0\"\n", i, i)
	}
	m.WriteString("other v1.0.0, go 1.20: const Name = \"other\"\n")
	m.WriteString("own v1.3.0, go 1.20, moves v1.0.0, rests v1.0.0: const Name = moves.Name + rests.Name\n")
	m.WriteString("moves v1.0.0, go 1.20: const Name = \"moves v1.0.0\"\n")
	m.WriteString("plugin, go 1.22, own v1.3.0, other v1.0.0: func Hello() string { return own.Name + other.Name }\n")
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	put(modulesFile, m.String())
	if err := writeModules(dir); err != nil {
		b.Fatal(err)
	}
	proxy, err := goproxytest.NewServer(filepath.Join(dir, ".gomodproxy"), "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(proxy.Close)
	env := benchEnviron(b, "GOPROXY="+proxy.URL, "GOMODCACHE="+filepath.Join(dir, "modcache"), "GOSUMDB=off", "GOFLAGS=-modcacherw", "GOWORK=off")
	gocmd := func(in string, args ...string) {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = filepath.Join(dir, in), env
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	loader, err := os.ReadFile(filepath.Join("..", "..", "testdata", "loader", "main.go"))
	if err != nil {
		b.Fatal(err)
	}
	for i := 1; i <= lineLength; i++ {
		name := fmt.Sprintf("line%d", i)
		put(filepath.Join(name, "main.go"), string(loader))
		gocmd(name, "mod", "edit", "-module", "example.com/line") // releases of one server
		gocmd(name, "mod", "tidy")
		gocmd(name, "build", "-trimpath", "-o", filepath.Join(dir, "server"), ".")
		var stdout, stderr strings.Builder
		if code := run(context.Background(), env, nil, &stdout, &stderr, []string{"pinfix", "snapshot", "-s", filepath.Join(dir, "server"), "-o", filepath.Join(dir, fmt.Sprintf("line-%d.buildinfo", i))}); code != exitOK {
			b.Fatalf("pinfix snapshot exits %d: %s", code, &stderr)
		}
	}
	gocmd("plugin", "mod", "tidy")
	return env
}
