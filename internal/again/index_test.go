//go:build linux || darwin

package again

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A repo is a real one.
type repo struct {
	t   *testing.T
	dir string
}

func (r repo) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// stage stages text under a name without a file on the disk.
func (r repo) stage(mode, name, text string) {
	r.t.Helper()
	write(r.t, filepath.Join(r.dir, ".git", "text"), text)
	object := r.git("hash-object", "-w", ".git/text")
	r.git("update-index", "--add", "--cacheinfo", mode+","+object+","+name)
}

// files are the regular files below a directory, as git lists them.
func (r repo) files(below string) map[string]string {
	out := map[string]string{}
	for _, line := range strings.Split(r.git("ls-files", "-s", "--", "./"+below), "\n") {
		head, name, _ := strings.Cut(line, "\t")
		if f := strings.Fields(head); strings.HasPrefix(f[0], "100") {
			out[strings.TrimPrefix(name, below)] = f[1]
		}
	}
	return out
}

// TestIndex: an answer about what is staged counts while the names below the directory and
// the objects of what was read are the same, however the index is written.
func TestIndex(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(r repo)
		ok   bool
	}{
		{"nothing", func(repo) {}, true},
		{"the index is written anew", func(r repo) {
			r.git("update-index", "--force-remove", "p/a/read.go")
			r.stage("100644", "p/a/read.go", "a")
		}, true},
		{"in version 4", func(r repo) { r.git("update-index", "--index-version", "4") }, true},
		{"a commit", func(r repo) { r.git("commit", "-q", "-m", "x") }, true},
		{"a file elsewhere", func(r repo) { r.stage("100644", "q/new", "") }, true},
		{"a name that begins like the directory", func(r repo) { r.stage("100644", "p.go", "") }, true},
		{"other content of what was not read", func(r repo) { r.stage("100644", "p/a/other", "b") }, true},
		{"other content of what was read", func(r repo) { r.stage("100644", "p/a/read.go", "b") }, false},
		{"that, in version 4", func(r repo) { r.stage("100644", "p/a/read.go", "b"); r.git("update-index", "--index-version", "4") }, false},
		{"a new name", func(r repo) { r.stage("100644", "p/z", "") }, false},
		{"a name gone", func(r repo) { r.git("update-index", "--force-remove", "p/a/other") }, false},
		{"a name announced only", func(r repo) { write(r.t, r.dir+"/p/n", ""); r.git("add", "-N", "p/n") }, false},
		{"a link in the place of a file", func(r repo) { r.stage("120000", "p/a/read.go", "a") }, false},
		{"the last name gone, and one more elsewhere", func(r repo) { r.git("update-index", "--force-remove", "p/link"); r.stage("100644", "q/new", "") }, false},
		{"a conflict", func(r repo) {
			object := r.files("p/")["a/read.go"]
			cmd := exec.Command("git", "update-index", "--index-info")
			cmd.Dir, cmd.Stdin = r.dir, strings.NewReader("0 "+strings.Repeat("0", 40)+"\tp/a/read.go\n100644 "+object+" 1\tp/a/read.go\n100644 "+object+" 2\tp/a/read.go\n")
			if out, err := cmd.CombinedOutput(); err != nil {
				r.t.Fatalf("%v\n%s", err, out)
			}
		}, false},
		{"a split index", func(r repo) { r.git("update-index", "--split-index") }, false},
		{"no index", func(r repo) { os.Remove(r.dir + "/.git/index") }, false},
		{"a cut index", func(r repo) { os.Truncate(r.dir+"/.git/index", 200) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := repo{t, t.TempDir()}
			r.git("init", "-q")
			for _, name := range []string{"a", "p/a/other", "p/a/read.go", "p/b/" + strings.Repeat("long", 50), "p/b/x", "q"} {
				r.stage("100644", strings.Replace(name, "q", "q/x", 1), "a")
			}
			r.stage("120000", "p/link", "a")
			home := t.TempDir()
			q := ask(t, home)
			q.Record(nil, nil, []Index{{File: r.dir + "/.git/index", Below: "p/", Objects: r.files("p/"), Read: map[string]bool{"a/read.go": true}}}, []byte("out"), nil)
			if _, _, ok := Answer(ask(t, home)); !ok {
				t.Fatal("no answer")
			}
			tt.do(r)
			if _, _, ok := Answer(ask(t, home)); ok != tt.ok {
				t.Errorf("an answer: %v, want %v", ok, tt.ok)
			}
		})
	}
}

// TestIndexNotKept: an index in which this package sees something else than git said is not
// relied on.
func TestIndexNotKept(t *testing.T) {
	t.Parallel()
	r := repo{t, t.TempDir()}
	r.git("init", "-q")
	r.stage("100644", "a", "a")
	r.stage("100644", "b", "b")
	all := func(change func(x *Index)) {
		t.Helper()
		x := Index{File: r.dir + "/.git/index", Objects: r.files("")}
		change(&x)
		home := t.TempDir()
		ask(t, home).Record(nil, nil, []Index{x}, nil, nil)
		if _, _, ok := Answer(ask(t, home)); ok {
			t.Error("an answer")
		}
	}
	all(func(x *Index) { delete(x.Objects, "b") })
	all(func(x *Index) { x.Objects["c"] = x.Objects["b"] })
	all(func(x *Index) { x.Objects["a"] = x.Objects["b"] })
	all(func(x *Index) { x.File += "x" })
	all(func(x *Index) { x.Below = "d\n/" })
	all(func(x *Index) { x.Objects = nil })
}

// FuzzEntries: no bytes make the reader of an index panic, and what it reads is in there.
func FuzzEntries(f *testing.F) {
	head := "DIRC\x00\x00\x00\x02\x00\x00\x00\x01"
	one := strings.Repeat("\x00", 24) + "\x00\x00\x81\xa4" + strings.Repeat("\x00", 12) + strings.Repeat("o", 20) + "\x00\x01a\x00" + strings.Repeat("\x00", 8)
	f.Add([]byte(head+one+strings.Repeat("s", 20)), 20)
	f.Add([]byte(strings.Replace(head, "\x02", "\x04", 1)+one+strings.Repeat("s", 20)), 20)
	f.Add([]byte(head+one+"TREE\x00\x00\x00\x00"+strings.Repeat("s", 20)), 20)
	f.Add([]byte(head+one+"link\x00\x00\x00\x00"+strings.Repeat("s", 20)), 20)
	f.Add([]byte(head), 20)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		whole := entries(data, size, func(e entry) bool {
			if len(e.object) != size || !bytes.Contains(data, e.object) {
				t.Errorf("%x is in no index %q", e.object, data)
			}
			return len(e.name) < 1<<16
		})
		if whole && entries(data[:len(data)-1], size, func(entry) bool { return true }) && len(data) == headSize+size {
			t.Error("a cut head counts")
		}
	})
}
