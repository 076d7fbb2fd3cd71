package commit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// A Lock is the right to write below one directory, the module root. The system
// takes it back from a process that ends, however it ends.
type Lock struct {
	flock   *flock.Flock
	brought Brought
}

// How often a lock that another process has is asked for, how long one process
// may keep it from us, and how long a commit and those that only read wait for
// each other: both take milliseconds.
const (
	retry    = 20 * time.Millisecond
	patience = time.Minute
	moment   = 10 * time.Second
)

// A Waits hears once which process has the lock that a run waits for.
type Waits func(holder string)

// Acquire waits for the lock of root and then brings back what a commit has
// left there that was killed: see [Recover]. waits, if set, is called once
// where another process has the lock; one that keeps it for more than a minute
// is a [BusyError]. brought may be nil. The error is ctx's when that ends first.
func Acquire(ctx context.Context, root string, brought Brought, waits Waits) (*Lock, Outcome, error) {
	return acquire(ctx, root, brought, waits, disk{})
}

func acquire(ctx context.Context, root string, brought Brought, waits Waits, d disk) (*Lock, Outcome, error) {
	l, err := tryLock(root)
	if err != nil {
		return nil, Nothing, err
	}
	if !l.flock.Locked() {
		err = l.wait(ctx, root, waits, d.patience())
	}
	if err == nil {
		err = ctx.Err()
	}
	outcome := Nothing
	if err == nil {
		outcome, err = recoverAll(root, brought, d)
	}
	if err != nil {
		l.Close()
		return nil, outcome, err
	}
	l.brought = brought
	return l, outcome, nil
}

// wait tries to get the lock until it has it, or until one process has held it for too
// long. While the holder changes, it keeps waiting.
func (l *Lock) wait(ctx context.Context, root string, waits Waits, patience time.Duration) error {
	who := holder(l.flock.Path())
	if waits != nil {
		waits(who)
	}
	for {
		end, cancel := context.WithTimeout(ctx, patience)
		_, err := l.flock.TryLockContext(end, retry)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		before := who
		if who = holder(l.flock.Path()); who == before {
			return &BusyError{root, who}
		}
	}
}

// A BusyError says that another process has a module's lock, or is writing there,
// for longer than anything that pinfix waits for.
type BusyError struct{ Root, Holder string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s: locked by %s", e.Root, e.Holder)
}

// NextStep says what the user can do.
func (e *BusyError) NextStep() string { return "wait for it or end it, and run pinfix again" }

// tryLock locks the directory itself, which leaves no file behind and means the
// same to everybody who sees it, also through a container's mount. Where a
// system locks no directories (Windows, some network file systems), it is a
// file in the temporary directory. Where another process has the lock, the Lock
// that it returns is not locked.
func tryLock(root string) (*Lock, error) {
	dir := &Lock{flock: flock.New(root, flock.SetFlag(os.O_RDONLY))}
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
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("module root: %w", err)
	}
	name := fmt.Sprintf("pinfix-%d-%.16s.lock", os.Getuid(), sum([]byte(resolved)))
	l := &Lock{flock: flock.New(filepath.Join(os.TempDir(), name), flock.SetPermissions(0o600))}
	if _, err := l.flock.TryLock(); err != nil {
		l.Close()
		return nil, fmt.Errorf("lock %s: %w", root, err)
	}
	return l, nil
}

// Close releases the lock. It does nothing for a nil Lock.
func (l *Lock) Close() {
	if l != nil {
		_ = l.flock.Close() // the system does it at the latest when the process ends
	}
}

// A commit and the processes that only read exclude each other by a lock on go.mod. A
// reader holds it shared while it reads, and reads only if there is no journal. A commit
// holds it exclusively for a moment, after its journal is written and before its first
// rename. After that, every reader has seen the journal, and waits. The go command locks go.mod too, but only while
// it reads or writes the file.

// Look calls judge, which reads the module at root and judges by what it has
// read, while no commit changes it. It waits for a commit that is going on; the
// error is that of [Settled]. It asks ctx only where it has to wait.
func Look(ctx context.Context, root string, judge func()) error {
	for end := time.Now().Add(moment); ; {
		if err := Settled(ctx, root); err != nil {
			return err
		}
		l, err := readLock(root, func(l *flock.Flock) error {
			ok, err := l.TryRLock()
			if err == nil && !ok {
				wait, cancel := context.WithDeadline(ctx, end)
				defer cancel()
				_, err = l.TryRLockContext(wait, retry)
			}
			return err
		})
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			name := filepath.Join(root, "go.mod")
			return &BusyError{name, holder(name)}
		case err != nil:
			return err
		}
		if l == nil || sameFile(l, root) && !begun(root) {
			judge()
		} else {
			l.Close()
			continue
		}
		if l != nil {
			l.Close()
		} else if begun(root) && time.Now().Before(end) {
			continue // without locks, a commit may have come between
		}
		return nil
	}
}

// awaitReaders is what a commit does before its first rename.
func (m *module) awaitReaders(ctx context.Context) error {
	if err := m.disk.ask("lock", "go.mod"); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, moment)
	defer cancel()
	l, err := readLock(m.root, func(l *flock.Flock) error {
		_, err := l.TryLockContext(wait, time.Millisecond)
		return err
	})
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		name := filepath.Join(m.root, "go.mod")
		return &BusyError{name, holder(name)}
	}
	if l != nil {
		l.Close()
	}
	return err
}

// readLock locks go.mod of root. It returns nil where the system locks nothing
// there, or where there is no such file.
func readLock(root string, lock func(*flock.Flock) error) (*flock.Flock, error) {
	name := filepath.Join(root, "go.mod")
	info, err := os.Stat(name)
	if runtime.GOOS == "windows" || err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	l := flock.New(name, flock.SetFlag(os.O_RDONLY))
	if err := lock(l); err != nil {
		l.Close()
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, nil
	}
	return l, nil
}

// sameFile reports whether what l has locked is still go.mod.
func sameFile(l *flock.Flock, root string) bool {
	locked, err := l.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(filepath.Join(root, "go.mod"))
	return err == nil && os.SameFile(locked, now)
}
