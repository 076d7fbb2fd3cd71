package commit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An Outcome is what [Recover] found.
type Outcome int

// The outcomes.
const (
	Nothing  Outcome = iota // no commit was killed here
	Restored                // the old tree is back
	Finished                // the new tree was there; what the commit had for its own use is removed
	Busy                    // another pinfix is writing just now
)

// Recover brings the module at root back to the old tree where a commit died in
// it (kill -9, power), or finishes one that had only to clean up. It does
// nothing to a commit that is alive, and costs two lstat calls where there is
// none. Files that were changed since stay: then the error is a
// [ChangedSinceError].
func Recover(root string) (Outcome, error) {
	if !exists(root, journalName) && !exists(root, doneName) {
		return Nothing, nil
	}
	l, err := tryLock(root)
	if err != nil {
		return Nothing, err
	}
	defer l.Close()
	if !l.flock.Locked() {
		return Busy, nil
	}
	return recoverAll(root, disk{})
}

func exists(root, name string) bool {
	_, err := os.Lstat(filepath.Join(root, name))
	return err == nil
}

// recoverAll reads the journals of root, which must be locked.
func recoverAll(root string, d disk) (Outcome, error) {
	outcome := Nothing
	for _, j := range []struct {
		name    string
		outcome Outcome
		mend    func(*module, record) error
	}{{doneName, Finished, (*module).cleanUp}, {journalName, Restored, (*module).goBack}} {
		if !exists(root, j.name) {
			continue
		}
		err := recoverOne(root, d, j.name, j.mend)
		var halfway *HalfwayError
		if err != nil && !(j.name == doneName && errors.As(err, &halfway)) { // then the tree is whole
			return outcome, err
		}
		outcome = j.outcome
	}
	return outcome, nil
}

func recoverOne(root string, d disk, name string, mend func(*module, record) error) error {
	m := newModule(root, d)
	m.foreign = true
	defer m.close()
	journal, err := m.top(name)
	if err != nil {
		return err
	}
	if err := m.trust(journal); err != nil {
		return &JournalError{journal.String(), err}
	}
	data, err := m.disk.readSmall(journal, maxJournal)
	if err != nil {
		return &JournalError{journal.String(), err}
	}
	r, err := parseJournal(data)
	switch {
	case errors.Is(err, errUnfinished):
		return m.disk.discard(journal) // nothing else was done
	case err != nil:
		return &JournalError{journal.String(), err}
	}
	err = mend(m, r)
	var changed *ChangedSinceError
	if err != nil && !errors.As(err, &changed) {
		return &HalfwayError{fmt.Errorf("%s: %w", journal, err)} // the next run tries again
	}
	return errors.Join(err, m.disk.discard(journal))
}

// trust refuses a journal that another user has put into a directory of several:
// it must be ours, or of who owns the directory, or root's, who wrote it from a
// container.
func (m *module) trust(journal place) error {
	info, err := m.disk.lstat(journal)
	if err != nil || info == nil {
		return err
	}
	dir, err := m.disk.lstat(journal.parent())
	if err != nil || dir == nil {
		return err
	}
	uid, _, ok := owner(info)
	theirs, _, _ := owner(dir)
	if ok && uid != os.Geteuid() && uid != 0 && uid != theirs {
		return fmt.Errorf("it belongs to another user (%d)", uid)
	}
	return nil
}

// A JournalError is a journal that this pinfix cannot read.
type JournalError struct {
	File string
	Err  error
}

func (e *JournalError) Error() string {
	return fmt.Sprintf("%s: cannot be read as pinfix's journal: %v", e.File, e.Err)
}

func (e *JournalError) Unwrap() error { return e.Err }

// NextStep says what the user can do.
func (e *JournalError) NextStep() string {
	return "run the release of pinfix that was killed here, as the same user; or remove the file and see what git diff says"
}

// A ChangedSinceError says that files are neither as they were before a commit
// nor as it made them. They are left as they are, and so is what they were.
type ChangedSinceError struct {
	Files []string // "go.mod (before: .go.mod.pinfix-old-0123)"
}

func (e *ChangedSinceError) Error() string {
	return "changed by somebody else while or after pinfix wrote, so left as it is: " + strings.Join(e.Files, ", ")
}

// NextStep says what the user can do.
func (e *ChangedSinceError) NextStep() string {
	return "see that the files fit together (git diff), and run pinfix again"
}
