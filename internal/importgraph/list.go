package importgraph

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/pinner"
)

// A Package is one package of the plugin's import graph, as go list prints it
// for the server's platform and tags.
// It has many fields: they are those of go list.
type Package struct {
	ImportPath     string
	Name           string
	Dir            string
	Standard       bool
	DepOnly        bool // not named itself
	Module         *Module
	Imports        []string
	ImportMap      map[string]string // as written -> in Imports, where they differ
	GoFiles        []string
	CgoFiles       []string
	IgnoredGoFiles []string
	InvalidGoFiles []string // their imports are not known
	Error          *struct{ Pos, Err string }
}

// A Module is the module of a package, at the selected version.
type Module struct {
	Path, Version string
	Main          bool
	GoVersion     string
	Replace       *struct{ Path, Version, Dir string }
}

// Main reports whether the package is of the plugin's main module.
func (p *Package) Main() bool { return p.Module != nil && p.Module.Main }

// Own reports whether the package is of the plugin itself, also where it is given as a file.
func (p *Package) Own() bool { return p.Main() || p.Module == nil }

// Missing reports whether nothing is left of the package to compile: its module lacks it.
func (p *Package) Missing() bool { return len(p.Files()) == 0 }

// File reports whether the package is a file given by name; its import path is
// then that of the file.
func (p *Package) File() bool { return strings.HasSuffix(p.ImportPath, ".go") }

// Files returns the names of the Go files that build on the server's platform.
func (p *Package) Files() []string { return slices.Concat(p.GoFiles, p.CgoFiles) }

// A Listing is the import graph of the plugin's main packages.
type Listing struct {
	Roots    []*Package          // the plugins themselves, sorted by import path
	Others   []*Package          // main packages that are no plugins
	Packages map[string]*Package // what they link, standard library left out
	Standard map[string]*Package // of the standard library

	Unread error // the first package of the module that could not be read, perhaps a plugin
}

// New finds the plugins among main packages, all of them if search is not set, and
// what these link.
func New(all map[string]*Package, roots []*Package, search bool) *Listing {
	l := &Listing{Roots: roots, Packages: map[string]*Package{}, Standard: map[string]*Package{}}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if p := all[path]; p.Main() && !p.DepOnly && p.Error != nil && len(p.InvalidGoFiles) > 0 && l.Unread == nil {
			l.Unread = broken(p)
		}
	}
	if search {
		l.Roots, l.Others = mains.Split(roots, func(p *Package) bool { return mains.Export(p.Files(), mains.In(p.Dir)) })
	}
	for _, r := range l.Roots {
		l.walk(all, r)
	}
	return l
}

// Broken returns an error if there is a package whose imports cannot be read:
// what the plugin links is then not known. Faults that leave the imports alone
// are the compiler's to report.
func (l *Listing) Broken() error {
	var first *BrokenError
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[path]
		if p.Error == nil || len(p.InvalidGoFiles) == 0 {
			continue
		}
		if e := broken(p); first == nil {
			first = e
		} else {
			first.Files = append(first.Files, e.Files...)
		}
	}
	if first == nil {
		return nil
	}
	return first
}

// A BrokenError is a package of the import graph that does not parse, or that
// is two in one directory.
type BrokenError struct {
	Pos, Why string
	Next     string   // what the user can do; "" for what NextStep says of any package
	Files    []string // those that do not parse, by their full names, where that is known
}

// broken is that of a package as go list has it.
func broken(p *Package) *BrokenError {
	e := &BrokenError{Pos: p.Error.Pos, Why: p.Error.Err}
	for _, name := range p.InvalidGoFiles {
		e.Files = append(e.Files, filepath.Join(p.Dir, name))
	}
	return e
}

func (e *BrokenError) Error() string {
	if e.Pos == "" {
		return e.Why
	}
	return e.Pos + ": " + e.Why
}

// NextStep says what the user can do.
func (e *BrokenError) NextStep() string {
	if e.Next != "" {
		return e.Next
	}
	return "correct it, or name just the plugin's package or file with --package"
}

// walk adds what p imports, and p, to l.
func (l *Listing) walk(all map[string]*Package, p *Package) {
	in := l.Packages
	if p.Standard {
		in = l.Standard
	}
	if in[p.ImportPath] != nil {
		return
	}
	in[p.ImportPath] = p
	for _, path := range p.Imports {
		if q := all[path]; q != nil {
			l.walk(all, q)
		}
	}
}

// Linked returns the packages of other modules, sorted by path.
func (l *Listing) Linked() []pinner.Linked {
	var out []pinner.Linked
	for path, p := range l.Packages {
		if p.Module != nil && !p.Module.Main {
			out = append(out, pinner.Linked{Path: path, Module: module.Version{Path: p.Module.Path, Version: p.Module.Version}})
		}
	}
	slices.SortFunc(out, func(a, b pinner.Linked) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// Versions returns the selected version of each linked module.
func (l *Listing) Versions() map[string]string {
	out := map[string]string{}
	for _, p := range l.Linked() {
		out[p.Module.Path] = p.Module.Version
	}
	return out
}

// NotPlugin returns the error of a --package that names no plugin, which why says.
func NotPlugin(pkg, why string) error {
	return fault.OfSetting("--package", pkg, "name a main package of the module, or a Go file of one", "%s", why)
}
