// Package commit is the only package that writes the plugin. Its writes are atomic
// and survive a crash.
//
// [Acquire] takes the module's [Lock]. [Lock.Write] takes a [Tree], which is the
// change set of the module and its new vendor directory, and writes all of it or
// nothing. First it compares the disk with what the run has read ([ChangedError]
// if they differ). Then it writes a journal of what it is about to do, puts the new
// content next to its targets, and renames last. Any failure, and a context
// cancelled before the last rename, brings the old tree back: the same files, or
// copies of them on a file system without hard links. If the process is killed,
// [Recover] does the same in the next run. At every moment a file name has its old
// or its new content in full. Only vendor/, a directory, is missing for the moment
// between two renames.
//
// Code that only reads the module does so in [Look], or after [Settled]. Neither
// writes anything. [WriteFile] writes one file that is not part of a change set.
//
// What a commit puts into the plugin's directories for its own use is named
// .NAME.pinfix-ID (new content) or .NAME.pinfix-old-ID (kept old content), with
// the same ID for one commit; the journal is .pinfix-journal in the module root.
// The go command ignores such names. A [proof] in the user's state directory
// tells a journal from a file that only looks like one.
//
// After a power loss, too, the files are the old or the new ones, because they are
// on the disk before the journal says so. The package does not wait for files below
// vendor/, which would take minutes: `go mod vendor` can make them again.
//
// It is large, because it is one protocol: what writes, what undoes and what recovers have
// to agree on every name and on every order.
package commit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/pinfix/pinfix/internal/change"
)

// A Tree is what a commit writes into the module root dir.
type Tree struct {
	Root   string     // module root, symlinks resolved
	Files  change.Set // files outside vendor/
	Vendor *Vendor    // nil: vendor/ stays as it is
}

// A Vendor is the vendor directory as it should be and as it was read.
type Vendor struct {
	// Dir is the new vendor directory, complete, in a scratch place. Write
	// moves it away, or copies it where that is on another file system.
	Dir string

	// New and Old are what Dir holds, and what vendor/ held when it was read:
	// slash path below the directory to sum, as VendorSums returns it. Old is
	// nil for none.
	New, Old map[string][sha256.Size]byte
}

// A ChangedError says that a file is no longer what the run has read. Path is
// slash-separated and relative to the module root.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return e.Path + ": changed during the run; it is not overwritten (run pinfix again)"
}

// Write writes all of t, whose root is the lock's, or nothing.
//
// An error means that the tree is the old one, unless it is a [HalfwayError], or
// a [ChangedSinceError]: then it is the old or the new one but for the files that
// this names. When ctx is cancelled the error is its error; after the last rename no one
// asks ctx.
//
// nil means that the new tree is there. Old content that could not be removed
// afterwards is then left without an error, for the commit is done and a caller
// has nothing to take back; the next run removes it.
//
// A target that is a symbolic link stays one, and the file or directory that it
// leads to is written: inside the module, or where the user's own link of go.mod
// or go.sum leads. A link that leads elsewhere, or into git's own directory, is a
// [PathError]. A file keeps its permission bits and, where the system lets us,
// its owner; other hard links to it keep the old content. Directories that
// become empty stay.
func (l *Lock) Write(ctx context.Context, t Tree) error {
	return write(ctx, t, l.brought, disk{})
}

// Check returns the error with which Write would refuse the paths of t. It writes
// nothing.
func Check(t Tree, brought Brought) error {
	if err := t.validate(); err != nil {
		return err
	}
	c := newCommit(t, brought, disk{})
	defer c.close()
	return c.openAll()
}

// A HalfwayError says that something could not be put back. The journal is still
// there, so the next run tries again.
type HalfwayError struct{ Err error }

func (e *HalfwayError) Error() string { return e.Err.Error() }
func (e *HalfwayError) Unwrap() error { return e.Err }

// NextStep says what the user can do.
func (e *HalfwayError) NextStep() string {
	return "make the files writable, and run pinfix apply again, which goes on putting back the old files. If you have put them back yourself, remove .pinfix-journal"
}

