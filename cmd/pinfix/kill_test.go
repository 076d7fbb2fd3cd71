//go:build unix

package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/tier"
)

// kills is how often TestKill9 and TestCtrlC end an apply. After a change of commit:
// go test ./cmd/pinfix -run 'TestKill9|TestCtrlC' -kills 1000 -v
var kills = flag.Int("kills", 0, "how many runs TestKill9 and TestCtrlC end, in place of some")

// interrupts is how often TestCtrlCTime stops an apply: go test ./cmd/pinfix -run TestCtrlCTime -interrupts 50 -v
var interrupts = flag.Int("interrupts", 0, "how many runs TestCtrlCTime ends; it needs hundreds of modules from the network")

// A killWorld is a vendored plugin that apply changes everything of, and what
// it is before and after.
type killWorld struct {
	*driftWorld
	plain       string // the plugin, vendored, not pinned
	old, pinned map[string]string
	took        time.Duration // of one run
	temp        []string      // directories for TMPDIR: on the plugin's file system, and on another
	state       string        // where the proofs of journals are
}

func newKillWorld(t *testing.T) *killWorld {
	w := &killWorld{driftWorld: newDriftWorld(t), plain: t.TempDir(), temp: []string{t.TempDir()}}
	if dir, err := os.MkdirTemp("/dev/shm", "pinfix-test-"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		w.temp = append(w.temp, dir)
	}
	home := t.TempDir()
	w.env, w.state = append(w.env, "XDG_STATE_HOME="+home), filepath.Join(home, "pinfix")
	for name, data := range w.plugin {
		writeFile(t, filepath.Join(w.plain, name), data)
	}
	w.goRun(t, w.plain, "mod", "tidy")
	w.goRun(t, w.plain, "mod", "vendor")
	w.old = readTree(t, w.plain)
	dir := w.copy(t)
	start := time.Now()
	if out, err := w.apply(dir, w.temp[0]).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.took = time.Since(start)
	w.pinned = readTree(t, dir)
	return w
}

