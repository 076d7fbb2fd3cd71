package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Limits on what happens before main: every command pays for it, and check takes
// hardly longer. An expression that is compiled takes some hundred allocations, a
// table some ten.
const (
	maxOwnAllocs = 60   // of one package of ours
	maxAllocs    = 2600 // of all packages
)

var initLine = regexp.MustCompile(`(?m)^init (\S+) @.* (\d+) allocs$`)

// TestStart counts what the packages of pinfix allocate when it starts, as the
// runtime tells.
func TestStart(t *testing.T) {
	t.Parallel()
	pinfix := filepath.Join(t.TempDir(), "pinfix")
	build := exec.Command("go", "build", "-tags=urfave_cli_no_docs", "-o", pinfix, ".")
	build.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(pinfix, "--version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := initLine.FindAllStringSubmatch(string(out), -1)
	if len(found) < 50 {
		t.Fatalf("only %d packages in\n%s", len(found), out)
	}
	all := 0
	for _, m := range found {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if all += n; n > maxOwnAllocs && (m[1] == "main" || strings.HasPrefix(m[1], module)) {
			t.Errorf("%s: %d allocations before main, want at most %d", m[1], n, maxOwnAllocs)
		}
	}
	if all > maxAllocs {
		t.Errorf("%d allocations before main, want at most %d:\n%s", all, maxAllocs, out)
	}
}

// An askedContext counts how often somebody asks whether it has ended.
type askedContext struct {
	context.Context
	asked int
}

func (c *askedContext) Done() <-chan struct{} { c.asked++; return c.Context.Done() }
func (c *askedContext) Err() error            { c.asked++; return c.Context.Err() }

// TestCheckCatchesNoSignals: see interruptible.
func TestCheckCatchesNoSignals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/plain\n\ngo 1.22\n", "main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	server := filepath.Join("..", "..", "testdata", "servers", "nakama-3.26.0.buildinfo")
	ask := func(args ...string) int {
		ctx := &askedContext{Context: context.Background()}
		var stderr strings.Builder
		if code := run(ctx, os.Environ(), strings.NewReader(""), io.Discard, &stderr, append([]string{"pinfix"}, args...)); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, &stderr)
		}
		return ctx.asked
	}
	if n := ask("check", "-C", dir, "-s", server); n > 0 {
		t.Errorf("check asks %d times whether it was interrupted, and so catches signals", n)
	}
	if n := ask("server", "-s", server); n == 0 {
		t.Error("server does not ask whether it was interrupted")
	}
}

// TestInterrupt is not parallel: the signal goes to the whole test.
func TestInterrupt(t *testing.T) {
	ctx := untilInterrupted()
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
		t.Fatal("a signal does not end the context")
	}
	if ctx.Err() != context.Canceled {
		t.Error(ctx.Err())
	}
}
