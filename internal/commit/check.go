package commit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// check compares the disk with what the run has read, and names every file that differs.
// It runs twice: at the start, so that no work is wasted, and before the first rename,
// because an editor may save a file while a large vendor directory is staged.
func (c *commit) check(ctx context.Context) error {
	var vendor error
	if c.tree.Vendor != nil {
		vendor = c.checkVendor(ctx) // first, for it takes longest
	}
	if err := ctx.Err(); err != nil {
		return err // not what a cancelled walk made of it
	}
	var errs []error
	for _, f := range c.files {
		errs = append(errs, c.checkFile(f))
	}
	return errors.Join(append(errs, vendor)...)
}

func (c *commit) checkFile(f *file) error {
	info, err := c.disk.lstat(f.at)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", f.Path, err)
	case info == nil && f.at.link != "":
		return fmt.Errorf("%s: %s is a symbolic link that leads nowhere", f.Path, f.at.link)
	case info == nil && f.Old == nil:
		return nil
	case info == nil:
		return &ChangedError{f.Path}
	case info.IsDir():
		return fmt.Errorf("%s: is a directory, not a file", f.Path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: is not a regular file", f.Path)
	case f.Old == nil:
		return &ChangedError{f.Path}
	}
	data, err := c.disk.read(f.at)
	if err != nil {
		return fmt.Errorf("%s: read: %w", f.Path, err)
	}
	if !bytes.Equal(data, f.Old) {
		return &ChangedError{f.Path}
	}
	f.info = info
	return nil
}

// checkVendor names the first file that differs: after a `go mod vendor` of
// the user's it would be hundreds.
func (c *commit) checkVendor(ctx context.Context) error {
	now, err := c.sums(ctx, c.vendor)
	if err != nil {
		return err
	}
	old := c.tree.Vendor.Old
	if (now == nil) != (old == nil) {
		return &ChangedError{"vendor"}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if sum, ok := now[name]; !ok || sum != old[name] {
			return &ChangedError{"vendor/" + name}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, ok := old[name]; !ok {
			return &ChangedError{"vendor/" + name}
		}
	}
	return nil
}

// VendorSums returns what the vendor directory of the module at root holds, in
// the form of Vendor.Old: nil when there is none. It is how Write will look at
// it, so take it before the run reads the first file of vendor/.
//
// A symbolic link or device inside vendor/ is an error, and so is a repository
// there: `go mod vendor` makes none, and a swap would silently drop it.
func VendorSums(ctx context.Context, root string) (map[string][sha256.Size]byte, error) {
	m := newModule(root, nil, disk{})
	defer m.close()
	vendor, err := m.place("vendor")
	if err != nil {
		return nil, err
	}
	return m.sums(ctx, vendor)
}

// sums is VendorSums for a directory that is open.
func (m *module) sums(ctx context.Context, vendor place) (map[string][sha256.Size]byte, error) {
	info, err := m.disk.lstat(vendor)
	switch {
	case err != nil:
		return nil, fmt.Errorf("vendor: %w", err)
	case info == nil && vendor.link != "":
		return nil, fmt.Errorf("vendor: %s is a symbolic link that leads nowhere", vendor.link)
	case info == nil:
		return nil, nil
	case !info.IsDir():
		return nil, errors.New("vendor: is not a directory")
	}
	var names []string
	err = m.disk.walk(ctx, vendor, func(below string, entry fs.DirEntry) error {
		switch {
		case strings.EqualFold(entry.Name(), ".git"):
			return &irregularError{below, "is git's own"}
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return &irregularError{below, "is not a regular file"}
		}
		names = append(names, below)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("vendor: %w", err)
	}
	return m.disk.sums(ctx, vendor, names)
}

// An irregularError is something below vendor/ that go mod vendor never makes.
type irregularError struct{ path, is string }

func (e *irregularError) Error() string {
	return e.path + ": " + e.is + "; a new vendor directory would not have it"
}

// digest is one sum for all of sums.
func digest(sums map[string][sha256.Size]byte) string {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%x %q\n", sums[name], name)
	}
	return sum(b.Bytes())
}
