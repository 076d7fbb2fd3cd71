package commit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// A Lock is the right to write below one directory, the module root. The system
// takes it back from a process that dies, however it dies.
type Lock struct{ flock *flock.Flock }

// retry is how often a lock that somebody else has is asked for.
const retry = 20 * time.Millisecond

// Acquire waits for the lock of root and then brings back what a commit has
// left there that was killed: see [Recover]. waiting, if set, is called once
// where somebody else has the lock. The error is ctx's when that ends first.
func Acquire(ctx context.Context, root string, waiting func()) (*Lock, Outcome, error) {
	return acquire(ctx, root, waiting, disk{})
}

func acquire(ctx context.Context, root string, waiting func(), d disk) (*Lock, Outcome, error) {
	l, err := tryLock(root)
	if err != nil {
		return nil, Nothing, err
	}
	if !l.flock.Locked() {
		if waiting != nil {
			waiting()
		}
		_, err = l.flock.TryLockContext(ctx, retry)
	}
	if err == nil {
		err = ctx.Err()
	}
	outcome := Nothing
	if err == nil {
		outcome, err = recoverAll(root, d)
	}
	if err != nil {
		l.Close()
		return nil, outcome, err
	}
	return l, outcome, nil
}

// tryLock locks the directory itself, which leaves no file behind and means the
// same to everybody who sees it, also through a container's mount. Where a
// system locks no directories (Windows, some network file systems), it is a
// file in the temporary directory. Where somebody has the lock, the Lock that it
// returns is not locked.
func tryLock(root string) (*Lock, error) {
	dir := &Lock{flock.New(root, flock.SetFlag(os.O_RDONLY))}
	_, err := dir.flock.TryLock()
	if err == nil {
		return dir, nil
	}
	dir.Close()
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("module root %s: %w", root, err)
	}
	return tryLockFile(root)
}

func tryLockFile(root string) (*Lock, error) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("module root: %w", err)
	}
	name := fmt.Sprintf("pinfix-%d-%.16s.lock", os.Getuid(), sum([]byte(real)))
	l := &Lock{flock.New(filepath.Join(os.TempDir(), name), flock.SetPermissions(0o600))}
	if _, err := l.flock.TryLock(); err != nil {
		l.Close()
		return nil, fmt.Errorf("lock %s: %w", root, err)
	}
	return l, nil
}

// Close gives the lock back; a nil Lock is none.
func (l *Lock) Close() {
	if l != nil {
		_ = l.flock.Close() // the system does it at the latest when the process ends
	}
}
