// Package git is the only door to the git command: [Open] finds the repository
// of a directory, [Repo.Index] reads the files that are staged in it,
// [Repo.Path] asks where git keeps its own, [Repo.Head] which commit is checked
// out, [Repo.Changed] what differs from it. It never writes, and no command that
// it runs refreshes the index.
//
// A repository may be hostile: a clone can hold another repository as ordinary
// files, and an unpacked archive brings a .git with a configuration of its own.
// So git runs with a configuration in which nothing can start a program or
// connect, whatever the repository's says, and it runs no command that
// converts files of the working tree, since the filters of that are programs.
package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/vars"
)

// A Repo is the git repository around a directory.
// It has many methods, one for each question that pinfix asks git.
type Repo struct {
	Dir string // the directory that was asked for, symlinks resolved
	Top string // the top of its working tree

	holder string // the directory of the .git that was found
	gitDir string
	index  string // the file; "" where it is the one in gitDir
	env    []string
}

// Open finds the repository around dir: that of the nearest .git, in dir or above
// it. A bare repository that is there as ordinary files, which git itself would
// take, does not count. environ may be the one that git gives to a hook: the
// index that it names (GIT_INDEX_FILE, which is another one for git commit -a and
// git commit FILE) counts for the repository whose hook it is, and for no other.
// cwd is where the process was started, which relative names in environ belong
// to. The error is an *[Error] where there is no repository that git accepts.
func Open(ctx context.Context, dir, cwd string, environ []string) (*Repo, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	r := &Repo{Dir: dir, env: clean(environ)}
	holder := nearest(dir)
	if holder == "" {
		return nil, &Error{Stderr: "not in a git repository", Err: errNoRepository}
	}
	// git finds the repository by itself first, so that it refuses that of another
	// user (safe.directory), but looks no further than the .git that was found.
	out, err := r.in(holder, "GIT_CEILING_DIRECTORIES="+filepath.Dir(holder)).run(ctx, "rev-parse", "--show-toplevel", "--absolute-git-dir")
	if err != nil {
		return nil, err
	}
	top, gitDir, ok := strings.Cut(strings.TrimSuffix(string(out), "\n"), "\n")
	if !ok {
		return nil, fmt.Errorf("git rev-parse: unexpected output %q", out)
	}
	r.Top = filepath.FromSlash(top)
	if err := r.holds(holder, gitDir); err != nil {
		return nil, err
	}
	// From here on git looks for nothing: a directory on the way may be a repository.
	r.env = append(r.env, "GIT_DIR="+gitDir, "GIT_WORK_TREE="+top)
	r.holder, r.gitDir = holder, filepath.FromSlash(gitDir)
	index := vars.Get(environ, "GIT_INDEX_FILE")
	if index == "" {
		return r, nil
	}
	hook := &Repo{Dir: cwd, env: slices.Concat(environ, harmless)}
	theirs, err := hook.run(ctx, "rev-parse", "--absolute-git-dir")
	if err != nil || strings.TrimSuffix(string(theirs), "\n") != gitDir {
		return r, nil // the hook of another repository
	}
	if !filepath.IsAbs(index) {
		index = filepath.Join(cwd, index)
	}
	r.index = index
	r.env = append(r.env, "GIT_INDEX_FILE="+index)
	return r, nil
}

var errNoRepository = errors.New("no repository")

// nearest returns the directory that has a .git, from dir upwards, or "".
func nearest(dir string) string {
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			return ""
		}
	}
}

// holds returns an error if the repository that git has found is not the one
// whose working tree r.Dir is in. Git before 2.38 does not know
// safe.bareRepository, and takes holder itself where its .git is damaged;
// core.worktree may name any directory.
func (r *Repo) holds(holder, gitDir string) error {
	refuse := func(why string) error {
		return &Error{Args: []string{"rev-parse"}, Stderr: why, Err: errNoRepository}
	}
	if same(filepath.FromSlash(gitDir), holder) {
		return refuse(filepath.Join(holder, ".git") + " is not a repository")
	}
	top, err := filepath.EvalSymlinks(r.Top)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(top, r.Dir); err != nil || !filepath.IsLocal(rel) {
		return refuse(fmt.Sprintf("%s is not in the working tree of its repository, which is %s (core.worktree)", r.Dir, r.Top))
	}
	return nil
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// in returns r for another directory and with more variables.
func (r *Repo) in(dir string, set ...string) *Repo {
	return &Repo{Dir: dir, Top: r.Top, env: slices.Concat(r.env, set)}
}

// harmless are the variables that no git command runs without: it writes
// nothing, fetches nothing (a partial clone would fetch a missing object from
// where its configuration says, which can be a command; git before 2.44 knows no
// GIT_NO_LAZY_FETCH), asks for no password, and shows objects as they are and not
// what refs/replace puts in their place.
var harmless = []string{
	"GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=", "GIT_TERMINAL_PROMPT=0",
	"GIT_NO_REPLACE_OBJECTS=1", "GIT_ATTR_NOSYSTEM=1", "LC_ALL=C",
}

// clean returns environ without what belongs to one repository, and with what
// keeps git from doing harm.
func clean(environ []string) []string {
	return append(vars.Without(environ, vars.Git), harmless...)
}

// Path returns the path of something in git's own directory ("hooks"), as git
// resolves it for linked worktrees and core.hooksPath. To ask for it runs no hook.
func (r *Repo) Path(ctx context.Context, name string) (string, error) {
	out, err := r.in(r.Top).exec(ctx, nil, "rev-parse", "--git-path", name)
	if err != nil {
		return "", err
	}
	path := filepath.FromSlash(strings.TrimSuffix(string(out), "\n"))
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.Top, path)
	}
	return path, nil
}

