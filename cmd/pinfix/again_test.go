package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An asker asks pinfix check the same thing again and again, about a plugin in a repository.
type asker struct {
	t      *testing.T
	pinfix string
	dir    string // of the repository, of HOME and of the git that notes its start
	args   []string
	env    []string
}

// newAsker makes a repository with two plugins, of which one has a tree of vendored files, a
// program, and a library.
func newAsker(t *testing.T, pinfix string, args ...string) *asker {
	a := &asker{t: t, pinfix: pinfix, dir: t.TempDir(), args: args}
	small := scale{modules: 3, packages: 2, files: 1, own: 3, graph: true}
	small.write(t, a.dir)
	for name, to := range map[string]string{"server.buildinfo": "repo/one/server.buildinfo", "plugin": "repo/one"} {
		if name == "plugin" {
			if err := os.CopyFS(filepath.Join(a.dir, "repo", "one"), os.DirFS(filepath.Join(a.dir, name))); err != nil {
				t.Fatal(err)
			}
			continue
		}
		text, err := os.ReadFile(filepath.Join(a.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		putFile(t, filepath.Join(a.dir, to), string(text))
	}
	putFile(t, filepath.Join(a.dir, "repo/tool/go.mod"), "module example.com/tool\n\ngo 1.21\n")
	putFile(t, filepath.Join(a.dir, "repo/tool/main.go"), "package main\n\nfunc main() { println() }\n")
	putFile(t, filepath.Join(a.dir, "repo/tool/sub/lib.go"), "package sub\n")
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, filepath.Join(a.dir, "bin", "git"), "#!/bin/sh\n: >"+a.dir+"/started\nexec "+git+" \"$@\"\n")
	if err := os.Chmod(filepath.Join(a.dir, "bin", "git"), 0o777); err != nil {
		t.Fatal(err)
	}
	a.git("init", "-q")
	a.git("add", "-A")
	return a
}

func (a *asker) git(args ...string) string {
	a.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = filepath.Join(a.dir, "repo")
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// ask returns what check prints and exits with.
func (a *asker) ask() (out string, code int) {
	a.t.Helper()
	cmd := exec.Command(a.pinfix, append([]string{"check"}, a.args...)...)
	cmd.Dir = filepath.Join(a.dir, "repo")
	cmd.Env = append([]string{"PATH=" + filepath.Join(a.dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + a.dir, "GOMODCACHE=" + filepath.Join(a.dir, "cache")}, a.env...)
	text, _ := cmd.CombinedOutput()
	return string(text), cmd.ProcessState.ExitCode()
}

// record returns the file of the kept answer, nil if there is none: a new one is another file.
func (a *asker) record() os.FileInfo {
	a.t.Helper()
	list, _ := os.ReadDir(filepath.Join(a.dir, ".cache", "pinfix", "checked"))
	if len(list) == 0 {
		return nil
	}
	info, err := list[0].Info()
	if err != nil {
		a.t.Fatal(err)
	}
	return info
}

// kept asks until an answer is kept, and returns it.
func (a *asker) kept() string {
	a.t.Helper()
	again := time.NewTicker(time.Second / 2)
	defer again.Stop()
	for end := time.After(time.Minute); ; {
		out, code := a.ask()
		if code != exitOK {
			a.t.Fatalf("check exits %d\n%s", code, out)
		}
		if a.record() != nil {
			return out
		}
		select {
		case <-again.C: // what has just been written may be written again in the same moment
		case <-end:
			a.t.Fatal("no answer is kept")
		}
	}
}

// stage stages text under a name, without a file of it.
func (a *asker) stage(name, text string) {
	a.t.Helper()
	putFile(a.t, filepath.Join(a.dir, "text"), text)
	object := a.git("hash-object", "-w", filepath.Join(a.dir, "text"))
	a.git("update-index", "--add", "--cacheinfo", "100644,"+object+","+name)
}

// checkAgain asks about what is staged, and about a whole repository, and changes in between
// what the answer depends on, one thing at a time.
func checkAgain(t *testing.T, pinfix string) {
	t.Run("staged", func(t *testing.T) {
		t.Parallel()
		checkStagedAgain(newAsker(t, pinfix, "--staged", "-C", "one"))
	})
	mod := "module example.com/more\n\ngo 1.21\n"
	for what, tt := range map[string]struct {
		args []string
		do   func(a *asker)
		code int
		out  string // in what is said then
	}{
		"a pin undone":                  {[]string{"./..."}, func(a *asker) { putFile(t, a.dir+"/repo/one/go.sum", "") }, exitDiffers, "go.sum"},
		"a new module":                  {[]string{"./..."}, func(a *asker) { putFile(t, a.dir+"/repo/new/deep/go.mod", mod) }, exitOK, "deep"},
		"a module in what was left out": {[]string{"./..."}, func(a *asker) { putFile(t, a.dir+"/repo/tool/sub/go.mod", mod) }, exitOK, "sub: no main"},
		"a program becomes a plugin": {[]string{"-q", "./..."}, func(a *asker) {
			putFile(t, a.dir+"/repo/tool/main.go", "package main\n\nfunc InitModule() {}\n")
			putFile(t, a.dir+"/repo/tool/server.buildinfo", "no snapshot")
		}, exitTrouble, ""},
		"a program gets a server":   {[]string{"./..."}, func(a *asker) { putFile(t, a.dir+"/repo/tool/.pinfix.yaml", "server: none\n") }, exitTrouble, ""},
		"a module gone":             {[]string{"./..."}, func(a *asker) { os.RemoveAll(a.dir + "/repo/tool") }, exitOK, ""},
		"a directory of the walk's": {[]string{"./one/..."}, func(a *asker) { putFile(t, a.dir+"/repo/one/inner/go.mod", mod) }, exitOK, "inner"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			a := newAsker(t, pinfix, tt.args...)
			was := a.kept()
			record := a.record()
			if out, code := a.ask(); out != was || code != exitOK {
				t.Errorf("asked again, check exits %d, %q, and before %q", code, out, was)
			}
			if !os.SameFile(record, a.record()) {
				t.Error("asked again, check has found the answer anew")
			}
			tt.do(a)
			out, code := a.ask()
			if out == was && code == exitOK || code != tt.code || !strings.Contains(out, tt.out) {
				t.Errorf("exit %d, want %d, with %q; before %q, and now\n%s", code, tt.code, tt.out, was, out)
			}
		})
	}
}

func checkStagedAgain(a *asker) {
	t := a.t
	first := a.kept()
	started := filepath.Join(a.dir, "started")
	again := func(what string, want bool) (code int) {
		t.Helper()
		_ = os.Remove(started)
		out, code := a.ask()
		if _, err := os.Stat(started); (err != nil) != want {
			t.Errorf("%s: answered without git: %v, want %v", what, err != nil, want)
		}
		if want && out != first {
			t.Errorf("%s: %q, and before %q", what, out, first)
		}
		return code
	}
	again("nothing", true)
	main := a.git("show", ":one/main.go")
	for _, tt := range []struct {
		what string
		do   func()
		undo func()
		want bool // the answer is given again
		code int
	}{
		{"a file elsewhere", func() { a.stage("tool/more.txt", "") }, nil, true, exitOK},
		{"a file on the disk only", func() { putFile(t, a.dir+"/repo/one/main.go", "package broken {") }, func() { putFile(t, a.dir+"/repo/one/main.go", main+"\n") }, true, exitOK},
		{"the hook of a commit", func() { a.env = []string{"GIT_AUTHOR_DATE=@1764312345 +0000"} }, func() { a.env = nil }, true, exitOK},
		{"a Go file", func() { a.stage("one/main.go", main+"\n// more\n") }, func() { a.stage("one/main.go", main+"\n") }, false, exitOK},
		{"a Go file that does not parse", func() { a.stage("one/main.go", "package") }, func() { a.stage("one/main.go", main+"\n") }, false, exitTrouble},
		{"a new file", func() { a.stage("one/new.txt", "") }, func() { a.git("update-index", "--force-remove", "one/new.txt") }, false, exitOK},
		{"go.sum", func() { a.stage("one/go.sum", "") }, func() { a.git("reset", "-q"); a.git("add", "-A") }, false, exitDiffers},
		{"no go.sum", func() { a.git("update-index", "--force-remove", "one/go.sum") }, func() { a.git("add", "-A") }, false, exitDiffers},
		{"a vendored file gone", func() { a.git("update-index", "--force-remove", "one/vendor/example.com/m00002/p001/f0.go") }, func() { a.git("add", "-A") }, false, exitDiffers},
		{"the snapshot", func() { a.stage("one/server.buildinfo", "none") }, func() { a.git("add", "-A") }, false, exitTrouble},
		{"a conflict", func() {
			object := a.git("rev-parse", ":one/main.go")
			cmd := exec.Command("git", "update-index", "--index-info")
			cmd.Dir, cmd.Stdin = filepath.Join(a.dir, "repo"), strings.NewReader("0 "+strings.Repeat("0", 40)+"\tone/main.go\n100644 "+object+" 1\tone/main.go\n")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}, func() { a.stage("one/main.go", main+"\n") }, false, exitTrouble},
		{"another index", func() { a.env = []string{"GIT_INDEX_FILE=" + a.dir + "/repo/.git/other"} }, func() { a.env = nil }, false, exitTrouble},
		{"the repository's configuration", func() { a.git("config", "core.worktree", "../..") }, nil, false, exitTrouble},
	} {
		tt.do()
		if code := again(tt.what, tt.want); code != tt.code {
			t.Errorf("%s: exit %d, want %d", tt.what, code, tt.code)
		}
		if tt.undo != nil {
			tt.undo()
			a.ask() // it may have been about the change that an answer was kept
			again(tt.what+", undone", true)
		}
	}
}
