package commit

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
)

// below is the place of a slash path in the directory p.
func (p place) below(slash string) place {
	return place{p.root, filepath.Join(p.name, filepath.FromSlash(slash))}
}

// vendorStaging brings the new vendor directory beside the old one: moved, or
// copied from another file system.
func (c *commit) vendorStaging() []step {
	from, temp, copied := c.newVendor, c.temp(c.vendor), false
	return []step{{
		what: "vendor: bring the new one",
		do: func(context.Context) error {
			err := c.disk.move(from, temp.String())
			if otherFileSystem(err) {
				copied = true
				err = c.disk.mkdir(temp)
			}
			return cannotWrite(temp, err)
		},
		undo: func() error {
			if !copied && c.disk.move(temp.String(), from) == nil {
				return nil
			}
			return c.disk.removeAll(temp) // the scratch place may be gone; a clean module counts more
		},
		left: fmt.Sprintf("the new vendor directory in %s", temp),
	}, {
		what: "vendor: bring the new one",
		do: func(ctx context.Context) error {
			if !copied {
				return nil
			}
			return c.copyDir(ctx, from, temp)
		},
	}, {
		what: "vendor: mode",
		do:   func(context.Context) error { return c.vendorMode(temp) },
	}}
}

// vendorMode gives the new directory the mode of the old one. Without one it
// is 0755, for a scratch directory of os.MkdirTemp is 0700.
func (c *commit) vendorMode(temp place) error {
	info, err := c.disk.lstat(c.vendor)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o755)
	if info != nil {
		mode = info.Mode().Perm()
	}
	return c.disk.chmod(temp, mode)
}

// vendorSwap is two renames, for a rename onto a directory that is not empty
// fails. The old one is kept until all renames are done.
func (c *commit) vendorSwap() []step {
	temp, kept := c.temp(c.vendor), c.backup(c.vendor)
	in := step{
		what: "vendor: rename the new one",
		do:   func(context.Context) error { return c.disk.rename(temp, c.vendor) },
		undo: func() error { return c.disk.rename(c.vendor, temp) },
		left: fmt.Sprintf("the new vendor directory in %s", c.vendor),
	}
	if c.tree.Vendor.Old == nil {
		return []step{in}
	}
	return []step{{
		what: "vendor: rename the old one",
		do:   func(context.Context) error { return c.disk.rename(c.vendor, kept) },
		undo: func() error { return c.disk.rename(kept, c.vendor) },
		left: fmt.Sprintf("the old vendor directory is %s", kept),
	}, in}
}

// copyDir copies the files below dir, with their permission bits, into a
// directory that is there and empty.
func (c *commit) copyDir(ctx context.Context, dir string, to place) error {
	root, err := c.disk.openRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	from := place{root, "."}
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

// copyFile does not sync: it would take minutes for thousands of files, and
// what a crash leaves of vendor/ `go mod vendor` makes again.
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
