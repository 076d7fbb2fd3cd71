package git

import (
	"context"
	"strings"
)

// Head returns the commit that is checked out.
func (r *Repo) Head(ctx context.Context) (string, error) {
	return r.line(ctx, "rev-parse", "--verify", "HEAD^{commit}")
}

// HasCommit reports whether a commit, perhaps abbreviated, is in the repository.
func (r *Repo) HasCommit(ctx context.Context, commit string) bool {
	_, err := r.run(ctx, "cat-file", "-e", commit+"^{commit}")
	return err == nil
}

// Tag returns the commit of a tag, or "".
func (r *Repo) Tag(ctx context.Context, tag string) string {
	commit, err := r.line(ctx, "rev-parse", "--verify", "--quiet", "refs/tags/"+tag+"^{commit}")
	if err != nil {
		return ""
	}
	return commit
}

func (r *Repo) line(ctx context.Context, args ...string) (string, error) {
	out, err := r.run(ctx, args...)
	return strings.TrimRight(string(out), "\n"), err
}