// copy makes a plugin of its own for one run.
func (w *killWorld) copy(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugin")
	if err := os.CopyFS(dir, os.DirFS(w.plain)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (w *killWorld) apply(dir, temp string) *exec.Cmd { return w.command(dir, temp, "apply", "-q") }

func (w *killWorld) command(dir, temp, verb string, flags ...string) *exec.Cmd {
	cmd := exec.Command("pinfix", append([]string{verb, "-C", dir, "-s", w.text}, flags...)...)
	cmd.Env = append(w.env, "TMPDIR="+temp)
	return cmd
}

// readTree returns the files below dir: slash path -> mode and content.
func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.Contains(d.Name(), ".pinfix-") {
			all[d.Name()] = "left behind" // and what is in it, if anything
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = fmt.Sprintf("%v %s", info.Mode(), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameFiles(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, what := range a {
		if b[name] != what {
			return false
		}
	}
	return true
}

// which says which of the two trees dir holds.
func (w *killWorld) which(t *testing.T, dir string) string {
	t.Helper()
	switch now := readTree(t, dir); {
	case sameFiles(now, w.old):
		return "old"
	case sameFiles(now, w.pinned):
		return "new"
	default:
		var names []string
		for name, what := range now {
			if w.old[name] != what {
				names = append(names, name)
			}
		}
		return fmt.Sprintf("a mixed tree: %q are not the old ones", names)
	}
}

// endings is how many runs a test ends.
func endings(t *testing.T) int {
	if *kills > 0 {
		return *kills
	}
	return tier.Rounds(t, "runs that are ended", 10, 24)
}

// end runs apply and sends it the signal at a random moment: every second time of
// the whole run, else while it writes, which is when its journal is there.
func (w *killWorld) end(t *testing.T, r *rand.Rand, i int, sig syscall.Signal) (dir string, cmd *exec.Cmd, after time.Duration) {
	t.Helper()
	dir = w.copy(t)
	cmd = w.apply(dir, w.temp[i/2%len(w.temp)])
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }() // it is killed
	wait := time.Duration(r.Int64N(int64(w.took)))
	if i%2 == 0 {
		wait = time.Duration(r.Int64N(int64(20 * time.Millisecond)))
		for journal := filepath.Join(dir, ".pinfix-journal"); ; {
			if _, err := os.Lstat(journal); err == nil {
				break
			}
			select {
			case <-done: // the journal came and went between two looks
				return dir, cmd, 0
			default:
			}
		}
	}
	select {
	case <-done:
	case <-time.After(wait):
	}
	sent := time.Now()
	_ = cmd.Process.Signal(sig) // it may have ended
	<-done
	return dir, cmd, time.Since(sent)
}

// putBack runs the commands that come after a kill, and returns what they say.
// check and dry runs write nothing; every command that writes puts the tree right
// first, snapshot the quickest. It is killed too now and then, and another one is
// started at the same time.
func (w *killWorld) putBack(t *testing.T, r *rand.Rand, i int, dir string) {
	t.Helper()
	before := readTree(t, dir)
	_, err := os.Lstat(filepath.Join(dir, ".pinfix-journal"))
	_, errDone := os.Lstat(filepath.Join(dir, ".pinfix-journal-done"))
	unfinished := err == nil || errDone == nil
	for _, args := range [][]string{{"check"}, {"server"}} {
		cmd := w.command(dir, w.temp[0], args[0], args[1:]...)
		out, _ := cmd.CombinedOutput()
		told := cmd.ProcessState.ExitCode() == 2 && strings.Contains(string(out), "an earlier run was killed") && strings.Contains(string(out), "run pinfix apply")
		if told != unfinished {
			t.Fatalf("run %d: %v: unfinished %v, exit code %d\n%s", i, args, unfinished, cmd.ProcessState.ExitCode(), out)
		}
	}
	if !sameFiles(before, readTree(t, dir)) {
		t.Fatalf("run %d: check or server wrote something", i)
	}
	next := func() *exec.Cmd {
		return w.command(dir, w.temp[0], "snapshot", "-q", "-o", filepath.Join(t.TempDir(), "server.buildinfo"))
	}
	if i%3 == 0 { // the recovery is killed
		cmd := next()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(time.Duration(r.Int64N(int64(40 * time.Millisecond)))):
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	cmds := []*exec.Cmd{next()}
	if i%3 == 1 { // another one at the same time
		cmds = append(cmds, next())
	}
	if out, err := together(cmds); err != nil {
		t.Fatalf("run %d: %v\n%s", i, err, out)
	}
}

// TestKill9 kills pinfix apply at random moments. What the next run that writes
// makes of it is the old tree or the new one, byte for byte, and it goes on from
// there.
func TestKill9(t *testing.T) {
	t.Parallel()
	w, r := newKillWorld(t), rand.New(rand.NewPCG(*seed, 9))
	counts, halves := map[string]int{}, 0
	n := endings(t)
	for i := range n {
		dir, cmd, _ := w.end(t, r, i, syscall.SIGKILL)
		if cmd.ProcessState.ExitCode() >= 0 {
			counts["not killed"]++
		}
		half := "whole"
		if w.which(t, dir) != "old" && w.which(t, dir) != "new" {
			half = "half done"
			halves++
		}
		w.putBack(t, r, i, dir)
		tree := w.which(t, dir)
		counts[half+", then "+tree]++
		if tree != "old" && tree != "new" {
			t.Fatalf("run %d: %s", i, tree)
		}
		if i%8 != 0 {
			continue
		}
		if out, err := w.apply(dir, w.temp[0]).CombinedOutput(); err != nil || w.which(t, dir) != "new" {
			t.Fatalf("run %d: the next apply: %v, %s\n%s", i, err, w.which(t, dir), out)
		}
	}
	if left, _ := os.ReadDir(w.state); len(left) > 0 {
		counts["proofs left behind"] = len(left)
		if i := slices.IndexFunc(left, func(e os.DirEntry) bool { return filepath.Ext(e.Name()) == "" }); i >= 0 {
			t.Errorf("left in the state directory: %s", left[i].Name())
		}
	}
	t.Logf("%d kills: %v", n, counts)
	if halves == 0 {
		t.Error("no kill came while apply wrote")
	}
}

// TestCtrlC sends Ctrl-C at random moments, and again while it ends. The tree
// is the old one or the new one at once, and nothing is left, of children either.
func TestCtrlC(t *testing.T) {
	t.Parallel()
	w, r := newKillWorld(t), rand.New(rand.NewPCG(*seed, 2))
	counts, longest := map[string]int{}, time.Duration(0)
	n := endings(t)
	for i := range n {
		dir, cmd, after := w.end(t, r, i, syscall.SIGINT)
		code, tree := cmd.ProcessState.ExitCode(), w.which(t, dir)
		longest = max(longest, after)
		counts[fmt.Sprintf("exit %d, %s", code, tree)]++
		// The signal itself ends a process that has not come to its first line yet.
		if !(code == 2 && tree == "old") && !(code == 0 && tree == "new") && !(code == -1 && tree == "old") {
			t.Fatalf("run %d: exit code %d, %s\n%s", i, code, tree, cmd.Stderr)
		}
		for _, temp := range w.temp {
			if left, _ := filepath.Glob(filepath.Join(temp, "pinfix-*")); len(left) > 0 {
				t.Fatalf("run %d: left behind: %s", i, strings.Join(left, ", "))
			}
		}
	}
	t.Logf("%d interrupts: %v; the longest took %v to end", n, counts, longest)
}

// TestCtrlCTime measures how long pinfix takes to end after Ctrl-C, at random
// moments of an apply that type-checks: testdata/real/firebase, three modules of
// which do not compile at first, against Nakama 3.26.0.
func TestCtrlCTime(t *testing.T) {
	if *interrupts == 0 {
		t.Skip("it is a measurement: -interrupts 50")
	}
	server, err := filepath.Abs("../../testdata/servers/nakama-3.26.0.buildinfo")
	if err != nil {
		t.Fatal(err)
	}
	plain, temp, r := filepath.Join("..", "..", "testdata", "real", "firebase"), t.TempDir(), rand.New(rand.NewPCG(*seed, 3))
	old := readTree(t, plain)
	start := func() (dir string, cmd *exec.Cmd, ended chan struct{}) {
		dir = filepath.Join(t.TempDir(), "plugin")
		if err := os.CopyFS(dir, os.DirFS(plain)); err != nil {
			t.Fatal(err)
		}
		cmd, ended = exec.Command("pinfix", "apply", "-q", "-C", dir, "-s", server), make(chan struct{})
		cmd.Env = append(os.Environ(), "TMPDIR="+temp)
		cmd.Stderr = new(bytes.Buffer)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { _ = cmd.Wait(); close(ended) }()
		return dir, cmd, ended
	}
	_, cmd, ended := start() // fetches the modules
	if <-ended; cmd.ProcessState.ExitCode() != 0 {
		t.Fatalf("exit code %d\n%s", cmd.ProcessState.ExitCode(), cmd.Stderr)
	}
	began := time.Now()
	dir, _, ended := start()
	<-ended
	whole, pinned := time.Since(began), readTree(t, dir)
	var took []time.Duration
	for len(took) < *interrupts {
		dir, cmd, ended := start()
		select {
		case <-ended: // faster than the one before
			continue
		case <-time.After(time.Duration(r.Int64N(int64(whole)))):
		}
		sent := time.Now()
		_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended
		<-ended
		took = append(took, time.Since(sent))
		now := readTree(t, dir)
		switch code := cmd.ProcessState.ExitCode(); {
		case code == 2 && sameFiles(now, old), code == 0 && sameFiles(now, pinned):
		case code == -1 && sameFiles(now, old): // before pinfix catches signals
		default:
			t.Fatalf("exit code %d\n%s", code, cmd.Stderr)
		}
		if left, _ := filepath.Glob(filepath.Join(temp, "pinfix-*")); len(left) > 0 {
			t.Fatalf("left behind: %s", strings.Join(left, ", "))
		}
	}
	slices.Sort(took)
	t.Logf("%d interrupts of an apply of %v: median %v, maximum %v", len(took), whole, took[len(took)/2], took[len(took)-1])
	if most := took[len(took)-1]; most > time.Second {
		t.Errorf("one took %v to end", most)
	}
}
