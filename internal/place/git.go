package place

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/shell"
)

// GitPrefix returns the path from the top of root's git repository to root, as
// git rev-parse --show-prefix does: git apply takes the paths of a patch from
// there. "" outside of one.
func GitPrefix(root string) string {
	prefix, _ := inGit(root)
	return prefix
}

// inGit returns GitPrefix, and whether root is in a repository.
func inGit(root string) (prefix string, ok bool) {
	top := Repository(root)
	rel, err := filepath.Rel(top, root)
	if top == "" || err != nil || rel == "." {
		return "", top != ""
	}
	return filepath.ToSlash(rel), true
}

// Repository is the top of the git repository that root is in; "" where it is in none.
func Repository(root string) string {
	for top := root; ; top = filepath.Dir(top) {
		if _, err := os.Lstat(filepath.Join(top, ".git")); err == nil {
			return top
		}
		if filepath.Dir(top) == top {
			return ""
		}
	}
}

// ReviewPrefix is what a review puts before the names of the plugin's files: the
// way from the top of the repository or, outside of one, from where pinfix runs.
func ReviewPrefix(root string) string {
	if prefix, ok := inGit(root); ok {
		return prefix
	}
	if prefix := filepath.ToSlash(FromHere(root)); prefix != "." {
		return prefix
	}
	return ""
}

// IgnoreLine says how git leaves the built plugin out; "" where it does, or where no
// repository is. name is the plugin's file below root.
func IgnoreLine(ctx context.Context, root, name string, environ []string) string {
	repo, err := git.Open(ctx, root, root, environ)
	if err != nil || repo.Ignored(ctx, name) {
		return ""
	}
	return "keep the built plugin out of git: echo '*.so' >> " + shell.Quote(path.Join(filepath.ToSlash(FromHere(root)), ".gitignore"))
}

// Ignored reports whether git ignores a file, by its full name.
func Ignored(ctx context.Context, full string, environ []string) bool {
	dir := filepath.Dir(full)
	repo, err := git.Open(ctx, dir, dir, environ)
	return err == nil && repo.Ignored(ctx, filepath.Base(full))
}

// Unknown reports whether a file is there that git neither has in its index nor ignores.
func Unknown(ctx context.Context, full string, environ []string) bool {
	dir := filepath.Dir(full)
	repo, err := git.Open(ctx, dir, dir, environ)
	if err != nil || !Exists(full) || repo.Ignored(ctx, filepath.Base(full)) {
		return false
	}
	known, err := repo.Tracks(ctx, filepath.Base(full))
	return err == nil && !known
}

// InRepository reports whether git would find a repository at dir or above it.
func InRepository(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); !errors.Is(err, os.ErrNotExist) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}
