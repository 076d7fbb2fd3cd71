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

// TestCheckCatchesNoSignals: see catchSignals.
func TestCheckCatchesNoSignals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/plain\n\ngo 1.22\n", "main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	server := filepath.Join("..", "..", "testdata", "servers", "nakama-3.26.0.buildinfo")
	for line, want := range map[string]int{
		"check -C " + dir + " -s " + server:             0,
		"check -C " + dir + " -s " + server + " ./...":  1, // and not once more for each module
		"check -C " + dir + " -s " + dir + "/go.mod":    1, // source may start the go command
		"check -C " + dir + " -s oci-archive:" + server: 1, // an image is unpacked into files
		"server -s " + server:                           1,
		"apply -n -C " + dir + " -s " + server + "x":    1,
		"explain -s " + server + " " + dir + "/main.go": 1,
	} {
		caught := 0
		e := &env{environ: os.Environ(), stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
		e.catch = func(ctx context.Context) context.Context { caught++; return ctx }
		e.run(t.Context(), append([]string{"pinfix"}, strings.Fields(line)...))
		if caught != want {
			t.Errorf("pinfix %s catches signals %d times, want %d", line, caught, want)
		}
	}
}

// TestInterrupt is not parallel: the signal goes to the whole test.
func TestInterrupt(t *testing.T) {
	exit := make(chan int, 1)
	ctx := untilStopped(t.Context(), func(code int) { exit <- code })
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	send := func() {
		if err := self.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	send()
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
		t.Fatal("a signal does not end the context")
	}
	if ctx.Err() != context.Canceled {
		t.Error(ctx.Err())
	}
	// The second one counts as such when it comes later than what timeout(1) sends twice.
	again := time.NewTicker(sameSignal / 10)
	defer again.Stop()
	for send(); ; send() {
		select {
		case code := <-exit:
			if after := time.Since(start); code != 130 || after < sameSignal {
				t.Errorf("exit code %d after %v", code, after)
			}
			return
		case <-again.C:
		case <-time.After(time.Minute):
			t.Fatal("a second signal does not end the process")
		}
	}
}
