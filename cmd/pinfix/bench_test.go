package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/report"
)

// BenchmarkApply compares pinfix apply with the same go mod tidy and go mod
// vendor alone, in one run and on warm caches: testdata/bench, a plugin of 27
// modules with 13 of them off, against Nakama 3.26.0. It reports
//
//	apply/go      wall time of apply, over that of the two go commands
//	go-calls      go commands that apply starts
//
// once for a plugin that was never pinned (first) and for one that is (again).
func BenchmarkApply(b *testing.B) {
	server, err := filepath.Abs("../../testdata/servers/nakama-3.26.0.buildinfo")
	if err != nil {
		b.Fatal(err)
	}
	env := append(os.Environ(), "GOTOOLCHAIN=go1.23.5", "GOFLAGS=-mod=mod", "GOWORK=off")
	pinned := benchPlugin(b)
	applyTo(b, pinned, server)
	for _, bb := range []struct {
		name string
		from string
	}{
		{"first", benchPlugin(b)},
		{"again", pinned},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var ours, theirs time.Duration
			calls := 0
			for b.Loop() {
				dir := copyTree(b, bb.from)
				start := time.Now()
				calls = applyTo(b, dir, server)
				ours += time.Since(start)

				// The same: the pinned go.mod and imports, the same vendor/ before.
				dir = copyTree(b, pinned)
				if bb.name == "first" {
					os.RemoveAll(filepath.Join(dir, "vendor"))
				}
				start = time.Now()
				for _, verb := range []string{"tidy", "vendor"} {
					cmd := exec.Command("go", "mod", verb)
					cmd.Dir, cmd.Env = dir, env
					if out, err := cmd.CombinedOutput(); err != nil {
						b.Fatalf("go mod %s: %v\n%s", verb, err, out)
					}
				}
				theirs += time.Since(start)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "apply/go")
			b.ReportMetric(float64(calls), "go-calls")
		})
	}
}

// applyTo runs pinfix apply in this process and returns how many go commands it
// started.
func applyTo(b *testing.B, dir, server string) int {
	var stdout, stderr strings.Builder
	code := run(context.Background(), os.Environ(), nil, &stdout, &stderr, []string{"pinfix", "apply", "-v", "-C", dir, "-s", server, "--format", "json"})
	if code != exitOK {
		b.Fatalf("pinfix apply exits %d\n%s", code, stderr.String())
	}
	var r report.Apply
	if err := json.Unmarshal([]byte(stdout.String()), &r); err != nil {
		b.Fatal(err)
	}
	return strings.Count(stderr.String(), "\n  go ")
}

func benchPlugin(b *testing.B) string {
	return copyTree(b, filepath.Join("..", "..", "testdata", "bench"))
}

func copyTree(b *testing.B, from string) string {
	dir := filepath.Join(b.TempDir(), "plugin")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		b.Fatal(err)
	}
	return dir
}