func write(ctx context.Context, t Tree, brought Brought, d disk) error {
	if err := t.validate(); err != nil {
		return err
	}
	c := newCommit(t, brought, d)
	defer c.close()
	if err := c.openAll(); err != nil {
		return err
	}
	if err := c.check(ctx); err != nil {
		return err
	}
	r := c.record()
	if len(r.Files) == 0 && r.Vendor == nil {
		return nil
	}
	if err := c.note(r); err != nil {
		return err
	}
	defer c.proof.close()
	if err := c.forward(ctx, r); err != nil {
		return errors.Join(c.undo(r), err) // the error of the way back comes first: it needs action
	}
	err := c.finish(r)
	var changed *ChangedSinceError
	if errors.As(err, &changed) {
		return changed
	}
	return nil // see Write: the commit is done
}

// A commit is one run of Write.
// It has many methods, one for each step of the protocol in the package comment.
type commit struct {
	*module
	tree  Tree
	id    string
	files []*file
	proof *state // where the proof is; nil if it could not be written

	// Unset without tree.Vendor: the real vendor directory, and the new one.
	vendor    place
	newVendor string
}

func newCommit(t Tree, brought Brought, d disk) *commit {
	m := newModule(t.Root, brought, d)
	return &commit{module: m, tree: t, id: newID()}
}

const idSize = 8

// newID returns an ID that is random enough to be unique. So the commit may remove
// everything whose name has it.
func newID() string {
	var b [idSize]byte
	rand.Read(b[:]) // never fails (crypto/rand since Go 1.24)
	return hex.EncodeToString(b[:])
}

