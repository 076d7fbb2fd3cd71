//go:build unix

package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestClone: what a clone can bring of links and journals makes no command but
// apply write anything, and apply nothing outside of the module.
func TestClone(t *testing.T) {
	t.Parallel()
	w, r := newKillWorld(t), rand.New(rand.NewPCG(*seed, 14))
	readers := [][]string{{"check"}, {"check", "--staged"}, {"check", "./..."}, {"server"}, {"verify", "plugin.so"}, {"build", "--print"}, {"snapshot", "-o", "-"}}
	counts := map[string]int{}
	for i := range 2 * *kills {
		top := filepath.Dir(w.copy(t))
		root := filepath.Join(top, "plugin")
		apply := i%8 == 7
		w.makeHostile(t, r, top, root, !apply && r.IntN(4) > 0 || i%16 == 7)
		before := wholeTree(t, top)
		args := readers[r.IntN(len(readers))]
		switch {
		case apply:
			args = []string{"apply"}
		case i%8 == 3:
			args = []string{"apply", "-n"}
		}
		cmd := exec.Command("pinfix", append([]string{args[0], "-C", root, "-s", w.text}, args[1:]...)...)
		cmd.Env = append(w.env, "TMPDIR="+w.temp[0])
		out, _ := cmd.CombinedOutput()
		code := cmd.ProcessState.ExitCode()
		counts[fmt.Sprintf("%s: exit %d", args[0], code)]++
		after := wholeTree(t, top)
		if strings.Contains(string(out), "panic") || code < 0 {
			t.Fatalf("%v: exit code %d\n%s", args, code, out)
		}
		for _, name := range differing(before, after) {
			inside := strings.HasPrefix(name, "plugin/") && !strings.HasPrefix(strings.ToLower(name), "plugin/.git/")
			if !apply || !inside || code == 2 {
				t.Fatalf("run %d: %v with exit code %d changed %s: %q, now %q\n%s", i, args, code, name, before[name], after[name], out)
			}
		}
	}
	t.Logf("%v", counts)
}

// makeHostile puts links, and a journal if that is asked for, into the module at root, a
// repository, and files outside of it into top.
func (w *killWorld) makeHostile(t *testing.T, r *rand.Rand, top, root string, journal bool) {
	t.Helper()
	for name, data := range map[string]string{
		"outside/go.mod": "module example.com/outside\n", "outside/pins.go": "package main\n", "outside/vendor/modules.txt": "# x\n",
		"plugin/gateway/HEAD": "ref: refs/heads/main\n", "plugin/gateway/objects/x": "", "plugin/gateway/refs/x": "",
	} {
		file := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, file, []byte(data))
	}
	git := exec.Command("git", "init", "-q", root)
	git.Env = append(w.env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	if out, err := git.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	writeFile(t, filepath.Join(root, ".git", "hooks", "pre-commit"), []byte("#!/bin/sh\n"))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	for range r.IntN(4) {
		name := pick("g", "h", "d", "pins.go", "vendor", "go.sum", "server.buildinfo", ".GIT2", "sub/g")
		to := pick(".git", ".git/hooks", ".git/HEAD", "..", "../outside", "../outside/vendor", "../outside/pins.go", top+"/outside", "g", "h", "gateway", "nowhere", "/")
		at := filepath.Join(root, filepath.FromSlash(name))
		if err := os.RemoveAll(at); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err == nil {
			_ = os.Symlink(to, at) // its name may be taken
		}
	}
	// All is tracked, so that no link is the user's.
	git = exec.Command("git", "-C", root, "add", "-f", "-A", ".", ":!gateway")
	git.Env = append(w.env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	_ = git.Run() // some of these links are more than git takes
	if !journal {
		return
	}
	writeFile(t, filepath.Join(root, pick(".pinfix-journal", ".pinfix-journal", ".pinfix-journal-done")), randomJournal(t, r, root))
}

// randomJournal is one of this release or an older one, whole or not, about files
// that are there.
func randomJournal(t *testing.T, r *rand.Rand, root string) []byte {
	t.Helper()
	sum := func(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
	type entry struct {
		Path string   `json:"path"`
		Old  string   `json:"old,omitempty"`
		New  string   `json:"new,omitempty"`
		Dirs []string `json:"dirs,omitempty"`
	}
	var files []entry
	paths := []string{"go.mod", "main.go", "g/HEAD", "h/pre-commit", "g/hooks/pre-commit", ".git/HEAD", "d/go.mod", "d/vendor/modules.txt", "gateway/HEAD", "sub/g/HEAD", "pins.go"}
	for range 1 + r.IntN(3) {
		e := entry{Path: paths[r.IntN(len(paths))]}
		data, _ := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.Path)))
		e.New = sum(data)
		if r.IntN(2) == 0 {
			old := []byte("the old one\n")
			at := filepath.Join(root, filepath.FromSlash(e.Path))
			_ = os.WriteFile(filepath.Join(filepath.Dir(at), "."+filepath.Base(at)+".pinfix-old-abababababababab"), old, 0o666)
			e.Old = sum(old)
		}
		files = append(files, e)
	}
	all := map[string]any{"id": "abababababababab", "files": files}
	if r.IntN(3) == 0 {
		all["vendor"] = map[string]any{"old": false, "new": sum(nil)}
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	data := fmt.Appendf(nil, "pinfix journal %d\n%s\n", 1+r.IntN(2), body)
	if strings.HasPrefix(string(data), "pinfix journal 1") {
		data = fmt.Appendf(data, "sum %s\n", sum(data))
	}
	if r.IntN(6) == 0 {
		data = data[:r.IntN(len(data))]
	}
	return data
}

// wholeTree is all there is below dir: slash path -> mode and content, links and
// directories too.
func wholeTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var data []byte
		switch {
		case d.Type() == fs.ModeSymlink:
			var to string
			to, err = os.Readlink(name)
			data = []byte(to)
		case d.Type().IsRegular():
			data, err = os.ReadFile(name)
		}
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = fmt.Sprintf("%v %s", info.Mode(), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func differing(a, b map[string]string) (names []string) {
	for name, what := range a {
		if b[name] != what {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}
