package commit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A place is a name below a real directory that is held open, so that nothing
// done with it can land anywhere else.
type place struct {
	root *os.Root
	name string
}

func (p place) String() string { return filepath.Join(p.root.Name(), p.name) }

func (p place) dir() string { return filepath.Dir(p.String()) }

// temp and backup are where a commit keeps new and old content: beside the
// target, since a rename does not cross file systems.
func (c *commit) temp(p place) place   { return p.beside("pinfix-" + c.id) }
func (c *commit) backup(p place) place { return p.beside("pinfix-old-" + c.id) }

func (p place) beside(suffix string) place {
	dir, base := filepath.Split(p.name)
	return place{p.root, filepath.Join(dir, "."+base+"."+suffix)}
}

// place finds where a slash path of the module really is. A rename would
// replace a symbolic link by a file, so links are followed here, also those
// that the user has leading out of the module. What is not there yet is a name
// below the nearest directory that is.
func (c *commit) place(slash string) (place, error) {
	dir, missing := filepath.Join(c.tree.Root, filepath.FromSlash(slash)), ""
	for {
		real, err := c.disk.realPath(dir)
		if err == nil && missing == "" {
			return c.placeIn(filepath.Dir(real), filepath.Base(real), slash)
		}
		if err == nil {
			return c.placeIn(real, missing, slash)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return place{}, fmt.Errorf("%s: resolve symbolic links: %w", slash, err)
		}
		if there, err := c.disk.isThere(dir); err != nil {
			return place{}, fmt.Errorf("%s: %w", slash, err)
		} else if there {
			return place{}, fmt.Errorf("%s: %s is a symbolic link that leads nowhere", slash, dir)
		}
		if dir == c.tree.Root || dir == filepath.Dir(dir) {
			return place{}, fmt.Errorf("module root %s: %w", c.tree.Root, err)
		}
		dir, missing = filepath.Dir(dir), filepath.Join(filepath.Base(dir), missing)
	}
}

func (c *commit) placeIn(dir, name, slash string) (place, error) {
	if root := c.roots[dir]; root != nil {
		return place{root, name}, nil
	}
	root, err := c.disk.openRoot(dir)
	if err != nil {
		return place{}, fmt.Errorf("%s: open directory: %w", slash, err)
	}
	c.roots[dir] = root
	return place{root, name}, nil
}

// validate refuses what no caller may ask for, before the disk is touched.
func (t Tree) validate() error {
	var errs []error
	if t.Root == "" {
		errs = append(errs, errors.New("commit: no module root"))
	}
	if t.Vendor != nil && t.Vendor.Dir == "" {
		errs = append(errs, errors.New("vendor: no new vendor directory"))
	}
	seen := map[string]bool{}
	for _, f := range t.Files {
		switch {
		case !isLocal(f.Path):
			errs = append(errs, fmt.Errorf("%q: not a file path inside the module", f.Path))
		case seen[f.Path]:
			errs = append(errs, fmt.Errorf("%s: two changes of one file", f.Path))
		case t.Vendor != nil && (f.Path == "vendor" || strings.HasPrefix(f.Path, "vendor/")):
			errs = append(errs, fmt.Errorf("%s: a change of its own inside the vendor directory that is replaced", f.Path))
		}
		seen[f.Path] = true
	}
	return errors.Join(errs...)
}

// isLocal also asks for the one spelling of a path, for two would be two
// changes of one file.
func isLocal(slash string) bool {
	return slash != "." && path.Clean(slash) == slash && filepath.IsLocal(filepath.FromSlash(slash))
}
