package flow

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
)

// A vendorRule decides what happens to vendor/, for every command: apply writes it,
// check wants it as apply writes it, and both agree on when it is left alone.
type vendorRule struct {
	flag    string // --vendor
	fits    bool   // the server takes a plugin that go build makes from vendor/
	renamed bool   // it takes none of go build alone, and pinfix build uses a vendor/ that is there
	work    bool   // the plugin is built in a go.work with the server's source
	ownTree bool   // the plugin is a package of the server's own module
	have    bool   // there is a vendor/
	ignored func() bool
}

// decide reports whether vendor/ is written. A warning is about a vendor/ that
// is there and does not fit, or about where one would; a note says why there is none.
func (r vendorRule) decide() (write bool, warning, note string) {
	switch {
	case r.flag == "always" && !r.fits && !r.renamed:
		return true, "the server was not built with -trimpath: a plugin built from vendor/ has other paths in its fingerprints and is refused, unless the server was vendored at the same path", ""
	case r.flag == "always":
		return true, "", ""
	case r.flag == "never" && r.have:
		return false, "vendor/ stays as it is (--vendor never): build with -mod=mod, or run go mod vendor", ""
	case r.flag == "never", r.ownTree && !r.have: // the server's go.mod and go.sum say all
		return false, "", ""
	case r.work && r.have:
		return false, "vendor/ is not written: in a go.work the modules come from the module cache; the vendor/ that is there stays as it is, and the go command takes it for the workspace's, so remove it", ""
	case r.renamed && !r.work:
		return r.have, "", ""
	case !r.fits && r.have:
		return false, "vendor/ is not written: the server was not built with -trimpath, and a vendored plugin has other paths in its fingerprints; the vendor/ that is there stays as it is, so remove it or build with -mod=mod", ""
	case r.work, !r.fits:
		return false, "", ""
	case !r.have && r.ignored():
		return false, "", "vendor/ is not made: git ignores it (--vendor always makes it all the same)"
	}
	return true, "", ""
}

// ignoredVendor reports whether git ignores a vendor/ in root.
func ignoredVendor(ctx context.Context, root string, environ []string) bool {
	cwd, err := filepath.Abs(".")
	if err != nil {
		return false
	}
	repo, err := git.Open(ctx, root, cwd, environ)
	return err == nil && repo.Ignored(ctx, "vendor/modules.txt")
}

// vendorRule is that of a plugin that has a vendor/ or not.
func (a *aligner) vendorRule(ctx context.Context, have bool) vendorRule {
	fits := buildsVendored(a.server, a.plugin.root)
	return vendorRule{flag: a.o.Vendor, fits: fits, renamed: !fits && !a.server.Trimmed() && recipe.Vendored(a.server), work: a.serverSource != nil, ownTree: a.ownTree(), have: have,
		ignored: func() bool { return ignoredVendor(ctx, a.plugin.root, a.o.Environ) }}
}

func (a *aligner) hasVendor() bool {
	return exists(filepath.Join(a.plugin.root, "vendor"))
}

// newVendor says of a vendor/ that was not there before why it is made, how large
// it is, and how to do without it; "" where there was one.
func (d *vendorDiff) newVendor(flag string) string {
	if d.tree == nil || d.old != nil || flag == "always" {
		return ""
	}
	var size int64
	for name := range d.new {
		if info, err := os.Stat(filepath.Join(d.dirs[1], filepath.FromSlash(name))); err == nil {
			size += info.Size()
		}
	}
	return fmt.Sprintf("vendor/ is new (%s, %s); to leave it out: --vendor never", report.Count(len(d.new), "file"), bytesText(size))
}

// bytesText is a size for people.
func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1000*1000:
		return fmt.Sprintf("%d kB", (n+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

type sums = map[string][sha256.Size]byte

// A vendorDiff is the difference between vendor/ as it is and as it should be.
type vendorDiff struct {
	tree  *commit.Vendor // nil: no difference
	names []string       // changed files below vendor/, sorted
	old   sums
	new   sums
	dirs  [2]string // the old and the new vendor directory
}

func (a *aligner) vendorDiff(ctx context.Context, al *aligned) (*vendorDiff, error) {
	if al.vendor != "" {
		return diffVendor(ctx, a.plugin.root, al.vendor, <-a.oldVendor)
	}
	if a.vendors && a.hasVendor() {
		return nil, noModules()
	}
	return &vendorDiff{}, nil
}

// noModules is the fault of a vendor/ that go mod vendor would not make.
func noModules() error {
	return fault.New("remove it: rm -r vendor", "vendor/ holds modules, but the plugin depends on none")
}

// diffVendor compares vendor/ in root with the new vendor directory dir. old is what
// is there.
func diffVendor(ctx context.Context, root, dir string, old oldVendor) (*vendorDiff, error) {
	d := &vendorDiff{dirs: [2]string{filepath.Join(root, "vendor"), dir}}
	if d.old = old.sums; old.err != nil {
		return nil, fault.With(old.err, "remove it, or leave it alone with --vendor never")
	}
	if _, ours := d.old["modules.txt"]; len(d.old) > 0 && !ours {
		return nil, fault.New("move it away, or leave it alone with --vendor never", "vendor/ holds files but no modules.txt: go mod vendor did not make it, and it is not replaced")
	}
	var err error
	if d.new = d.old; dir != d.dirs[0] {
		if d.new, err = commit.VendorSums(ctx, filepath.Dir(dir)); err != nil {
			return nil, err
		}
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
		d.tree = &commit.Vendor{Dir: dir, New: d.new, Old: d.old}
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

// modules returns the modules of dir/modules.txt, see [stage.VendoredModules].
func modules(dir string) map[string]string {
	data, err := bounded.ReadFile(filepath.Join(dir, "modules.txt"), bounded.Mod)
	if err != nil {
		return nil
	}
	return stage.VendoredModules(data)
}

// moduleVendor is what changes of one module below vendor/.
type moduleVendor struct {
	module, old, new string
	report.FileCounts
}

// byModule counts the changed files by module; modules.txt stands for itself.
func (d *vendorDiff) byModule() []*moduleVendor {
	old, new := modules(d.dirs[0]), modules(d.dirs[1])
	by := map[string]*moduleVendor{}
	for _, name := range d.names {
		path := owner(name, old, new)
		m := by[path]
		if m == nil {
			m = &moduleVendor{module: path, old: old[path], new: new[path]}
			by[path] = m
		}
		_, was := d.old[name]
		_, is := d.new[name]
		switch {
		case !was:
			m.Added++
		case !is:
			m.Removed++
		default:
			m.Changed++
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
func owner(name string, sets ...map[string]string) string {
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
