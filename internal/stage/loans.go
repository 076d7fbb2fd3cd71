package stage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/pinner"
)

// A Vendored is a module as the plugin's vendor/ has it.
type Vendored struct {
	Version  module.Version // as it is selected
	Source   module.Version // where it was taken from: its replacement, or itself
	Go       string         // the go line of its go.mod; "" for none or not known
	Packages []string
}

// A Loan is a module that could not be fetched, and whose vendored files stand for
// it: a replacement by a copy of them, which only the scratch go.mod has.
type Loan struct {
	Vendored
	Cause gocmd.Cause
	dir   string
}

// Loans are the modules that are taken from the plugin's vendor/ since they could not be
// fetched.
type Loans struct {
	fetch   *fetch.Fetcher
	command *gocmd.Go
	dir     string               // the scratch directory
	root    string               // the plugin's
	cache   string               // GOMODCACHE
	sources *importgraph.Sources // on the disk
	mod     *pinner.Mod          // the plugin's go.mod; or nil
	sum     []byte               // its go.sum
	vendor  []Vendored

	mu    sync.Mutex
	taken []*Loan // guarded by mu
}

// Offer says what vendor/ holds. Where one of these modules could not be fetched, what
// vendor/ holds of it is taken instead; see [Loans.Taken].
func (b *Loans) Offer(list []Vendored) { b.vendor = list }

// Taken returns the modules that are taken from vendor/, in the order in which
// they were found missing.
func (b *Loans) Taken() []*Loan {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.taken)
}

// borrow takes a module that could not be fetched from vendor/. It returns nil
// where vendor/ does not have that version, where it is taken already, or where it
// has another sum.
func (b *Loans) borrow(find func(Vendored) bool, c gocmd.Cause) (*Loan, error) {
	i := slices.IndexFunc(b.vendor, find)
	if c.Kind == gocmd.Mismatch {
		return nil, nil // the user has to look at that
	}
	if i < 0 || b.has(b.vendor[i]) {
		return nil, nil
	}
	l := &Loan{Vendored: b.vendor[i], Cause: c}
	l.Cause.Module = l.Source
	l.dir = filepath.Join(b.dir, "0", "vendor", strconv.Itoa(i), filepath.FromSlash(l.Version.Path))
	if err := b.copyVendored(l); err != nil {
		return nil, err
	}
	mod := b.loanMod(l)
	if err := os.WriteFile(filepath.Join(l.dir, "go.mod"), mod, 0o666); err != nil {
		return nil, err
	}
	sum, err := pinner.Summarize("go.mod", mod)
	if err != nil {
		return nil, err
	}
	b.fetch.Put(l.Source, sum)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = append(b.taken, l)
	return l, nil
}

// copyVendored copies what vendor/ has of a module, without the modules that are
// nested in it.
func (b *Loans) copyVendored(l *Loan) error {
	from := filepath.Join(b.root, "vendor", filepath.FromSlash(l.Version.Path))
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		nested := l.Version.Path + "/" + filepath.ToSlash(rel)
		switch {
		case d.IsDir() && slices.ContainsFunc(b.vendor, func(v Vendored) bool { return v.Version.Path == nested }):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(l.dir, rel), 0o777)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := bounded.ReadFile(name, bounded.Any)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(l.dir, rel), data, 0o666)
	})
}

// loanMod is the go.mod of a loan: what the module cache has of it. Where that has
// nothing, what the module requires is not known. A plugin of go 1.17 and newer
// requires it all itself; for an older one it is what vendor/ has of the modules
// that its packages import.
func (b *Loans) loanMod(l *Loan) []byte {
	var text bytes.Buffer
	require := func(v module.Version) {
		fmt.Fprintf(&text, "require %s %s\n", modfile.AutoQuote(v.Path), v.Version)
	}
	fmt.Fprintf(&text, "module %s\n", modfile.AutoQuote(l.Version.Path))
	if sum, err := b.fetch.Read(l.Source); err == nil {
		if sum.Go != "" {
			fmt.Fprintf(&text, "go %s\n", sum.Go)
		}
		for _, r := range sum.Require {
			require(r)
		}
		return text.Bytes()
	}
	if l.Go != "" {
		fmt.Fprintf(&text, "go %s\n", l.Go)
	}
	if b.mod == nil || b.mod.Pruned() {
		return text.Bytes()
	}
	required := map[string]bool{l.Version.Path: true}
	for _, pkg := range l.Packages {
		dir := filepath.Join(l.dir, filepath.FromSlash(strings.TrimPrefix(pkg, l.Version.Path)))
		names, _ := filepath.Glob(filepath.Join(dir, "*.go")) // fails for a bad pattern only
		for _, name := range names {
			data, err := b.sources.ReadFile(name)
			if err != nil {
				continue
			}
			imports, err := b.sources.ImportsOf(name, data)
			if err != nil {
				continue
			}
			for _, v := range b.vendor {
				if !required[v.Version.Path] && slices.ContainsFunc(v.Packages, func(p string) bool { return slices.Contains(imports, p) }) {
					required[v.Version.Path] = true
					require(v.Version)
				}
			}
		}
	}
	return text.Bytes()
}

// instead takes a version from vendor/, if that has it: its go.mod could not be fetched.
func (b *Loans) instead(v module.Version, why gocmd.Cause) (bool, error) {
	l, err := b.borrow(func(h Vendored) bool { return h.Source == v }, why)
	return l != nil, err
}

