package commit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// stageVendor brings the new vendor directory next to the old one: moved, or
// copied from another file system.
func (c *commit) stageVendor() []step {
	temp := c.vendor.temp(c.id)
	return []step{{"vendor: bring the new one", func(ctx context.Context) error {
		err := c.disk.move(c.newVendor, temp.String())
		if !otherFileSystem(err) {
			return cannotWrite(temp, err)
		}
		if err := c.disk.mkdir(temp); err != nil {
			return cannotWrite(temp, err)
		}
		return c.copyDir(ctx, c.newVendor, temp)
	}}, {"vendor: mode and owner", func(ctx context.Context) error {
		return c.vendorMode(ctx, temp)
	}}}
}

// vendorMode gives the new directory the mode and the owner of the old one.
// Without one the mode is 0755, for a scratch directory of os.MkdirTemp is 0700.
func (c *commit) vendorMode(ctx context.Context, temp place) error {
	old, err := c.disk.lstat(c.vendor)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o755)
	if old != nil {
		mode = old.Mode().Perm()
	}
	if err := c.vendorOwner(ctx, temp, old); err != nil {
		return err
	}
	return c.disk.chmod(temp, mode)
}

// vendorOwner gives all of it away where root runs in a directory of another
// user's.
func (c *commit) vendorOwner(ctx context.Context, temp place, old fs.FileInfo) error {
	if os.Geteuid() != 0 {
		return nil
	}
	if err := c.own(temp, old); err != nil {
		return err
	}
	info, err := c.disk.lstat(temp)
	if err != nil || info == nil {
		return err
	}
	if uid, _, _ := owner(info); uid == 0 {
		return nil
	}
	return c.disk.walk(ctx, temp, func(below string, _ fs.DirEntry) error { return c.own(temp.below(below), info) })
}

// vendorSwap is two renames, for a rename onto a directory that is not empty
// fails. The old one is kept until the commit is done.
func (c *commit) vendorSwap() []step {
	in := step{"vendor: rename the new one", func(context.Context) error {
		return c.disk.rename(c.vendor.temp(c.id), c.vendor)
	}}
	if c.tree.Vendor.Old == nil {
		return []step{in}
	}
	return []step{{"vendor: rename the old one", func(context.Context) error {
		err := c.disk.rename(c.vendor, c.vendor.backup(c.id))
		if errors.Is(err, syscall.EBUSY) {
			return fmt.Errorf("%s is a mount point, and cannot be renamed (unmount it, or --vendor never): %w", c.vendor, plain(err))
		}
		return err
	}}, in}
}

// copyDir copies the files below dir, with their permission bits, into a
// directory that is there and empty.
func (c *commit) copyDir(ctx context.Context, dir string, to place) error {
	root, err := c.disk.openRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	from := place{root: root, name: "."}
	return c.disk.walk(ctx, from, func(below string, entry fs.DirEntry) error {
		switch {
		case entry.IsDir():
			return c.disk.mkdir(to.below(below))
		case entry.Type().IsRegular():
			return c.copyFile(from.below(below), to.below(below))
		}
		return fmt.Errorf("%s: is not a regular file", from.below(below))
	})
}

// copyFile does not sync; the package's comment says why.
func (c *commit) copyFile(from, to place) error {
	info, err := c.disk.lstat(from)
	if err != nil {
		return err
	}
	if info == nil {
		return fmt.Errorf("%s: %w", from, fs.ErrNotExist)
	}
	data, err := c.disk.read(from)
	if err != nil {
		return err
	}
	if err := c.disk.create(to); err != nil {
		return err
	}
	if err := c.disk.fill(to, data); err != nil {
		return err
	}
	return c.disk.chmod(to, info.Mode().Perm())
}