// Ignored reports whether git ignores a path below the repository's directory.
func (r *Repo) Ignored(ctx context.Context, path string) bool {
	_, err := r.run(ctx, "check-ignore", "-q", "--", path)
	return err == nil
}

// FromBelow reports whether git, which runs a hook or an alias at the top of the working tree,
// was started in a directory below. The name of that directory is of no use: with git -C the
// user's shell is in another one.
func FromBelow(environ []string) bool { return vars.Get(environ, "GIT_PREFIX") != "" }

// Tracks reports whether the index has a path below the repository's directory, a
// symbolic link too.
func (r *Repo) Tracks(ctx context.Context, path string) (bool, error) {
	out, err := r.run(ctx, "ls-files", "-z", "--", ":(literal)"+path)
	return len(out) > 0, err
}

// An Error is a git command that failed, or the lack of a repository to run one in (no Args).
type Error struct {
	Args   []string
	Stderr string
	Err    error
}

func (e *Error) Error() string {
	msg, _, _ := strings.Cut(strings.TrimSpace(e.Stderr), "\n")
	msg = strings.TrimSuffix(msg, " (or any of the parent directories): .git")
	if msg == "" {
		msg = e.Err.Error()
	}
	if len(e.Args) == 0 { // git was not asked
		return msg
	}
	return "git " + e.Args[0] + ": " + strings.TrimPrefix(msg, "fatal: ")
}

func (e *Error) Unwrap() error { return e.Err }

// noHooks is the setting with which git finds no hook.
var noHooks = []string{"-c", "core.hooksPath=" + os.DevNull}

// run runs git and returns its standard output.
func (r *Repo) run(ctx context.Context, args ...string) ([]byte, error) {
	return r.exec(ctx, noHooks, args...)
}

func (r *Repo) exec(ctx context.Context, flags []string, args ...string) ([]byte, error) {
	return output(ctx, r.command(ctx, flags, args...), args)
}

func output(ctx context.Context, cmd *exec.Cmd, args []string) ([]byte, error) {
	stdout, stderr := bounded.Output{Left: bounded.MaxOutput}, bounded.Output{Left: bounded.MaxOutput}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, exec.ErrNotFound) {
			return nil, fault.New("install git, or set PATH", "no git command in PATH")
		}
		if stdout.Full() || stderr.Full() { // git dies of the broken pipe
			return nil, &Error{args, "", bounded.ErrOutput}
		}
		return nil, &Error{args, stderr.Kept.String(), err}
	}
	return stdout.Kept.Bytes(), nil
}

// command returns a git command that starts no program. What is set here counts
// before any configuration: no monitor of the repository's own, no pager, and no
// repository but that of a .git.
func (r *Repo) command(ctx context.Context, flags []string, args ...string) *exec.Cmd {
	all := slices.Concat([]string{"--no-pager", "-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit"}, flags, args)
	cmd := exec.CommandContext(ctx, "git", all...)
	cmd.Dir, cmd.Env = r.Dir, append(slices.Clone(r.env), "PWD="+r.Dir)
	return cmd
}

// HooksScope says which configuration sets core.hooksPath: "local", "worktree",
// "global", "system", "command"; "" where none does.
func (r *Repo) HooksScope(ctx context.Context) (string, error) {
	out, err := r.exec(ctx, nil, "config", "--show-scope", "--get", "core.hooksPath")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return "", nil // not set
	}
	scope, _, _ := strings.Cut(string(out), "\t")
	return scope, err
}