// borrowFor takes the modules from vendor/ that the go command could not get, and
// reports whether there is one that is news.
func (b *Loans) borrowFor(causes []gocmd.Cause) (bool, error) {
	found := false
	for _, c := range causes {
		l, err := b.borrow(func(v Vendored) bool {
			if c.Module.Path != "" {
				return v.Source == c.Module || v.Version == c.Module
			}
			return modpath.In(c.Package, v.Version.Path) && !b.has(v) && !modcache.HasSource(b.cache, v.Source)
		}, c)
		if err != nil {
			return false, err
		}
		found = found || l != nil
	}
	return found, nil
}

// has reports whether a module is taken from vendor/ already.
func (b *Loans) has(v Vendored) bool {
	return slices.ContainsFunc(b.Taken(), func(l *Loan) bool { return l.Version == v.Version })
}

// borrowListed is borrowFor the packages of a listing.
func (b *Loans) borrowListed(l *importgraph.Listing) (bool, error) {
	if l == nil || len(b.vendor) == 0 {
		return false, nil
	}
	var causes []gocmd.Cause
	for _, p := range l.Packages {
		if p.Error != nil && len(p.Files()) == 0 {
			found, _ := b.command.Causes(p.Error.Err)
			for _, c := range found {
				if c.Module.Path == "" {
					c.Package = p.ImportPath
				}
				causes = append(causes, c)
			}
		}
	}
	return b.borrowFor(causes)
}

// retry runs f again as long as it fails for modules that vendor/ has.
func (b *Loans) retry(f func() error) error {
	for {
		err := f()
		var failed *gocmd.Error
		if err == nil || !errors.As(err, &failed) {
			return err
		}
		causes, _ := failed.Causes()
		if found, borrowErr := b.borrowFor(causes); borrowErr != nil || !found {
			return errors.Join(err, borrowErr)
		}
	}
}

// with returns mod with the replacements of the loans.
func (b *Loans) with(mod *pinner.Mod) (*pinner.Mod, error) {
	loans := b.Taken()
	if len(loans) == 0 {
		return mod, nil
	}
	m, err := mod.Clone()
	if err != nil {
		return nil, err
	}
	for _, l := range loans {
		if err := m.AddReplace(l.Version.Path, l.Version.Version, l.dir, ""); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// repayMod takes the replacements of the loans out of a tidied go.mod again; plan
// is what it was before.
func (b *Loans) repayMod(tidied, plan *pinner.Mod) error {
	for _, l := range b.Taken() {
		i := slices.IndexFunc(plan.Replace, func(r *modfile.Replace) bool { return r.Old == l.Version })
		var err error
		if i < 0 {
			err = tidied.DropReplace(l.Version.Path, l.Version.Version)
		} else {
			r := plan.Replace[i]
			err = tidied.AddReplace(r.Old.Path, r.Old.Version, r.New.Path, r.New.Version)
		}
		if err != nil {
			return err
		}
	}
	tidied.Cleanup()
	return nil
}

// repaySum adds the plugin's own lines of the loans to a tidied go.sum: for a
// directory, go mod tidy keeps none.
func (b *Loans) repaySum(sum []byte) []byte {
	var lines []string
	for _, l := range b.Taken() {
		for line := range strings.Lines(string(b.sum)) {
			f := strings.Fields(line)
			if len(f) == 3 && f[0] == l.Source.Path && (f[1] == l.Source.Version || f[1] == l.Source.Version+"/go.mod") {
				lines = append(lines, strings.Join(f, " "))
			}
		}
	}
	if len(lines) == 0 {
		return sum
	}
	for line := range strings.Lines(string(sum)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	slices.SortStableFunc(lines, func(x, y string) int {
		a, b := sumKey(x), sumKey(y)
		if a == b {
			return strings.Compare(x, y)
		}
		vs := []module.Version{a, b}
		module.Sort(vs)
		if vs[0] == a {
			return -1
		}
		return 1
	})
	return []byte(strings.Join(lines, "\n") + "\n")
}

func sumKey(line string) module.Version {
	f := strings.Fields(line)
	if len(f) < 2 {
		return module.Version{}
	}
	return module.Version{Path: f[0], Version: f[1]}
}

// repayVendor gives the loans in the modules.txt of a new vendor directory their
// own lines.
func (b *Loans) repayVendor(dir string, plan *pinner.Mod) error {
	loans := b.Taken()
	if len(loans) == 0 {
		return nil
	}
	name := filepath.Join(dir, "modules.txt")
	data, err := bounded.ReadFile(name, bounded.Mod)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(data), "\n")
	for _, l := range loans {
		own := "# " + l.Version.Path + " " + l.Version.Version
		i := slices.Index(lines, own+" => "+l.dir+"\n")
		if i < 0 {
			continue // no package of it is needed any more
		}
		if r := plan.Replacement(l.Version); r != nil {
			own += strings.TrimRight(" => "+r.New.Path+" "+r.New.Version, " ")
		}
		lines[i] = own + "\n"
	}
	return os.WriteFile(name, []byte(strings.Join(lines, "")), 0o666)
}

// Warnings says which modules come from vendor/, and why.
func (l *Loans) Warnings() []string {
	var causes []gocmd.Cause
	var names []string
	for _, loan := range l.Taken() {
		causes = append(causes, loan.Cause)
		names = append(names, loan.Version.String())
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("taken over from vendor/ as they are: %s (%s)", strings.Join(names, ", "), strings.ReplaceAll(gocmd.Explain(causes), "\n", "; "))}
}
