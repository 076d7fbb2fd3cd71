package commit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
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

// temp, half and backup are where a commit keeps new content, a copy of old
// content that is not complete yet, and old content: next to the target, since a
// rename does not cross file systems.
func (p place) temp(id string) place   { return p.sibling("pinfix-" + id) }
func (p place) half(id string) place   { return p.sibling("pinfix-half-" + id) }
func (p place) backup(id string) place { return p.sibling("pinfix-old-" + id) }

func (p place) sibling(suffix string) place {
	dir, base := filepath.Split(p.name)
	return place{root: p.root, name: filepath.Join(dir, "."+base+"."+suffix)}
}

// below is the place of a slash path in the directory p.
func (p place) below(slash string) place {
	return place{root: p.root, name: filepath.Join(p.name, filepath.FromSlash(slash))}
}

// A Brought reports whether the link at a slash path below a module root came
// with the repository, which is so if git tracks it.
type Brought func(root, slash string) bool

// A module is a module root and the directories of it that are held open.
// It has many methods, one for each kind of thing that recovery finds and takes back, and
// the ways to open a directory.
type module struct {
	disk    disk
	root    string
	brought Brought
	roots   map[string]*os.Root // by real directory

	// free: the user has typed the path, so it may lead anywhere.
	free bool
}

func newModule(root string, brought Brought, d disk) *module {
	if brought == nil {
		brought = func(string, string) bool { return false }
	}
	return &module{disk: d, root: filepath.Clean(root), brought: brought, roots: map[string]*os.Root{}}
}

func (m *module) close() {
	for _, r := range m.roots {
		r.Close() // only read from and renamed in: nothing can be lost here
	}
}

// maxLinks is how many symbolic links are followed, as in Linux.
const maxLinks = 40

// A PathError says that a path of the module leads, through a symbolic link or by
// its name, where pinfix does not write.
type PathError struct{ Path, Why, Next string }

func (e *PathError) Error() string { return e.Path + ": " + e.Why }

// NextStep says what the user can do.
func (e *PathError) NextStep() string { return e.Next }

// place finds where a slash path of the module really is, and refuses what is not
// the module's own. A rename would replace a symbolic link by a file, so links
// are followed here, also where what they lead to is away for the moment. What
// does not exist yet is a name below its nearest existing directory.
func (m *module) place(slash string) (place, error) {
	root, err := m.disk.realPath(m.root)
	if err != nil {
		return place{}, fmt.Errorf("module root %s: %w", m.root, err)
	}
	dir, name, links, byLink, err := m.resolve(root, slash)
	if err != nil {
		return place{}, err
	}
	if err := m.allow(root, filepath.Join(dir, name), slash, links); err != nil {
		return place{}, err
	}
	at, err := m.open(dir)
	if err != nil {
		return place{}, fmt.Errorf("%s: open directory: %w", slash, err)
	}
	p := place{root: at, name: name}
	if byLink {
		p.link = links[len(links)-1]
	}
	return p, nil
}

// resolve follows slash from the real directory root, one element at a time. It
// returns the deepest real directory on the way that is there, the name below it
// of what slash leads to, the symbolic links that were followed, and whether the
// last element is one.
func (m *module) resolve(root, slash string) (dir, name string, links []string, byLink bool, err error) {
	dir = root
	todo := elements(filepath.FromSlash(slash))
	own := len(todo) // how many at the end of todo are of slash, and not of a link
	for i := 0; i < len(todo); i++ {
		if todo[i] == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		at := filepath.Join(dir, todo[i])
		info, err := m.disk.lstatPath(at)
		if err != nil {
			return "", "", nil, false, fmt.Errorf("%s: resolve symbolic links: %w", slash, err)
		}
		last, ofLink := i == len(todo)-1, i < len(todo)-own
		switch {
		case info == nil && (ofLink && own > 0 || slices.Contains(todo[i:], "..")):
			return "", "", nil, false, fmt.Errorf("%s: %s is a symbolic link that leads nowhere", slash, links[len(links)-1])
		case info == nil:
			return dir, filepath.Join(todo[i:]...), links, own == 0, nil
		case info.Mode()&fs.ModeSymlink != 0:
			if links = append(links, at); len(links) > maxLinks {
				return "", "", nil, false, fmt.Errorf("%s: too many symbolic links", slash)
			}
			to, err := os.Readlink(at)
			if err != nil {
				return "", "", nil, false, fmt.Errorf("%s: %w", slash, err)
			}
			if filepath.IsAbs(to) {
				volume := filepath.VolumeName(to)
				dir, to = volume+string(filepath.Separator), to[len(volume):]
			}
			own = min(own, len(todo)-i-1)
			todo, i = append(elements(to), todo[i+1:]...), -1
		case last:
			return dir, todo[i], links, own == 0, nil
		case !info.IsDir():
			return "", "", nil, false, fmt.Errorf("%s: %s is not a directory", slash, at)
		default:
			dir = at
		}
	}
	// It ends in "..", and so is a directory that is there.
	return filepath.Dir(dir), filepath.Base(dir), links, own == 0, nil
}

// elements are those of a path that lead anywhere.
func elements(name string) []string {
	return slices.DeleteFunc(strings.Split(filepath.ToSlash(name), "/"), func(s string) bool { return s == "" || s == "." })
}

// outward are the files that may be the user's own links out of the module.
var outward = []string{"go.mod", "go.sum"}

// allow refuses the real path at, to which slash leads, if it belongs to git or is
// outside of the module and not there by the user's own link.
func (m *module) allow(root, at, slash string, links []string) error {
	if m.free {
		return nil
	}
	what := "it"
	if len(links) > 0 {
		what = fmt.Sprintf("it leads to %s, which", at)
	}
	top := root
	below, err := filepath.Rel(root, at)
	if err != nil || !filepath.IsLocal(below) || below == "." {
		for _, link := range links {
			rel, err := filepath.Rel(root, link)
			inside := err == nil && filepath.IsLocal(rel)
			if !slices.Contains(outward, slash) || inside && m.brought(root, filepath.ToSlash(rel)) {
				return &PathError{slash, what + " is outside of the module", "replace the symbolic link with a file or directory of the module: " + links[0]}
			}
		}
		top = filepath.VolumeName(at) + string(filepath.Separator)
		below = strings.TrimPrefix(at, top)
	}
	for _, element := range elements(below) {
		top = filepath.Join(top, element)
		if strings.EqualFold(element, ".git") || m.disk.isGitDir(top) {
			return &PathError{slash, fmt.Sprintf("%s is in git's own directory %s", what, top), "name another path, or remove the symbolic link on the way"}
		}
	}
	return nil
}

// top is the place of a name in the module root itself, where no link counts.
func (m *module) top(name string) (place, error) {
	dir, err := m.disk.realPath(m.root)
	if err != nil {
		return place{}, fmt.Errorf("module root: %w", err)
	}
	root, err := m.open(dir)
	return place{root: root, name: name}, err
}

func (m *module) open(dir string) (*os.Root, error) {
	if root := m.roots[dir]; root != nil {
		return root, nil
	}
	root, err := m.disk.openRoot(dir)
	if err == nil {
		m.roots[dir] = root
	}
	return root, err
}

// validate refuses invalid paths before the disk is touched.
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
