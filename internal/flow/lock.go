package flow

import (
	"context"

	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/wants"
)

// lock takes the right to write the plugin before its first file is read: two
// that plan at the same time would both be right, and the second one would have
// planned for files that are no more. A dry run needs none.
func acquire(ctx context.Context, o wants.Options) (*commit.Lock, error) {
	if o.DryRun {
		return nil, nil
	}
	_, root, err := plugin.Locate(o.Dir)
	if err != nil {
		return nil, err
	}
	lock, outcome, err := commit.Acquire(ctx, root, brought(ctx, o.Environ), waiting(root, o.Step))
	if note := restored(outcome); err == nil && note != "" {
		o.Step(note)
	}
	return lock, err
}

func waiting(root string, step func(string)) commit.Waits {
	return func(holder string) { step("waiting for " + holder + ", which has locked " + root) }
}

// Restore brings the module around dir back to what it was, or to what it was to
// become, where a pinfix was killed while it wrote. It returns what to tell of
// it; "" nearly always.
func Restore(ctx context.Context, dir string, environ []string, step func(string)) (string, error) {
	_, root, err := plugin.Locate(dir)
	if err != nil {
		return "", nil // the command says so, if it needs a module
	}
	outcome, err := commit.Recover(ctx, root, brought(ctx, environ), waiting(root, step))
	return restored(outcome), err
}

// Settled is for commands that write nothing: it says where a pinfix was killed
// while it wrote the module around dir.
func Settled(ctx context.Context, dir string) error {
	_, root, err := plugin.Locate(dir)
	if err != nil {
		return nil // as in Restore
	}
	return commit.Settled(ctx, root)
}

func restored(o commit.Outcome) string {
	switch o {
	case commit.Restored:
		return "an earlier run was killed while it wrote; the files are now as they were before it"
	case commit.Finished:
		return "an earlier run was killed at its very end; its change is complete"
	}
	return ""
}

// brought tells the links that came with a repository, which are those that git
// tracks. It is asked about a link that leads out of the module only.
func brought(ctx context.Context, environ []string) commit.Brought {
	return func(root, slash string) bool {
		if !place.InRepository(root) {
			return false
		}
		repo, err := git.Open(ctx, root, root, environ)
		if err != nil {
			return true // no one can say, so it is not followed
		}
		tracked, err := repo.Tracks(ctx, slash)
		return tracked || err != nil
	}
}
