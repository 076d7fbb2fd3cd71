//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/tier"
)

// TestConcurrent runs many applies at once, on one module and on a module each.
// All exit with 0, and the trees are what one run makes.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t)
	one, n := w.copy(t), tier.Rounds(t, "processes at a time", 6, 20)
	for name, dirs := range map[string][]string{
		"one module": slices.Repeat([]string{one}, n),
		"one each":   w.copies(t, n),
	} {
		var runs []*exec.Cmd
		for _, dir := range dirs {
			runs = append(runs, w.apply(dir, w.temp[0]))
		}
		if out, err := together(runs); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		for _, dir := range slices.Compact(dirs) {
			if tree := w.which(t, dir); tree != "new" {
				t.Errorf("%s: %s", name, tree)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(w.temp[0], "pinfix-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestWaits: an apply says which process it waits for; a dry run and a check do not
// wait at all for one that is at work, and for a moment for one that is writing.
func TestWaits(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t)
	dir := w.copy(t)
	lock := exec.Command("flock", dir, "sh", "-c", "echo locked; read go")
	stdin, err := lock.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := lock.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Start(); err != nil {
		t.Fatalf("flock is part of util-linux: %v", err)
	}
	if _, err := said.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check"}, {"apply", "--dry-run"}} {
		cmd := w.command(dir, w.temp[0], args[0], args[1:]...)
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%v: exit code %d\n%s", args, cmd.ProcessState.ExitCode(), out)
		}
	}
	journal := filepath.Join(dir, ".pinfix-journal")
	writeFile(t, journal, nil) // of the one that has the lock
	check := w.command(dir, w.temp[0], "check")
	var out bytes.Buffer
	check.Stdout, check.Stderr = &out, &out
	if err := check.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- check.Wait() }()
	select {
	case <-ended:
		t.Errorf("check does not wait: %s", &out)
	case <-time.After(200 * time.Millisecond):
	}
	if err := os.Remove(journal); err != nil {
		t.Fatal(err)
	}
	if <-ended; check.ProcessState.ExitCode() != 1 {
		t.Errorf("check: exit code %d\n%s", check.ProcessState.ExitCode(), &out)
	}
	apply := w.command(dir, w.temp[0], "apply")
	progress, err := apply.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 4096)
	n, err := progress.Read(first)
	want := "waiting for another process, which has locked " + dir + "\n"
	if runtime.GOOS == "linux" {
		want = fmt.Sprintf("waiting for process %d (flock), which has locked %s\n", lock.Process.Pid, dir)
	}
	if err != nil || string(first[:n]) != want {
		t.Errorf("got %q, %v, want %q", first[:n], err, want)
	}
	if tree := w.which(t, dir); tree != "old" {
		t.Errorf("while it waits: %s", tree)
	}
	if _, err := fmt.Fprintln(stdin, "go"); err != nil {
		t.Fatal(err)
	}
	if err := lock.Wait(); err != nil {
		t.Fatal(err)
	}
	// Wait closes the pipe; the rest of the progress is not needed.
	if err := apply.Wait(); err != nil || w.which(t, dir) != "new" {
		t.Errorf("%v, %s", err, w.which(t, dir))
	}
}

// TestCheckBeside runs checks all the time next to applies: each judges the old tree
// or the new one, and no mixture.
func TestCheckBeside(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t)
	old, _ := w.command(w.copy(t), w.temp[0], "check", "--format", "json").Output()
	counts := map[string]int{}
	for range 3 {
		dir := w.copy(t)
		want := strings.ReplaceAll(string(old), w.plain, dir)
		apply := w.apply(dir, w.temp[0])
		if err := apply.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- apply.Wait() }()
		for going := true; going; {
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				going = false // and once more
			default:
			}
			check := w.command(dir, w.temp[0], "check", "--format", "json")
			out, _ := check.Output()
			code := check.ProcessState.ExitCode()
			counts[fmt.Sprint("exit ", code)]++
			if problems := countProblems(t, out); code != 0 && (code != 1 || problems != countProblems(t, []byte(want))) {
				t.Fatalf("exit code %d, %d problems:\n%s\nwant 0, or 1 with\n%s", code, problems, out, want)
			}
		}
	}
	t.Logf("%v", counts)
	if counts["exit 0"] == 0 || counts["exit 1"] == 0 {
		t.Error("no check came before or after the commit")
	}
}

func countProblems(t *testing.T, out []byte) int {
	t.Helper()
	var r struct{ Problems []struct{} }
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return len(r.Problems)
}

func (w *killWorld) copies(t *testing.T, n int) (dirs []string) {
	for range n {
		dirs = append(dirs, w.copy(t))
	}
	return dirs
}

// together runs the commands at the same time, and returns the first error and
// what its command said.
func together(cmds []*exec.Cmd) (out []byte, err error) {
	type end struct {
		out []byte
		err error
	}
	ends := make(chan end)
	for _, c := range cmds {
		go func() {
			out, err := c.CombinedOutput()
			ends <- end{out, err}
		}()
	}
	for range cmds {
		if e := <-ends; e.err != nil && err == nil {
			out, err = e.out, e.err
		}
	}
	return out, err
}
