// Package git is the only door to the git command: [Open] finds the repository
// of a directory, [Repo.Index] reads the files that are staged in it,
// [Repo.Path] asks where git keeps its own, [Repo.Head] which commit is checked
// out. It never writes, and no command that it runs refreshes the index.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/vars"
)

// A Repo is the git repository around a directory.
type Repo struct {
	Dir string // the directory that was asked for
	Top string // the top of its working tree

	env []string
}

// Open finds the repository around dir. environ may be the one that git gives to
// a hook: the index that it names (GIT_INDEX_FILE, which is another one for
// git commit -a and git commit FILE) counts for the repository whose hook it is,
// and for no other. cwd is where the process was started, which relative names
// in environ belong to.
func Open(ctx context.Context, dir, cwd string, environ []string) (*Repo, error) {
	r := &Repo{Dir: dir, env: clean(environ)}
	out, err := r.run(ctx, "rev-parse", "--show-toplevel", "--absolute-git-dir")
	if err != nil {
		return nil, err
	}
	top, gitDir, ok := strings.Cut(strings.TrimSuffix(string(out), "\n"), "\n")
	if !ok {
		return nil, fmt.Errorf("git rev-parse: unexpected output %q", out)
	}
	r.Top = filepath.FromSlash(top)
	index := vars.Get(environ, "GIT_INDEX_FILE")
	if index == "" {
		return r, nil
	}
	hook := &Repo{Dir: cwd, env: slices.Clone(environ)}
	theirs, err := hook.run(ctx, "rev-parse", "--absolute-git-dir")
	if err != nil || strings.TrimSuffix(string(theirs), "\n") != gitDir {
		return r, nil // the hook of another repository
	}
	if !filepath.IsAbs(index) {
		index = filepath.Join(cwd, index)
	}
	r.env = append(r.env, "GIT_INDEX_FILE="+index)
	return r, nil
}

// clean returns environ without what belongs to one repository. git reads only:
// it must not even refresh the index, fetch, or ask for a password.
func clean(environ []string) []string {
	return append(vars.Without(environ, vars.Git), "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
}

// Path returns the path of something in git's own directory ("hooks"), as git
// resolves it for linked worktrees and core.hooksPath.
func (r *Repo) Path(ctx context.Context, name string) (string, error) {
	out, err := r.run(ctx, "rev-parse", "--git-path", name)
	if err != nil {
		return "", err
	}
	path := filepath.FromSlash(strings.TrimSuffix(string(out), "\n"))
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.Dir, path)
	}
	return path, nil
}

// Ignored reports whether git ignores a path below the repository's directory.
func (r *Repo) Ignored(ctx context.Context, path string) bool {
	_, err := r.run(ctx, "check-ignore", "-q", "--", path)
	return err == nil
}

// Tracks reports whether the index has a path below the repository's directory, a
// symbolic link too.
func (r *Repo) Tracks(ctx context.Context, path string) (bool, error) {
	out, err := r.run(ctx, "ls-files", "-z", "--", ":(literal)"+path)
	return len(out) > 0, err
}

// An Error is a git command that failed.
type Error struct {
	Args   []string
	Stderr string
	Err    error
}

func (e *Error) Error() string {
	msg, _, _ := strings.Cut(strings.TrimSpace(e.Stderr), "\n")
	if msg == "" {
		msg = e.Err.Error()
	}
	return "git " + e.Args[0] + ": " + strings.TrimPrefix(msg, "fatal: ")
}

func (e *Error) Unwrap() error { return e.Err }

func (r *Repo) run(ctx context.Context, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := r.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("no git command in PATH")
		}
		return nil, &Error{args, stderr.String(), err}
	}
	return stdout.Bytes(), nil
}

func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	// A monitor of the repository's own is a program, and would be started.
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir, cmd.Env = r.Dir, append(r.env, "PWD="+r.Dir)
	return cmd
}

// HooksScope says which configuration sets core.hooksPath: "local", "worktree",
// "global", "system", "command"; "" where none does.
func (r *Repo) HooksScope(ctx context.Context) (string, error) {
	out, err := r.run(ctx, "config", "--show-scope", "--get", "core.hooksPath")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return "", nil // not set
	}
	scope, _, _ := strings.Cut(string(out), "\t")
	return scope, err
}
