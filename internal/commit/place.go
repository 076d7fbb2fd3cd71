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
	link string // the symbolic link that led here; "" for none
}

func (p place) String() string { return filepath.Join(p.root.Name(), p.name) }

func (p place) dir() string { return filepath.Dir(p.String()) }

// parent is the directory that p is in, as a place.
func (p place) parent() place { return place{root: p.root, name: filepath.Dir(p.name)} }

// temp and backup are where a commit keeps new and old content: beside the
// target, since a rename does not cross file systems.
func (p place) temp(id string) place   { return p.beside("pinfix-" + id) }
func (p place) backup(id string) place { return p.beside("pinfix-old-" + id) }

func (p place) beside(suffix string) place {
	dir, base := filepath.Split(p.name)
	return place{root: p.root, name: filepath.Join(dir, "."+base+"."+suffix)}
}

// below is the place of a slash path in the directory p.
func (p place) below(slash string) place {
	return place{root: p.root, name: filepath.Join(p.name, filepath.FromSlash(slash))}
}

// A module is a module root and the directories of it that are held open.
type module struct {
	disk  disk
	root  string
	roots map[string]*os.Root // by real directory

	// foreign: what is to be done was read from a file in root, which may have
	// come with a clone.
	foreign bool
}

func newModule(root string, d disk) *module {
	return &module{disk: d, root: filepath.Clean(root), roots: map[string]*os.Root{}}
}

func (m *module) close() {
	for _, r := range m.roots {
		r.Close() // only read from and renamed in: nothing can be lost here
	}
}

// maxLinks is how many symbolic links are followed, as in Linux.
const maxLinks = 40

// place finds where a slash path of the module really is. A rename would
// replace a symbolic link by a file, so links are followed here, also those
// that the user has leading out of the module, and also where what they lead to
// is away for the moment. What is not there yet is a name below the nearest
// directory that is.
func (m *module) place(slash string) (place, error) {
	name, link := filepath.Join(m.root, filepath.FromSlash(slash)), ""
	for range maxLinks {
		to, err := m.disk.readLink(name)
		if err != nil {
			return place{}, fmt.Errorf("%s: %w", slash, err)
		}
		if to == "" {
			return m.placeAt(name, link, slash)
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(name), to)
		}
		name, link = to, name
	}
	return place{}, fmt.Errorf("%s: too many symbolic links", slash)
}

// placeAt is place for what is itself no link.
func (m *module) placeAt(name, link, slash string) (place, error) {
	dir, missing := filepath.Dir(name), filepath.Base(name)
	for {
		real, err := m.disk.realPath(dir)
		if err == nil {
			root, err := m.open(real)
			if err != nil {
				return place{}, fmt.Errorf("%s: open directory: %w", slash, err)
			}
			return place{root, missing, link}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return place{}, fmt.Errorf("%s: resolve symbolic links: %w", slash, err)
		}
		if to, err := m.disk.readLink(dir); err != nil {
			return place{}, fmt.Errorf("%s: %w", slash, err)
		} else if to != "" {
			return place{}, fmt.Errorf("%s: %s is a symbolic link that leads nowhere", slash, dir)
		}
		if dir == m.root || dir == filepath.Dir(dir) {
			return place{}, fmt.Errorf("module root %s: %w", m.root, err)
		}
		dir, missing = filepath.Dir(dir), filepath.Join(filepath.Base(dir), missing)
	}
}

// top is the place of a name in the module root itself, where no link counts.
func (m *module) top(name string) (place, error) {
	real, err := m.disk.realPath(m.root)
	if err != nil {
		return place{}, fmt.Errorf("module root: %w", err)
	}
	root, err := m.open(real)
	return place{root: root, name: name}, err
}

func (m *module) open(real string) (*os.Root, error) {
	if root := m.roots[real]; root != nil {
		return root, nil
	}
	root, err := m.disk.openRoot(real)
	if err == nil {
		m.roots[real] = root
	}
	return root, err
}

// mayRemove reports whether p may be removed for being new. What the journal of
// somebody else calls new is removed only in the module's own directory, where no
// link has led out of it.
func (m *module) mayRemove(p place) (bool, error) {
	if !m.foreign {
		return true, nil
	}
	real, err := m.disk.realPath(m.root)
	if err != nil {
		return false, err
	}
	rel, err := filepath.Rel(real, p.String())
	return err == nil && rel != "." && filepath.IsLocal(rel), nil // an error: another volume
}

// validate refuses what no caller may ask for, before the disk is touched.
func (t Tree) validate() error {
	var errs []error
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
