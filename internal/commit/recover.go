package commit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An Outcome is what [Recover] found.
type Outcome int

// The outcomes.
const (
	Nothing  Outcome = iota // no commit was killed here
	Restored                // the old tree is back
	Finished                // the new tree was there; what the commit had for its own use is removed
)

// Recover brings the module at root back to the old tree where a commit died in
// it (kill -9, power), or finishes one that had only to clean up. A commit that
// is going on is waited for, as in [Acquire]. Files that were changed since stay:
// then the error is a [ChangedSinceError]. What is named like a journal and is
// not one that this user's pinfix has written here is a [JournalError], and
// nothing is done.
func Recover(ctx context.Context, root string, brought Brought, waits Waits) (Outcome, error) {
	if !begun(root) && !proven(root) {
		return Nothing, nil
	}
	l, outcome, err := Acquire(ctx, root, brought, waits)
	l.Close()
	return outcome, err
}

// Journals returns the names of what a commit that goes on, or was killed, has at root.
func Journals(root string) []string {
	return []string{filepath.Join(root, journalName), filepath.Join(root, doneName)}
}

// begun reports whether there is a journal at root.
func begun(root string) bool { return exists(root, journalName) || exists(root, doneName) }

func exists(root, name string) bool {
	_, err := os.Lstat(filepath.Join(root, name))
	return err == nil
}

// proven reports whether a commit at root has got as far as writing the proof of its
// journal.
func proven(root string) bool {
	here, err := disk{}.here(root)
	if err != nil {
		return false
	}
	s, err := openState(disk{}, here.Dir, false)
	if err != nil {
		return false
	}
	defer s.close()
	all, _ := s.proofs()
	for _, p := range all {
		if p.samePlace(here) {
			return true
		}
	}
	return false
}

// Settled returns nil where no commit is unfinished in the module at root, and
// writes nothing. It waits for one that is going on, some seconds at most; one
// that was killed is an [UnfinishedError]. It costs two lstat calls where there
// is no journal, and asks ctx only where there is one.
func Settled(ctx context.Context, root string) error {
	return settled(ctx, root, moment)
}

func settled(ctx context.Context, root string, patience time.Duration) error {
	if !begun(root) {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	tick := time.NewTicker(retry)
	defer tick.Stop()
	for begun(root) {
		l, err := tryLock(root)
		if err != nil {
			return err
		}
		if l.flock.Locked() {
			defer l.Close()
			return inspect(root)
		}
		who := holder(l.flock.Path())
		l.Close()
		select {
		case <-tick.C:
		case <-ctx.Done():
			if context.Cause(ctx) == errPatience {
				return &BusyError{root, who}
			}
			return ctx.Err()
		}
	}
	return nil
}

var errPatience = errors.New("waited for long enough")

// inspect says what the journals of root are, which must be locked.
func inspect(root string) error {
	m := newModule(root, nil, disk{})
	defer m.close()
	s, err := m.state()
	if err != nil {
		return err
	}
	defer s.close()
	for _, name := range []string{doneName, journalName} {
		if !exists(root, name) {
			continue
		}
		if _, err := m.readJournal(s, name); err != nil {
			return err
		}
		return &UnfinishedError{root, name == doneName}
	}
	return nil
}

// state opens the state directory, nil for none.
func (m *module) state() (*state, error) {
	root, err := m.disk.realPath(m.root)
	if err != nil {
		return nil, fmt.Errorf("module root %s: %w", m.root, err)
	}
	s, err := openState(m.disk.called("state "), root, false)
	if err != nil {
		return nil, nil
	}
	return s, nil
}

// recoverAll reads the journals of root, which must be locked.
func recoverAll(root string, brought Brought, d disk) (Outcome, error) {
	m := newModule(root, brought, d)
	defer m.close()
	s, err := m.state()
	if err != nil {
		return Nothing, err
	}
	defer s.close()
	outcome := Nothing
	for _, j := range []struct {
		name    string
		outcome Outcome
		fix     func(*module, record) error
	}{{doneName, Finished, (*module).cleanUp}, {journalName, Restored, (*module).goBack}} {
		if !exists(root, j.name) {
			continue
		}
		err := m.recoverOne(s, j.name, j.fix)
		var halfway *HalfwayError
		if err != nil && !(j.name == doneName && errors.As(err, &halfway)) { // then the tree is whole
			return outcome, err
		}
		outcome = j.outcome
	}
	if !begun(root) {
		m.sweep(s)
	}
	return outcome, nil
}

func (m *module) recoverOne(s *state, name string, fix func(*module, record) error) error {
	journal, err := m.top(name)
	if err != nil {
		return err
	}
	r, err := m.readJournal(s, name)
	if err != nil {
		return err
	}
	err = fix(m, r)
	var changed *ChangedSinceError
	if err != nil && !errors.As(err, &changed) {
		return &HalfwayError{fmt.Errorf("%s: %w", journal, err)} // the next run tries again
	}
	return errors.Join(err, m.disk.discard(journal))
}

// sweep removes the proofs of commits of this place whose journal is gone, or
// was never there, and what these had begun to write of it.
func (m *module) sweep(s *state) {
	all, torn := s.proofs()
	if len(all)+len(torn) == 0 {
		return
	}
	here, err := m.disk.here(m.root)
	if err != nil {
		return
	}
	for _, p := range all {
		if !p.samePlace(here) {
			continue
		}
		aside, err := m.top(asideName(p.ID))
		if err == nil {
			err = m.disk.discard(aside)
		}
		if err == nil && m.disk.syncDir(aside.parent()) == nil {
			s.forget(p.ID)
		}
	}
	for _, name := range torn {
		info, err := s.disk.lstat(s.dir.below(name))
		if err == nil && info != nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = s.disk.discard(s.dir.below(name))
		}
	}
}

