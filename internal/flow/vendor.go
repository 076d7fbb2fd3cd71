package flow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/commit"
)

// wantVendor reports whether vendor/ is to be written, and says why not.
func (a *aligner) wantVendor(warnings []string) (bool, []string) {
	have := a.hasVendor()
	switch {
	case a.o.Vendor == "always":
		if !a.server.Trimmed() && a.server.Paths.Vendored != a.plugin.root {
			warnings = append(warnings, "the server was not built with -trimpath: a plugin built from vendor/ has other paths in its fingerprints and is refused, unless the server was vendored at the same path")
		}
		return true, warnings
	case a.o.Vendor == "never":
		if have {
			warnings = append(warnings, "vendor/ stays as it is (--vendor never): build with -mod=mod, or run go mod vendor")
		}
		return false, warnings
	case a.ownTree() && !have:
		return false, warnings // the server's go.mod and go.sum say all
	case a.serverSource != nil:
		why := "vendor/ is not written: in a go.work the modules come from the module cache"
		if have {
			why += "; the vendor/ that is there stays as it is, and the go command takes it for the workspace's, so remove it"
		}
		return false, append(warnings, why)
	case !a.server.Trimmed() && a.server.Paths.Vendored == a.plugin.root:
		return true, warnings
	case a.server.Paths.Elsewhere(a.plugin.root) != "":
		return false, append(warnings, vendoredElsewhere(a.server)+": "+a.server.Paths.Elsewhere(a.plugin.root))
	case !a.server.Trimmed():
		why := "vendor/ is not written: the server was not built with -trimpath, and a vendored plugin has other paths in its fingerprints"
		if have {
			why += "; the vendor/ that is there stays as it is, so remove it or build with -mod=mod"
		}
		return false, append(warnings, why)
	}
	return true, warnings
}

func (a *aligner) hasVendor() bool {
	return exists(filepath.Join(a.plugin.root, "vendor"))
}

type sums = map[string][sha256.Size]byte

// A vendorDiff is the difference between vendor/ as it is and as it shall be.
type vendorDiff struct {
	tree  *commit.Vendor // nil: no difference
	names []string       // changed files below vendor/, sorted
	old   sums
	new   sums
	dirs  [2]string // the old and the new vendor directory
}

func (a *aligner) vendorDiff(ctx context.Context, al *aligned) (*vendorDiff, error) {
	d := &vendorDiff{dirs: [2]string{filepath.Join(a.plugin.root, "vendor"), al.vendor}}
	if al.vendor == "" {
		if al.doVendor && a.hasVendor() {
			return nil, fault("remove vendor/", "vendor/ holds modules, but the plugin depends on none")
		}
		return d, nil
	}
	old := <-a.oldVendor
	if d.old = old.sums; old.err != nil {
		return nil, &Error{old.err, "remove it, or leave it alone with --vendor never"}
	}
	if _, ours := d.old["modules.txt"]; len(d.old) > 0 && !ours {
		return nil, fault("move it away, or leave it alone with --vendor never", "vendor/ holds files but no modules.txt: go mod vendor did not make it, and it is not replaced")
	}
	var err error
	if d.new, err = commit.VendorSums(ctx, filepath.Dir(al.vendor)); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(d.new)) {
		if old, ok := d.old[name]; !ok || old != d.new[name] {
			d.names = append(d.names, name)
		}
	}
	for name := range d.old {
		if _, ok := d.new[name]; !ok {
			d.names = append(d.names, name)
		}
	}
	slices.Sort(d.names)
	if len(d.names) > 0 || d.old == nil {
		d.tree = &commit.Vendor{Dir: al.vendor, New: d.new, Old: d.old}
	}
	return d, nil
}

// change reads one changed file.
func (d *vendorDiff) change(name string) (change.Change, error) {
	c := change.Change{Path: "vendor/" + name, Mode: 0o644}
	for i, data := range []*[]byte{&c.Old, &c.New} {
		b, err := bounded.ReadFile(filepath.Join(d.dirs[i], filepath.FromSlash(name)), bounded.Any)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return c, err
		}
		*data = append([]byte{}, b...)
	}
	return c, nil
}

// A vendored module of modules.txt.
type vendored struct{ path, version string }

// modules reads the "# path version" lines of a modules.txt.
func modules(dir string) map[string]vendored {
	data, err := bounded.ReadFile(filepath.Join(dir, "modules.txt"), bounded.Mod)
	if err != nil {
		return nil
	}
	out := map[string]vendored{}
	for line := range bytes.Lines(data) {
		f := strings.Fields(string(line))
		if len(f) < 3 || f[0] != "#" || f[2] == "=>" {
			continue
		}
		// Replaces of versions that are not selected come last.
		if _, ok := out[f[1]]; !ok {
			out[f[1]] = vendored{f[1], strings.Join(f[2:], " ")}
		}
	}
	return out
}

// moduleVendor is what changes of one module below vendor/.
type moduleVendor struct {
	module, old, new        string
	added, changed, removed int
}

func (m moduleVendor) String() string {
	var s []string
	for _, n := range []struct {
		n    int
		what string
	}{{m.added, "added"}, {m.changed, "changed"}, {m.removed, "removed"}} {
		if n.n > 0 {
			s = append(s, fmt.Sprintf("%d %s", n.n, n.what))
		}
	}
	return "files: " + strings.Join(s, ", ")
}

// byModule counts the changed files by module; modules.txt stands for itself.
func (d *vendorDiff) byModule() []*moduleVendor {
	old, new := modules(d.dirs[0]), modules(d.dirs[1])
	by := map[string]*moduleVendor{}
	for _, name := range d.names {
		path := owner(name, old, new)
		m := by[path]
		if m == nil {
			m = &moduleVendor{module: path, old: old[path].version, new: new[path].version}
			by[path] = m
		}
		_, was := d.old[name]
		_, is := d.new[name]
		switch {
		case !was:
			m.added++
		case !is:
			m.removed++
		default:
			m.changed++
		}
	}
	var out []*moduleVendor
	for _, path := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[path])
	}
	return out
}

// owner returns the module that a file below vendor/ belongs to, or the file
// itself.
func owner(name string, sets ...map[string]vendored) string {
	for dir := name; ; {
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return name
		}
		dir = dir[:i]
		for _, s := range sets {
			if _, ok := s[dir]; ok {
				return dir
			}
		}
	}
}