// openAll finds where the targets really are. It writes nothing.
func (c *commit) openAll() error {
	taken := map[string]string{} // real path -> Change.Path
	var errs []error
	for _, ch := range c.tree.Files {
		at, err := c.place(ch.Path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other, ok := taken[at.String()]; ok {
			errs = append(errs, fmt.Errorf("%s and %s are the same file, %s", other, ch.Path, at))
			continue
		}
		taken[at.String()] = ch.Path
		c.files = append(c.files, &file{Change: ch, at: at})
	}
	if c.tree.Vendor != nil {
		errs = append(errs, c.openVendor())
	}
	return errors.Join(errs...)
}

func (c *commit) openVendor() (err error) {
	if c.vendor, err = c.place("vendor"); err != nil {
		return err
	}
	// A rename would move a link instead of what it leads to.
	if c.newVendor, err = c.disk.realDir(c.tree.Vendor.Dir); err != nil {
		return fmt.Errorf("new vendor directory: %w", err)
	}
	return nil
}

// note writes the journal, first next to its place and then into it. What it says
// is not begun before it is on the disk, and it is not there before its proof is.
func (c *commit) note(r record) error {
	data, err := r.encode()
	if err != nil {
		return err
	}
	if len(data) > maxJournal || len(r.Files) > maxFiles {
		return fmt.Errorf("a change of %d files is too large", len(r.Files))
	}
	journal, err := c.top(journalName)
	if err != nil {
		return err
	}
	aside, err := c.top(asideName(c.id))
	if err != nil {
		return err
	}
	c.proof = c.prove(data)
	if err := c.install(aside, journal, data); err != nil {
		if c.disk.discard(aside) == nil { // else the next run removes it by its proof
			c.proof.forget(c.id)
		}
		c.proof.close()
		return cannotWrite(journal, err)
	}
	return nil
}

// install puts the journal into its place, whole.
func (c *commit) install(aside, journal place, data []byte) error {
	if err := c.disk.create(aside); err != nil {
		return err
	}
	if err := c.disk.fill(aside, data); err != nil {
		return err
	}
	if err := c.disk.sync(aside); err != nil {
		return err
	}
	// There was none when the lock was taken.
	if info, err := c.disk.lstat(journal); err != nil || info != nil {
		return errors.Join(err, fmt.Errorf("%s: %w", journal, fs.ErrExist))
	}
	return c.disk.rename(aside, journal)
}

// prove writes the proof of the journal. If there is no place for it, the commit goes on,
// but the next run cannot restore the old tree after kill -9.
func (c *commit) prove(journal []byte) *state {
	d := c.disk.called("state ")
	p, err := d.here(c.root)
	if err != nil {
		return nil
	}
	s, err := openState(d, p.Dir, true)
	if err != nil {
		return nil
	}
	p.ID, p.Journal = c.id, sum(journal)
	if err := s.write(p); err != nil {
		s.close()
		return nil
	}
	return s
}

// A step is one part of the way forward. goBack knows the way back from it.
type step struct {
	what string // "go.mod: keep the old content"; empty where the error says it all
	do   func(context.Context) error
}

// forward does the work in order. New content and backups come first, because they take
// long and can fail. Then it compares the disk once more, while no other process reads.
// After that there are only renames, with removals at the end. The last rename is the
// journal's, which makes the new tree the valid one.
func (c *commit) forward(ctx context.Context, r record) error {
	journal, err := c.top(journalName)
	if err != nil {
		return err
	}
	done, err := c.top(doneName)
	if err != nil {
		return err
	}
	dirs := step{"", func(context.Context) error { return c.syncDirs(r) }}
	steps := []step{{"", func(context.Context) error { return c.disk.syncDir(journal.parent()) }}}
	steps = append(append(steps, c.staging()...), dirs, step{"", c.awaitReaders}, step{"", c.check})
	for _, s := range append(steps, c.renames()...) {
		err := ctx.Err()
		if err == nil {
			err = s.do(ctx)
			if err != nil && s.what != "" {
				err = fmt.Errorf("%s: %w", s.what, err)
			}
		}
		if err != nil {
			return err
		}
	}
	if err := c.syncDirs(r); err != nil {
		return err
	}
	return c.disk.rename(journal, done)
}

func (c *commit) staging() (steps []step) {
	for _, f := range c.files {
		if !f.same() && f.New != nil {
			steps = append(steps, c.stageFile(f)...)
		}
	}
	if c.tree.Vendor != nil {
		steps = append(steps, c.stageVendor()...)
	}
	return steps
}

func (c *commit) renames() (renames []step) {
	var removals []step
	for _, f := range c.files {
		switch {
		case f.same(): // checked, but there is nothing to write
		case f.New == nil:
			removals = append(removals, step{f.Path + ": remove", func(context.Context) error {
				return c.disk.rename(f.at, f.at.backup(c.id))
			}})
		default:
			renames = append(renames, step{f.Path + ": rename", func(context.Context) error {
				return c.disk.rename(f.at.temp(c.id), f.at)
			}})
		}
	}
	if c.tree.Vendor != nil {
		renames = append(renames, c.vendorSwap()...)
	}
	return append(renames, removals...)
}

// undo restores the old tree, and then removes the journal.
func (c *commit) undo(r record) error {
	err := c.goBack(r)
	var changed *ChangedSinceError
	if err != nil && !errors.As(err, &changed) {
		return &HalfwayError{err}
	}
	if err := c.removeJournal(journalName); err != nil {
		return &HalfwayError{fmt.Errorf("going back: %s is left: %w", journalName, err)}
	}
	return err
}

// finish removes the commit's temporary files, the journal last.
func (c *commit) finish(r record) error {
	done, err := c.top(doneName)
	if err != nil {
		return err
	}
	if err := c.disk.syncDir(done.parent()); err != nil {
		return err
	}
	err = c.cleanUp(r)
	var changed *ChangedSinceError
	if err != nil && !errors.As(err, &changed) {
		return err
	}
	return errors.Join(err, c.removeJournal(doneName))
}

// removeJournal removes the journal and then its proof, in this order on the disk
// too.
func (c *commit) removeJournal(name string) error {
	journal, err := c.top(name)
	if err != nil {
		return err
	}
	if err := c.disk.discard(journal); err != nil {
		return err
	}
	if c.disk.syncDir(journal.parent()) == nil {
		c.proof.forget(c.id)
	}
	return nil
}

// syncDirs fsyncs every directory in which r creates, renames or removes a name.
func (m *module) syncDirs(r record) error {
	dirs := map[string]place{}
	for _, slash := range r.paths() {
		p, err := m.place(slash)
		if err != nil {
			return err
		}
		dirs[p.root.Name()] = place{root: p.root, name: "."}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if err := m.disk.syncDir(dirs[dir]); err != nil {
			return fmt.Errorf("sync %s: %w", dir, err)
		}
	}
	return nil
}

// paths are the slash paths of all that r is about, directories too.
func (r record) paths() (paths []string) {
	for _, e := range r.Files {
		paths = append(append(paths, e.Dirs...), e.Path)
	}
	if r.Vendor != nil {
		paths = append(paths, "vendor")
	}
	return paths
}