// readJournal returns what the journal of that name says, if a proof says that
// it is one.
func (m *module) readJournal(s *state, name string) (record, error) {
	at, err := m.top(name)
	if err != nil {
		return record{}, err
	}
	refuse := func(next, why string, args ...any) (record, error) {
		return record{}, &JournalError{at.String(), fmt.Errorf(why, args...), next}
	}
	const (
		remove = "remove it"
		put    = "put the old files back, which are next to the new ones as .NAME.pinfix-old-ID, and remove it"
	)
	info, err := m.disk.lstat(at)
	switch {
	case err != nil:
		return refuse(remove, "%w", err)
	case info == nil:
		return refuse(remove, "%w", fs.ErrNotExist)
	case info.IsDir():
		return refuse(remove, "a directory where pinfix has its journal")
	case !info.Mode().IsRegular():
		return refuse(remove, "not a regular file, where pinfix has its journal")
	}
	data, err := m.disk.readSmall(at, maxJournal)
	if err != nil {
		return refuse(remove, "not pinfix's journal: %w", err)
	}
	here, err := m.disk.here(m.root)
	if err != nil {
		return record{}, err
	}
	all, _ := s.proofs()
	of, own := sum(data), false
	for _, p := range all {
		own = own || p.samePlace(here)
		if p.Journal != of {
			continue
		}
		if !p.samePlace(here) && p.Dir == here.Dir {
			return refuse("if this is the copy that you want, "+put, "pinfix wrote it in another directory of this name")
		} else if !p.samePlace(here) {
			return refuse("move the directory back there and run pinfix apply; or, in a copy, "+put, "pinfix wrote it in %s, for that directory only", p.Dir)
		}
		r, err := parseJournal(data)
		if err == nil && r.ID != p.ID {
			err = errors.New("not of the commit that wrote it")
		}
		if err != nil {
			return refuse("run the release of pinfix that was killed here; or "+put, "cannot be read as pinfix's journal: %w", err)
		}
		return r, nil
	}
	if own {
		return refuse(put, "no longer what pinfix wrote there, so it is not followed")
	}
	return refuse("if it came with the repository, remove it; if pinfix was killed here as another user or in a container, "+put,
		"not written here by a pinfix of yours, so it is not followed")
}

// A JournalError is what is named like a journal and is not one, or not one that
// counts. Nothing was touched.
type JournalError struct {
	File string
	Err  error
	Next string
}

func (e *JournalError) Error() string { return e.File + ": " + e.Err.Error() }

func (e *JournalError) Unwrap() error { return e.Err }

// NextStep says what the user can do.
func (e *JournalError) NextStep() string { return e.Next }

// An UnfinishedError says that a commit of this user's was killed in the module
// at Root: where it was Done but for cleaning up, and where its files are partly
// the new ones.
type UnfinishedError struct {
	Root string
	Done bool
}

func (e *UnfinishedError) Error() string {
	if e.Done {
		return e.Root + ": an earlier run was killed at its very end, before it had cleaned up"
	}
	return e.Root + ": an earlier run was killed while it wrote, so some files may be new and others old"
}

// NextStep says what the user can do.
func (e *UnfinishedError) NextStep() string {
	if e.Done {
		return "run pinfix apply, which cleans up first"
	}
	return "run pinfix apply, which puts the old files back first"
}

// A ChangedSinceError says that files are neither as they were before a commit
// nor as it made them. They are left as they are, and so is what they were.
type ChangedSinceError struct {
	Files []string // "go.mod (before: .go.mod.pinfix-old-0123)"
}

func (e *ChangedSinceError) Error() string {
	return "changed by another process while or after pinfix wrote, so left as it is: " + strings.Join(e.Files, ", ")
}

// NextStep says what the user can do.
func (e *ChangedSinceError) NextStep() string {
	return "make the files fit together (git diff shows them), and run pinfix again"
}
