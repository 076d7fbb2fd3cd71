//go:build linux || darwin

package again

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/kept"
)

// asked returns a question whose answer is kept, and where: in a directory of its own, and
// long after the files of the test were made.
func ask(t *testing.T, home string, args ...string) *Question {
	t.Helper()
	q := Ask(append([]string{"pinfix", Command}, args...), []string{"HOME=" + home, "A=b"})
	if q == nil {
		t.Fatal("no question")
	}
	q.at = q.at.Add(time.Hour)
	return q
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAgain: the answer counts while nothing is different, and not after any change.
func TestAgain(t *testing.T) {
	t.Parallel()
	const answer, said = "pinned\n\nto it\n", "a note\n"
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, dir string, q *Question) // between the two runs
		args []string                                    // of the second
		ok   bool
	}{
		{name: "nothing", ok: true},
		{name: "another file", do: func(t *testing.T, dir string, _ *Question) { write(t, dir+"/other/file", "") }, ok: true},
		{name: "a write in what must only be there", do: func(t *testing.T, dir string, _ *Question) { write(t, dir+"/git/index", "more") }, ok: true},
		{name: "another option", args: []string{"-q"}},
		{name: "a file with other content of the same size", do: func(t *testing.T, dir string, _ *Question) { write(t, dir+"/a/file", "txet") }},
		{name: "that, with its old time", do: func(t *testing.T, dir string, _ *Question) {
			info, err := os.Stat(dir + "/a/file")
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir+"/a/file", "txet")
			if err := os.Chtimes(dir+"/a/file", info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a file gone", do: func(t *testing.T, dir string, _ *Question) { os.Remove(dir + "/a/file") }},
		{name: "a link in the place of a file", do: func(t *testing.T, dir string, _ *Question) {
			write(t, dir+"/b", "text")
			os.Remove(dir + "/a/file")
			if err := os.Symlink(dir+"/b", dir+"/a/file"); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a new name in a directory", do: func(t *testing.T, dir string, _ *Question) { write(t, dir+"/a/more", "") }},
		{name: "what was not there", do: func(t *testing.T, dir string, _ *Question) { write(t, dir+"/absent", "") }},
		{name: "what must be there is gone", do: func(t *testing.T, dir string, _ *Question) { os.RemoveAll(dir + "/git") }},
		{name: "a record that others may write", do: func(t *testing.T, _ string, q *Question) {
			if err := os.Chmod(q.file, 0o666); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a record that is a link", do: func(t *testing.T, dir string, q *Question) {
			if err := os.Rename(q.file, dir+"/record"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(dir+"/record", q.file); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "another program", do: func(_ *testing.T, _ string, q *Question) {
			q.head = append(q.head[:len(q.head)-1:len(q.head)-1], "0\n"...)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			home, dir := t.TempDir(), t.TempDir()
			write(t, dir+"/a/file", "text")
			write(t, dir+"/git/index", "")
			first := ask(t, home)
			if _, _, ok := Answer(first); ok {
				t.Error("an answer before the first")
			}
			first.Record([]string{dir + "/a", dir + "/a/file", dir + "/absent"}, []string{dir + "/git"}, nil, []byte(answer), []byte(said))
			second := ask(t, home, tt.args...)
			if tt.do != nil {
				tt.do(t, dir, second)
			}
			stdout, stderr, ok := Answer(second)
			if ok != tt.ok {
				t.Errorf("an answer: %v, want %v", ok, tt.ok)
			}
			if ok && (stdout != answer || stderr != said) {
				t.Errorf("%q, %q", stdout, stderr)
			}
		})
	}
}

// TestNotKept: what may change without a sign is not kept.
func TestNotKept(t *testing.T) {
	t.Parallel()
	for name, record := range map[string]func(q *Question, dir string){
		"a file that has just changed":  func(q *Question, dir string) { q.at = time.Now(); q.Record([]string{dir}, nil, nil, nil, nil) },
		"a name with the end of a line": func(q *Question, dir string) { q.Record([]string{dir + "/a\nb"}, nil, nil, nil, nil) },
		"a name from the directory":     func(q *Question, _ string) { q.Record([]string{"again.go"}, nil, nil, nil, nil) },
		"an answer that is too long":    func(q *Question, _ string) { q.Record(nil, nil, nil, make([]byte, maxRecord), nil) },
		"a cache that others may write": func(q *Question, _ string) {
			os.MkdirAll(filepath.Dir(q.file), 0o777)
			os.Chmod(filepath.Dir(q.file), 0o777)
			q.Record(nil, nil, nil, nil, nil)
		},
		"a cache in the place of which is": func(q *Question, dir string) {
			write(t, filepath.Dir(filepath.Dir(q.file)), "")
			q.Record(nil, nil, nil, nil, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			record(ask(t, home), t.TempDir())
			if _, _, ok := Answer(ask(t, home)); ok {
				t.Error("an answer")
			}
		})
	}
	for _, args := range [][]string{{"pinfix"}, {"pinfix", "apply"}, {"pinfix", "-q", "check"}} {
		if Ask(args, []string{"HOME=" + t.TempDir()}) != nil {
			t.Errorf("%q is a question", args)
		}
	}
	if Ask([]string{"pinfix", Command}, []string{"HOME=relative"}) != nil {
		t.Error("a question without a place for its answer")
	}
	var none *Question
	none.Record(nil, nil, nil, nil, nil)
	if _, _, ok := Answer(none); ok {
		t.Error("an answer to no question")
	}
}

// TestEnvironment: each variable counts, but for those of the shell's last command; and the
// cache is where XDG_CACHE_HOME says.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	same := func(a, b string) bool { return environment(strings.Fields(a)) == environment(strings.Fields(b)) }
	if same("A=b C=d", "A=b") || same("A=b", "A=c") || same("AB= C", "A BC") {
		t.Error("a variable does not count")
	}
	if same("GIT_INDEX_FILE=a", "GIT_INDEX_FILE=b") || same("GIT_DIR=a", "") {
		t.Error("which index it is does not count")
	}
	if !same("A=b _=x OLDPWD=/a SHLVL=1 GIT_AUTHOR_DATE=@1", "A=b SHLVL=2 GIT_AUTHOR_DATE=@2") {
		t.Error("how the shell came to the command counts")
	}
	home := t.TempDir()
	q := ask(t, home)
	if !strings.HasPrefix(q.file, home) {
		t.Error(q.file)
	}
}

// TestCacheDir: answers are kept where all else is, see kept.UserDir, which this package cannot
// wait for.
func TestCacheDir(t *testing.T) {
	t.Parallel()
	for _, environ := range []string{"HOME=/h", "HOME=/h XDG_CACHE_HOME=/x", "HOME=/h XDG_CACHE_HOME=", "HOME=/h XDG_CACHE_HOME=x", "XDG_CACHE_HOME=/x", "HOME=h", "A=b", "HOME=", "HOME=/h HOME=/i"} {
		e := strings.Fields(environ)
		want, ok := kept.UserDir(e)
		if q := Ask([]string{"pinfix", Command}, e); (q != nil) != ok || ok && q.dir != want+"/checked" {
			t.Errorf("%s: %+v, want in %s %v", environ, q, want, ok)
		}
	}
}

// FuzzAnswer: no text of a record that is not this question's gives an answer, none makes
// it panic, and an answer is the end of the record.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"", "\n", "= 6\nanswer", "= 7\nanswer", "- /absent\n= 3\nanswer", "+ /\n= 6\nanswer", "- /\n= 6\nanswer", "1,2 /", "-", "@ 20 1 /absent\n\n", "@ x\n= 0\n"} {
		f.Add(true, seed)
		f.Add(false, seed)
	}
	f.Fuzz(func(t *testing.T, mine bool, rest string) {
		q := ask(t, t.TempDir())
		text := rest
		if mine {
			text = string(q.head) + rest
		}
		write(t, q.file, text)
		out, said, ok := Answer(q)
		if ok && (!mine && !strings.HasPrefix(rest, string(q.head)) || !strings.HasSuffix(rest, "\n"+out+said)) {
			t.Errorf("%q answers %q", text, out)
		}
		last := fmt.Sprintf("%s %d", printed, len(out))
		if lines := strings.Split(rest, "\n"); ok && mine && !slices.Contains(lines, last) && !strings.Contains(rest, printed) {
			t.Errorf("%q answers without an end of its files", text)
		}
	})
}
