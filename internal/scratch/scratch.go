// Package scratch makes the directories that a run works in. [New] makes one, and
// [Dir.Close] removes it. Directories of killed runs are removed a day later.
package scratch

import (
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/pinfix/pinfix/internal/pattern"
)

// A Dir is a directory below the temporary one that is this run's alone.
type Dir struct {
	Path string // symbolic links resolved: the go command compares paths as text
	lock *flock.Flock
	n    atomic.Int32 // of Next
}

// Next returns the path of a file or directory in d that is not there yet and that no other
// call returns: d's, and a number from 1.
func (d *Dir) Next() string { return filepath.Join(d.Path, strconv.Itoa(int(d.n.Add(1)))) }

const prefix = "pinfix-scratch-"

// name is what os.MkdirTemp makes of prefix. A directory of the user's, such as
// pinfix-1.2, is not of this form.
var name = pattern.New(`^` + prefix + `[0-9]+$`)

// staleAfter is when what a killed run has left goes.
const staleAfter = 24 * time.Hour

// New makes a directory, after it has removed what killed runs have left.
func New() (*Dir, error) {
	sweep(os.TempDir())
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return nil, err
	}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	d := &Dir{Path: dir, lock: lockOf(dir)}
	_, _ = d.lock.TryLock() // where directories cannot be locked, only its age counts
	return d, nil
}

// lockOf is the lock of a directory, by which a run that is alive is known.
func lockOf(dir string) *flock.Flock { return flock.New(dir, flock.SetFlag(os.O_RDONLY)) }

// Close removes the directory and all that is in it; a nil Dir is none.
func (d *Dir) Close() error {
	if d == nil {
		return nil
	}
	err := os.RemoveAll(d.Path)
	_ = d.lock.Close()
	return err
}

// sweep removes the scratch directories in temp of this user's runs that were
// killed more than a day ago. It follows no link.
func sweep(temp string) {
	entries, err := os.ReadDir(temp)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !name.MatchString(e.Name()) {
			continue
		}
		dir := filepath.Join(temp, e.Name())
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !ours(info) || time.Since(info.ModTime()) < staleAfter {
			continue
		}
		l := lockOf(dir)
		if locked, err := l.TryLock(); locked || err != nil {
			_ = os.RemoveAll(dir) // what cannot be removed is no reason not to run
		}
		_ = l.Close()
	}
}
