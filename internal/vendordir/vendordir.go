// Package vendordir decides whether vendor/ is written ([Rule]), and says in what two vendor
// directories differ ([Diff]).
package vendordir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/modulestxt"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
)

// A Rule decides what happens to vendor/, for every command: apply writes it,
// check wants it as apply writes it, and both agree on when it is left alone.
type Rule struct {
	Flag    string // --vendor
	Fits    bool   // the server takes a plugin that go build makes from vendor/
	Renamed bool   // it takes none of go build alone, and pinfix build uses a vendor/ that is there
	Work    bool   // the plugin is built in a go.work with the server's source
	OwnTree bool   // the plugin is a package of the server's own module
	Have    bool   // there is a vendor/
	Ignored func() bool
}

// Decide reports whether vendor/ is written. A warning is about a vendor/ that
// is there and does not fit, or about where one would; a note says why there is none.
func (r Rule) Decide() (write bool, warning, note string) {
	switch {
	case r.Flag == "always" && !r.Fits && !r.Renamed:
		return true, "the server was not built with -trimpath: a plugin built from vendor/ has other paths in its fingerprints and is refused, unless the server was vendored at the same path", ""
	case r.Flag == "always":
		return true, "", ""
	case r.Flag == "never" && r.Have:
		return false, "vendor/ stays as it is (--vendor never): build with -mod=mod, or run go mod vendor", ""
	case r.Flag == "never", r.OwnTree && !r.Have: // the server's go.mod and go.sum say all
		return false, "", ""
	case r.Work && r.Have:
		return false, "vendor/ is not written: in a go.work the modules come from the module cache; the vendor/ that is there stays as it is, and the go command takes it for the workspace's, so remove it", ""
	case r.Renamed && !r.Work:
		return r.Have, "", ""
	case !r.Fits && r.Have:
		return false, "vendor/ is not written: the server was not built with -trimpath, and a vendored plugin has other paths in its fingerprints; the vendor/ that is there stays as it is, so remove it or build with -mod=mod", ""
	case r.Work, !r.Fits:
		return false, "", ""
	case !r.Have && r.Ignored():
		return false, "", "vendor/ is not made: git ignores it (--vendor always makes it all the same)"
	}
	return true, "", ""
}

// Ignored reports whether git ignores a vendor/ in root.
func Ignored(ctx context.Context, root string, environ []string) bool {
	cwd, err := filepath.Abs(".")
	if err != nil {
		return false
	}
	repo, err := git.Open(ctx, root, cwd, environ)
	return err == nil && repo.Ignored(ctx, "vendor/modules.txt")
}

// NewVendor says of a vendor/ that was not there before why it is made, how large
// it is, and how to do without it, in the file with the settings; "" where there was one.
func (d *Diff) NewVendor(flag, settings string) string {
	if d.Tree == nil || d.old != nil || flag == "always" {
		return ""
	}
	var size int64
	for name := range d.new {
		if info, err := os.Stat(filepath.Join(d.dirs[1], filepath.FromSlash(name))); err == nil {
			size += info.Size()
		}
	}
	return fmt.Sprintf("vendor/ is new (%s, %s); to leave it out: \"vendor: never\" in %s", report.Count(len(d.new), "file"), bytesText(size), settings)
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

// A Diff is the difference between vendor/ as it is and as it should be.
type Diff struct {
	Tree  *commit.Vendor // nil: no difference
	Names []string       // changed files below vendor/, sorted
	old   sums
	new   sums
	dirs  [2]string // the old and the new vendor directory
}

// NoModules is the fault of a vendor/ that go mod vendor would not make.
func NoModules() error {
	return fault.New("remove it: rm -r vendor", "vendor/ holds modules, but the plugin depends on none")
}

// Compare compares vendor/ in root with the new vendor directory dir. old is what
// is there.
func Compare(ctx context.Context, root, dir string, old Old) (*Diff, error) {
	d := &Diff{dirs: [2]string{filepath.Join(root, "vendor"), dir}}
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
			d.Names = append(d.Names, name)
		}
	}
	for name := range d.old {
		if _, ok := d.new[name]; !ok {
			d.Names = append(d.Names, name)
		}
	}
	slices.Sort(d.Names)
	if len(d.Names) > 0 || d.old == nil {
		d.Tree = &commit.Vendor{Dir: dir, New: d.new, Old: d.old}
	}
	return d, nil
}

