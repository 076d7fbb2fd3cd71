//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

// TestWaits: an apply says that it waits for another one, and a dry run and a check
// do not wait at all.
func TestWaits(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t)
	dir := w.copy(t)
	lock := exec.Command("flock", dir, "-c", "echo locked; read go")
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
	journal := filepath.Join(dir, ".pinfix-journal")
	writeFile(t, journal, nil) // of the one that has the lock
	for _, args := range [][]string{{"check"}, {"apply", "--dry-run"}} {
		cmd := w.command(dir, w.temp[0], args[0], args[1:]...)
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "warning: another pinfix is writing here just now") {
			t.Errorf("%v: exit code %d\n%s", args, cmd.ProcessState.ExitCode(), out)
		}
	}
	if err := os.Remove(journal); err != nil {
		t.Fatal(err)
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
	if want := fmt.Sprintf("waiting for another pinfix that is at work in %s\n", dir); err != nil || string(first[:n]) != want {
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
