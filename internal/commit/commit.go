// Package commit writes the plugin: the one place of pinfix that does.
//
// [Write] takes a [Tree], the change set of the module and its new vendor
// directory, and writes all of it or nothing. It looks first whether the disk
// still holds what the run has read ([ChangedError] if not), puts the new
// content beside its targets, and renames last. Any failure, and a context
// cancelled before the last rename, brings the old tree back: the very files,
// or copies of them on a file system without hard links. At every moment the name of a file holds its old
// or its new content in full; only vendor/, a directory, is away for the moment
// between two renames.
//
// What a commit puts into the plugin's directories for its own use is named
// .NAME.pinfix-ID (new content) or .NAME.pinfix-old-ID (kept old content), with
// the same ID for one commit. The go command ignores such names.
//
// It does not survive kill -9 or power loss between two renames: there is no
// journal yet. The work is a list of steps, each with its way back, that can be
// written down before it is done; see step.go.
package commit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/change"
)

// A Tree is what a commit writes into the module root dir.
type Tree struct {
	Root   string     // module root, symlinks resolved
	Files  change.Set // files outside vendor/
	Vendor *Vendor    // nil: vendor/ stays as it is
}

// A Vendor is the vendor directory as it shall be and as it was read.
type Vendor struct {
	// Dir is the new vendor directory, complete, in a scratch place. Write
	// moves it, or copies it where that is on another file system; when Write
	// fails, it moves Dir back.
	Dir string

	// Old is what vendor/ held when it was read: slash path below vendor/ to
	// sum, as VendorSums returns it. nil = there was none.
	Old map[string][sha256.Size]byte
}

// A ChangedError says that a file is no longer what the run has read. Path is
// slash-separated and relative to the module root.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return e.Path + ": changed during the run; not overwriting (run pinfix again)"
}

// Write writes all of t or nothing.
//
// An error means that the tree is the old one, unless it says "going back":
// then it names what could not be put back and where its content is. When ctx
// is cancelled the error is its error; after the last rename nobody asks ctx.
//
// nil means that the new tree is there. Old content that could not be removed
// afterwards (.NAME.pinfix-old-ID) is then left without an error, for the
// commit is done and a caller has nothing to take back.
//
// A target that is a symbolic link stays one, and the file or directory that it
// leads to is written, inside the module or not. A file keeps its permission
// bits and, where the system lets us, its owner; other hard links to it keep
// the old content. Directories that become empty stay.
func Write(ctx context.Context, t Tree) error {
	return write(ctx, t, disk{})
}

func write(ctx context.Context, t Tree, d disk) error {
	if err := t.validate(); err != nil {
		return err
	}
	c := newCommit(t, d)
	defer c.close()
	if err := c.open(); err != nil {
		return err
	}
	if err := c.check(ctx); err != nil {
		return err
	}
	steps, clean := c.plan()
	if err := run(ctx, steps); err != nil {
		return err
	}
	for _, remove := range clean {
		_ = remove() // see Write: the commit is done
	}
	return nil
}

// A commit is one run of Write.
type commit struct {
	disk  disk
	tree  Tree
	id    string
	roots map[string]*os.Root // by real directory
	files []*file

	// Unset without tree.Vendor: the real vendor directory, and the new one.
	vendor    place
	newVendor string
}

func newCommit(t Tree, d disk) *commit {
	t.Root = filepath.Clean(t.Root)
	return &commit{disk: d, tree: t, id: newID(), roots: map[string]*os.Root{}}
}

// newID is random enough that a name with it is nobody else's: what is created
// under such a name may be removed by it.
func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand since Go 1.24)
	return hex.EncodeToString(b[:])
}

// open finds where the targets really are. It writes nothing.
func (c *commit) open() error {
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

func (c *commit) close() {
	for _, r := range c.roots {
		r.Close() // only read from and renamed in: nothing can be lost here
	}
}

// plan lists the work in its order, and what is to be removed after it. New
// content and backups come first, since that is what takes long and can fail;
// then a last look at the disk; then nothing but renames, removals at the end.
func (c *commit) plan() (steps []step, clean []func() error) {
	var renames, removals []step
	for _, f := range c.files {
		switch {
		case f.same(): // checked, but there is nothing to write
		case f.New == nil:
			removals = append(removals, c.removal(f))
			clean = append(clean, c.discarding(c.backup(f.at)))
		default:
			steps = append(steps, c.staging(f)...)
			renames = append(renames, c.renaming(f))
			if f.Old != nil {
				clean = append(clean, c.discarding(c.backup(f.at)))
			}
		}
	}
	if c.tree.Vendor != nil {
		steps = append(steps, c.vendorStaging()...)
		renames = append(renames, c.vendorSwap()...)
		clean = append(clean, func() error { return c.disk.removeAll(c.backup(c.vendor)) })
	}
	steps = append(steps, step{do: c.check})
	return append(append(steps, renames...), removals...), clean
}

func (c *commit) discarding(p place) func() error {
	return func() error { return c.disk.discard(p) }
}
