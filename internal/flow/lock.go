package flow

import (
	"context"

	"github.com/pinfix/pinfix/internal/commit"
)

// lock takes the right to write the plugin before its first file is read: two
// that plan at the same time would both be right, and the second one would have
// planned for files that are no more. A dry run needs none.
func (o Options) lock(ctx context.Context) (*commit.Lock, error) {
	if o.DryRun {
		return nil, nil
	}
	_, root, err := pluginRoot(o.Dir)
	if err != nil {
		return nil, err
	}
	return acquire(ctx, root, o.Step)
}

// acquire takes the lock of a directory, and tells what there is to tell of it.
func acquire(ctx context.Context, root string, step func(string)) (*commit.Lock, error) {
	lock, outcome, err := commit.Acquire(ctx, root, func() {
		step("waiting for another pinfix that is at work in " + root)
	})
	if note := restored(outcome); err == nil && note != "" {
		step(note)
	}
	return lock, err
}

// write writes files that are not the plugin's, or one of it.
func write(ctx context.Context, t commit.Tree, step func(string)) error {
	lock, err := acquire(ctx, t.Root, step)
	if err != nil {
		return err
	}
	defer lock.Close()
	return lock.Write(ctx, t)
}

// Restore brings the module around dir back to what it was, or to what it was to
// become, where a pinfix was killed while it wrote. It returns what to tell of
// it; "" nearly always.
func Restore(dir string) (string, error) {
	_, root, err := pluginRoot(dir)
	if err != nil {
		return "", nil // the command says so, if it needs a module
	}
	outcome, err := commit.Recover(root)
	return restored(outcome), err
}

func restored(o commit.Outcome) string {
	switch o {
	case commit.Restored:
		return "an earlier run was killed while it wrote; the files are again as they were before it"
	case commit.Finished:
		return "an earlier run was killed at its very end; its change is complete"
	case commit.Busy:
		return "another pinfix is writing here just now; what it has not written yet is still the old"
	}
	return ""
}
