package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
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
	t.Run("reads", func(t *testing.T) { checkReads(t, pinfix) })
	t.Run("again", func(t *testing.T) { checkAgain(t, pinfix) })
	t.Run("starts nothing", func(t *testing.T) { startsNothing(t, pinfix) })
}

// Limits on what check does with a plugin like the vendor's template: two modules that
// moved, one of which has no package that could be imported blank, and 272 vendored files.
// About a tenth is there to spare.
const (
	maxReads      = 660     // calls of read(2), at its first run
	maxReadBytes  = 310_000 // in all
	maxAgain      = 12      // calls, when it is asked again
	maxAgainBytes = 60_000
	maxAgainInits = 26     // packages with something to initialise, when it is asked again
	maxCheckAlloc = 24_000 // allocations
)

var templateLike = scale{modules: 4, packages: 17, files: 4, own: 8, graph: true}

// checkReads counts what check reads and starts, as the system tells: the first time, and
// when it is asked again and nothing has changed.
func checkReads(t *testing.T, pinfix string) {
	if runtime.GOOS != "linux" {
		t.Skip("no /proc here")
	}
	dir := t.TempDir()
	templateLike.write(t, dir)
	for _, name := range []string{"go", "git", "gcc"} {
		putFile(t, filepath.Join(dir, "bin", name), "#!/bin/sh\n: >"+dir+"/started\n")
		if err := os.Chmod(filepath.Join(dir, "bin", name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	check := func() (calls, bytes int, out string) {
		cmd := exec.Command(pinfix, "check", "-C", filepath.Join(dir, "plugin"), "-s", filepath.Join(dir, "server.buildinfo"))
		cmd.Env = []string{"PATH=" + filepath.Join(dir, "bin"), "HOME=" + dir, "GOMODCACHE=" + filepath.Join(dir, "cache")}
		calls, bytes, out = readsOf(t, cmd)
		if code := cmd.ProcessState.ExitCode(); code != exitOK {
			t.Fatalf("pinfix check exits %d\n%s", code, out)
		}
		if _, err := os.Stat(filepath.Join(dir, "started")); err == nil {
			t.Error("check starts a program")
		}
		return calls, bytes, out
	}
	calls, bytes, first := check()
	if calls > maxReads || bytes > maxReadBytes || calls == 0 {
		t.Errorf("check reads %d times %d bytes, want at most %d and %d", calls, bytes, maxReads, maxReadBytes)
	}
	kept := filepath.Join(dir, ".cache", "pinfix", "checked")
	again := time.NewTicker(time.Second / 2)
	defer again.Stop()
	for end := time.After(time.Minute); ; {
		if list, _ := os.ReadDir(kept); len(list) > 0 {
			break
		}
		select {
		case <-again.C: // what has just been written may be written again in the same moment
			check()
		case <-end:
			t.Fatal("no answer is kept")
		}
	}
	calls, bytes, second := check()
	if calls > maxAgain || bytes > maxAgainBytes {
		t.Errorf("check, asked again, reads %d times %d bytes, want at most %d and %d", calls, bytes, maxAgain, maxAgainBytes)
	}
	if second != first {
		t.Errorf("%q, and before %q", second, first)
	}
	traced := func() []string {
		cmd := exec.Command(pinfix, "check", "-C", filepath.Join(dir, "plugin"), "-s", filepath.Join(dir, "server.buildinfo"))
		cmd.Env = []string{"HOME=" + dir, "GOMODCACHE=" + filepath.Join(dir, "cache"), "GODEBUG=inittrace=1"}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		var names []string
		for _, m := range initLine.FindAllStringSubmatch(stderr.String(), -1) {
			names = append(names, m[1])
		}
		return names
	}
	traced() // it is another question: the environment counts
	if names := traced(); len(names) == 0 || len(names) > maxAgainInits || slices.Contains(names, "unicode") {
		t.Errorf("check, asked again, initialises %d packages, want at most %d, not unicode: %q", len(names), maxAgainInits, names)
	}
	other := scale{modules: 4, packages: 1, files: 1}
	other.write(t, filepath.Join(dir, "other"))
	putFile(t, filepath.Join(dir, "other", "plugin", "go.sum"), "")
	link := filepath.Join(dir, "link")
	for _, to := range []string{"plugin", "other/plugin"} {
		want := exitOK
		if to != "plugin" {
			want = exitDiffers
		}
		_ = os.Remove(link)
		if err := os.Symlink(filepath.FromSlash(to), link); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(pinfix, "check", "-C", link, "-s", filepath.Join(dir, "server.buildinfo"))
		cmd.Env = []string{"HOME=" + dir, "GOMODCACHE=" + filepath.Join(dir, "cache")}
		if out, err := cmd.Output(); cmd.ProcessState.ExitCode() != want {
			t.Errorf("the link to %s: %v, want %d\n%s", to, err, want, out)
		}
	}
	name := filepath.Join(dir, "plugin", "vendor", "example.com", "m00000", "p003", "f1.go")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, name, string(text)+"\n")
	cmd := exec.Command(pinfix, "check", "-C", filepath.Join(dir, "plugin"), "-s", filepath.Join(dir, "server.buildinfo"))
	cmd.Env = []string{"HOME=" + dir, "GOMODCACHE=" + filepath.Join(dir, "cache")}
	if out, err := cmd.Output(); cmd.ProcessState.ExitCode() != exitDiffers {
		t.Errorf("a file of vendor/ has changed: %v\n%s", err, out)
	}
}

// startsNothing runs the commands that read files only, and build of a plugin that the server
// would refuse, where each program that they could start leaves a sign; and bounds
// how often they read.
func startsNothing(t *testing.T, pinfix string) {
	testdata, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	full, _ := writeServers(t, dir)
	started := filepath.Join(dir, "started")
	for _, name := range []string{"go", "git", "gcc", "cc", "docker"} {
		putFile(t, filepath.Join(dir, "bin", name), "#!/bin/sh\n: >"+started+"\nexit 1\n")
		if err := os.Chmod(filepath.Join(dir, "bin", name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	plugin := newTemplate(t).plugin
	for _, tt := range []struct {
		args  string
		code  int
		reads int
	}{
		{"server -s " + full, exitOK, 14},
		{"snapshot -s " + full + " -o " + filepath.Join(dir, "copy.buildinfo"), exitOK, 14},
		{"explain -s " + full + " " + filepath.Join(testdata, "logs", "already-loaded.txt"), exitOK, 16},
		{"verify -s " + full + " " + pinfix, exitTrouble, 20},
		{"check -C " + plugin + " -s " + full, exitDiffers, 560},
		{"build -C " + plugin + " -s " + full, exitDiffers, 560},
		{"unpin -n -C " + plugin, exitOK, 30},
	} {
		cmd := exec.Command(pinfix, strings.Fields(tt.args)...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + filepath.Join(dir, "bin"), "HOME=" + dir, "XDG_CACHE_HOME=none"}
		calls, _, out := readsOf(t, cmd)
		if code := cmd.ProcessState.ExitCode(); code != tt.code {
			t.Errorf("pinfix %s exits %d, want %d\n%s", tt.args, code, tt.code, out)
		}
		if calls > tt.reads || calls == 0 {
			t.Errorf("pinfix %s reads %d times, want at most %d", tt.args, calls, tt.reads)
		}
		if _, err := os.Stat(started); err == nil {
			t.Fatalf("pinfix %s starts a program", tt.args)
		}
	}
}

// readsOf runs a command and returns how often it calls read(2), and for how many bytes in
// all, as the system tells, with what it prints.
func readsOf(t *testing.T, cmd *exec.Cmd) (calls, bytes int, out string) {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(stdout) // the process has ended, or is about to
	if err != nil {
		t.Fatal(err)
	}
	counts, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", cmd.Process.Pid))
	if err != nil {
		t.Skip(err)
	}
	_ = cmd.Wait() // the caller looks at the exit code
	fmt.Sscanf(string(counts), "rchar: %d\nwchar: %d\nsyscr: %d", &bytes, new(int), &calls)
	return calls, bytes, string(data)
}

// TestCheckAllocates is not parallel: it counts what the process allocates.
func TestCheckAllocates(t *testing.T) {
	dir := t.TempDir()
	templateLike.write(t, dir)
	environ := []string{"GOMODCACHE=" + filepath.Join(dir, "cache")}
	n := testing.AllocsPerRun(3, func() {
		args := []string{"pinfix", "check", "-C", filepath.Join(dir, "plugin"), "-s", filepath.Join(dir, "server.buildinfo")}
		if code := run(context.Background(), environ, strings.NewReader(""), io.Discard, io.Discard, args); code != exitOK {
			t.Fatalf("pinfix check exits %d", code)
		}
	})
	if n > maxCheckAlloc {
		t.Errorf("%v allocations, want at most %d", n, maxCheckAlloc)
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