// Change reads one changed file.
func (d *Diff) Change(name string) (change.Change, error) {
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

// Modules returns the modules of dir/modules.txt, see [modulestxt.Module.Taken].
func Modules(dir string) map[string]string {
	data, err := bounded.ReadFile(filepath.Join(dir, "modules.txt"), bounded.Mod)
	if err != nil {
		return nil
	}
	vendored, _ := modulestxt.Parse(data)
	out := map[string]string{}
	for _, m := range vendored.Modules {
		out[m.Path] = m.Taken()
	}
	return out
}

// Module is what changes of one module below vendor/.
type Module struct {
	Module, Old, New string
	report.FileCounts
}

// ByModule counts the changed files by module; modules.txt stands for itself.
func (d *Diff) ByModule() []*Module {
	old, now := Modules(d.dirs[0]), Modules(d.dirs[1])
	by := map[string]*Module{}
	for _, name := range d.Names {
		path := owner(name, old, now)
		m := by[path]
		if m == nil {
			m = &Module{Module: path, Old: old[path], New: now[path]}
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
	var out []*Module
	for _, path := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[path])
	}
	return out
}

// owner returns the module that a file below vendor/ belongs to, or the file
// itself.
func owner(name string, sets ...map[string]string) string {
	path, ok := modpath.Above(name, func(p string) bool {
		return slices.ContainsFunc(sets, func(s map[string]string) bool { return s[p] != "" })
	})
	if !ok {
		return name
	}
	return path
}

// An Old is vendor/ as it is, or why it cannot be read.
type Old struct {
	sums sums
	err  error
}

// ReadOld reads vendor/ in the module root as it is.
func ReadOld(ctx context.Context, root string) Old {
	sums, err := commit.VendorSums(ctx, root)
	return Old{sums, err}
}

// A module that could not be fetched, and that vendor/ has, is taken from there. It
// stays at that version: no other one could be fetched.

// Read returns what vendor/ has of each module.
func Read(p *plugin.Plugin) []stage.Vendored {
	text, err := bounded.ReadFile(filepath.Join(p.Root, "vendor", "modules.txt"), bounded.Mod)
	if err != nil {
		return nil
	}
	var out []stage.Vendored
	vendored, _ := modulestxt.Parse(text)
	for _, m := range vendored.Modules {
		if module.CheckImportPath(m.Path) != nil || !semver.IsValid(m.Version.Version) || m.Go != "" && !modfile.GoVersionRE.MatchString(m.Go) {
			continue // the go command has not written that
		}
		v := stage.Vendored{Version: m.Version, Source: p.Now.Source(m.Version), Go: m.Go}
		for _, pkg := range m.Packages {
			v.Packages = append(v.Packages, pkg.Path)
		}
		if len(v.Packages) > 0 && v.Source.Version != "" {
			out = append(out, v)
		}
	}
	return out
}

// AddFile adds a file to the change set if it differs from data.
func AddFile(t *commit.Tree, name string, data []byte) error {
	full := filepath.Join(t.Root, filepath.FromSlash(name))
	old, err := bounded.ReadFile(full, bounded.Any)
	if errors.Is(err, fs.ErrNotExist) {
		if len(data) > 0 || name != "go.sum" {
			t.Files = append(t.Files, change.Change{Path: name, New: data, Mode: 0o644})
		}
		return nil
	}
	if err != nil {
		return err
	}
	if name == "go.sum" {
		data = SameLineEnds(old, data)
	}
	if bytes.Equal(old, data) {
		return nil
	}
	info, err := os.Stat(full)
	if err != nil {
		return err
	}
	t.Files = append(t.Files, change.Change{Path: name, Old: old, New: data, Mode: info.Mode().Perm()})
	return nil
}

// SameLineEnds gives new the line ends of old. go mod tidy writes LF, and
// leaves a file alone, whatever its line ends, that is right already.
func SameLineEnds(old, now []byte) []byte {
	if bytes.Equal(old, now) || !bytes.Contains(old, []byte("\r\n")) {
		return now
	}
	now = bytes.ReplaceAll(now, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(now, []byte("\n"), []byte("\r\n"))
}
