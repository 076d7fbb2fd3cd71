package git

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/bounded"
)

// A repo is a repository to try things in, without the user's configuration.
type repo struct {
	t   *testing.T
	dir string
	env []string
}

func newRepo(t *testing.T, args ...string) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git in PATH: ", err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &repo{t, filepath.Join(dir, "repo"), append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git(append([]string{"init", "-q"}, args...)...)
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repo) put(name, text string) {
	r.t.Helper()
	full := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) open(sub string) *Repo {
	r.t.Helper()
	got, err := Open(r.t.Context(), filepath.Join(r.dir, sub), r.dir, r.env)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

// everything calls all that the package can ask git for.
func everything(t *testing.T, dir string, env []string) error {
	r, err := Open(t.Context(), dir, dir, env)
	if err != nil {
		return err
	}
	var errs []error
	x, err := r.Index(t.Context())
	errs = append(errs, err)
	if err == nil {
		for name := range x.files {
			_, err := x.ReadFile(name)
			errs = append(errs, err)
		}
		x.Close()
	}
	_, err = r.Path(t.Context(), "hooks")
	errs = append(errs, err)
	_, err = r.HooksScope(t.Context())
	errs = append(errs, err)
	_, err = r.Changed(t.Context())
	errs = append(errs, err)
	_, err = r.Head(t.Context())
	errs = append(errs, err)
	r.Ignored(t.Context(), "vendor/modules.txt")
	r.HasCommit(t.Context(), "0123456789abcdef0123456789abcdef01234567")
	r.Tag(t.Context(), "v1.0.0")
	return errors.Join(errs...)
}

// TestNothingRuns: whatever the configuration of a repository names is not
// started, by no call. The control shows that git itself would.
func TestNothingRuns(t *testing.T) {
	t.Parallel()
	const missing = "0123456789abcdef0123456789abcdef01234567"
	for _, tt := range []struct {
		name, config string
		attributes   string
		control      []string // a git command that runs it
	}{
		{name: "fsmonitor", config: "[core]\nfsmonitor = RUN\n", control: []string{"status"}},
		{name: "clean filter", config: "[filter \"x\"]\nclean = RUN\n", attributes: "* filter=x\n", control: []string{"status"}},
		{name: "process filter", config: "[filter \"x\"]\nprocess = RUN\nrequired = true\n", attributes: "* filter=x\n"},
		{name: "pager", config: "[core]\npager = RUN\n[pager]\nconfig = RUN\nls-files = RUN\n"},
		{name: "external diff", config: "[diff]\nexternal = RUN\n[diff \"x\"]\ncommand = RUN\ntextconv = RUN\n", attributes: "* diff=x\n", control: []string{"diff"}},
		{name: "alias", config: "[alias]\nrev-parse = !RUN\nls-files = !RUN\nconfig = !RUN\ncheck-attr = !RUN\n"},
		{name: "gpg", config: "[gpg]\nprogram = RUN\n[log]\nshowSignature = true\n"},
		{name: "hooks", config: "[core]\nhooksPath = HOOKS\n"},
		{name: "an include", config: "[include]\npath = ../included\n", control: []string{"status"}},
		{name: "a promisor with a command", config: "[core]\nrepositoryformatversion = 1\n[extensions]\npartialClone = origin\n" +
			"[remote \"origin\"]\nurl = ext::RUN\npromisor = true\n[protocol]\nallow = always\n[protocol \"ext\"]\nallow = always\n", control: []string{"cat-file", "-e", missing}},
		{name: "a promisor over ssh", config: "[core]\nrepositoryformatversion = 1\nsshCommand = RUN\n[extensions]\npartialClone = origin\n" +
			"[remote \"origin\"]\nurl = ssh://example.com/x\npromisor = true\n", control: []string{"cat-file", "-e", missing}},
		{name: "a promisor in a directory", config: "[core]\nrepositoryformatversion = 1\n[extensions]\npartialClone = origin\n" +
			"[remote \"origin\"]\nurl = .\nuploadpack = RUN;\npromisor = true\n[protocol \"file\"]\nallow = always\n", control: []string{"cat-file", "-e", missing}},
		{name: "a promisor over git", config: "[core]\nrepositoryformatversion = 1\ngitProxy = RUN\n[extensions]\npartialClone = origin\n" +
			"[remote \"origin\"]\nurl = git://example.com/x\npromisor = true\n", control: []string{"cat-file", "-e", missing}},
		{name: "credentials", config: "[credential]\nhelper = !RUN\n[core]\naskPass = RUN\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.put("a.txt", "a\n")
			r.put(".gitattributes", tt.attributes)
			r.git("add", ".")
			r.git("commit", "-qm", "x")
			r.put("a.txt", "b\n") // so that there is something to compare
			mark := filepath.Join(filepath.Dir(r.dir), "PWNED")
			script := filepath.Join(filepath.Dir(r.dir), "run")
			if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch '"+mark+"'\nexit 1\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			hooks := filepath.Join(filepath.Dir(r.dir), "hooks")
			if err := os.Mkdir(hooks, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"post-index-change", "reference-transaction", "pre-commit", "fsmonitor-watchman"} {
				if err := os.Symlink(script, filepath.Join(hooks, name)); err != nil {
					t.Fatal(err)
				}
			}
			r.put("included", "[core]\nfsmonitor = "+script+"\n")
			text := strings.NewReplacer("RUN", script, "HOOKS", hooks).Replace(tt.config)
			f, err := os.OpenFile(filepath.Join(r.dir, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString(text); err != nil {
				t.Fatal(err)
			}
			f.Close()
			if err := everything(t, r.dir, r.env); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(mark); err == nil {
				t.Error("the repository's command was run")
			}
			if tt.control == nil {
				return
			}
			cmd := exec.Command("git", tt.control...)
			cmd.Dir, cmd.Env = r.dir, r.env
			out, _ := cmd.CombinedOutput()
			if _, err := os.Stat(mark); err != nil {
				t.Errorf("git %v does not run it, so this case shows nothing\n%s", tt.control, out)
			}
		})
	}
}

// embedded puts the files of a bare repository into a directory of r, which run
// the script for every question, and returns the file that it would make.
func (r *repo) embedded(sub, config string) (mark string) {
	r.t.Helper()
	mark = filepath.Join(filepath.Dir(r.dir), "PWNED")
	r.put(filepath.Join(sub, "HEAD"), "ref: refs/heads/main\n")
	for _, dir := range []string{"objects", "refs"} {
		r.put(filepath.Join(sub, dir, "keep"), "")
	}
	r.put(filepath.Join(sub, "config"), fmt.Sprintf(config, mark))
	return mark
}

// TestEmbedded: a repository that is there as ordinary files is none, at the top
// and below it, and the one around it is asked.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	for _, config := range []string{
		"[core]\nrepositoryformatversion = 0\nbare = true\nfsmonitor = touch %s\n",
		"[core]\nrepositoryformatversion = 0\nbare = false\nworktree = ..\nfsmonitor = touch %s\n",
	} {
		for _, sub := range []string{".", "sub", "sub/deep"} {
			r := newRepo(t)
			mark := r.embedded(strings.TrimSuffix(sub, "/deep"), config)
			r.put(filepath.Join(sub, "go.mod"), "module m\n")
			r.git("add", ".")
			r.git("commit", "-qm", "x")
			got := r.open(sub)
			if got.Top != r.dir {
				t.Errorf("%s: the top is %s", sub, got.Top)
			}
			if err := everything(t, got.Dir, r.env); err != nil {
				t.Error(err)
			}
			x, err := got.Index(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			if data, err := x.ReadFile("go.mod"); string(data) != "module m\n" || err != nil {
				t.Errorf("%s: %q, %v", sub, data, err)
			}
			if _, err := os.Stat(mark); err == nil {
				t.Error("the embedded repository's command was run")
			}
		}
	}
}

// Without a repository around it an embedded one is none either, also where its
// .git is there and damaged.
func TestNoRepository(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	mark := r.embedded("alone", "[core]\nbare = false\nworktree = ..\nfsmonitor = touch %s\n")
	if err := os.Rename(filepath.Join(r.dir, ".git"), filepath.Join(r.dir, "git")); err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(r.dir, "alone")
	for _, broken := range []string{"", "dir", "file"} {
		switch broken {
		case "dir":
			r.put("alone/.git/x", "")
		case "file":
			if err := os.RemoveAll(filepath.Join(alone, ".git")); err != nil {
				t.Fatal(err)
			}
			r.put("alone/.git", "gitdir: elsewhere\n")
		}
		want := "git rev-parse: "
		if broken == "" {
			want = "not in a git repository"
		}
		var failed *Error
		if got, err := Open(t.Context(), alone, alone, r.env); !errors.As(err, &failed) || !strings.Contains(err.Error(), want) {
			t.Errorf(".git %q: %v, %v", broken, got, err)
		}
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the embedded repository's command was run")
	}
}

// TestWorktreeElsewhere: core.worktree may name a directory around or below .git,
// but not one that the plugin is not in.
func TestWorktreeElsewhere(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("sub/go.mod", "module m\n")
	r.git("add", ".")
	r.git("commit", "-qm", "x")
	for _, tt := range []struct{ worktree, dir string }{{"..", "sub"}, {"../sub", "sub"}, {"../..", "."}} {
		r.git("config", "core.worktree", tt.worktree)
		if _, err := r.open(tt.dir).Index(t.Context()); err != nil {
			t.Errorf("%s: %v", tt, err)
		}
	}
	for _, worktree := range []string{t.TempDir(), "../sub"} {
		r.git("config", "core.worktree", worktree)
		if got, err := Open(t.Context(), r.dir, r.dir, r.env); err == nil || !strings.Contains(err.Error(), "is not in the working tree of its repository") {
			t.Errorf("%s: %v, %v", worktree, got, err)
		}
	}
}

// TestReplaced: what refs/replace puts in the place of an object is in no commit.
func TestReplaced(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("go.mod", "module good\n")
	good := r.git("hash-object", "-w", "go.mod")
	r.put("go.mod", "module bad\n")
	r.git("add", ".")
	r.git("replace", r.git("hash-object", "go.mod"), good)
	x, err := r.open(".").Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if data, err := x.ReadFile("go.mod"); string(data) != "module bad\n" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t, "--object-format="+format)
			r.put("top.go", "package top\n")
			r.put(".gitattributes", "*.big filter=lfs\n")
			for _, name := range []string{"same.go", "edited.go", "removed.go", "staged.go", "unstaged.go", "crlf.go", "assumed.go", "mode.go", "became.go", "sparse.go", "a b\tc.go", "x.big", "dir/x.go"} {
				r.put("sub/"+name, "package sub // "+name+"\n")
			}
			link := filepath.Join(r.dir, "sub", "link")
			if err := os.Symlink("same.go", link); err != nil {
				t.Skip("no links here: ", err)
			}
			r.git("add", ".")
			r.git("commit", "-qm", "x")
			r.put("sub/untracked.go", "package sub\n")
			check := func(want ...string) {
				t.Helper()
				got, err := r.open("sub").Changed(t.Context())
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("got %q, %v\nwant %q", got, err, want)
				}
			}
			check()

			// What does not count.
			r.put("top.go", "package other\n") // not below the directory
			r.put("sub/crlf.go", "package sub // crlf.go\r\n")
			r.put("sub/x.big", "the file behind the pointer\n")
			if err := os.Chmod(filepath.Join(r.dir, "sub", "mode.go"), 0o755); err != nil {
				t.Fatal(err)
			}
			r.git("update-index", "--skip-worktree", "sub/sparse.go")
			if err := os.Remove(filepath.Join(r.dir, "sub", "sparse.go")); err != nil {
				t.Fatal(err)
			}
			check()

			// What does.
			r.git("update-index", "--assume-unchanged", "sub/assumed.go")
			for _, name := range []string{"edited.go", "assumed.go", "a b\tc.go"} {
				r.put("sub/"+name, "package other\n")
			}
			r.put("sub/staged.go", "package staged\n")
			r.put("sub/new.go", "package new\n")
			r.put("sub/intended.go", "package intended\n")
			r.git("add", "sub/staged.go", "sub/new.go")
			r.git("add", "-N", "sub/intended.go")
			r.git("rm", "-q", "--cached", "sub/unstaged.go")
			for _, name := range []string{"removed.go", "became.go", "link", "dir/x.go", "dir"} {
				if err := os.Remove(filepath.Join(r.dir, "sub", name)); err != nil {
					t.Fatal(err)
				}
			}
			r.put("sub/became.go/x", "")
			for name, to := range map[string]string{"link": "edited.go", "dir": "/"} {
				if err := os.Symlink(to, filepath.Join(r.dir, "sub", name)); err != nil {
					t.Fatal(err)
				}
			}
			check("a b\tc.go", "assumed.go", "became.go", "dir/x.go", "edited.go", "intended.go", "link", "new.go", "removed.go", "staged.go", "unstaged.go")
		})
	}
}

// TestEndless: what prints without end is stopped, and little of it is kept.
func TestEndless(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("yes"); err != nil {
		t.Skip("nothing that prints without end: ", err)
	}
	out, err := output(t.Context(), exec.Command("yes", strings.Repeat("x", 1<<16)), []string{"ls-files"})
	if len(out) > 0 || !errors.Is(err, bounded.ErrOutput) || err.Error() != "git ls-files: it prints more than 512 MiB" {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}
