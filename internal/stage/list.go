package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/pinner"
)

// A Package is one package of the plugin's import graph, as go list prints it
// for the server's platform and tags.
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

// File reports whether the package is a file given by name; its import path is
// then that of the file.
func (p *Package) File() bool { return strings.HasSuffix(p.ImportPath, ".go") }

// Files returns the names of the Go files that build on the server's platform.
func (p *Package) Files() []string { return slices.Concat(p.GoFiles, p.CgoFiles) }

const listFields = "ImportPath,Name,Dir,Standard,DepOnly,Module,Imports,ImportMap,GoFiles,CgoFiles,IgnoredGoFiles,InvalidGoFiles,Error"

// A Listing is the import graph of the plugin's main packages.
type Listing struct {
	Roots    []*Package          // the plugins themselves, sorted by import path
	Others   []*Package          // main packages that are no plugins
	Packages map[string]*Package // what they link, standard library left out
	Standard map[string]*Package // of the standard library

	unread error // the first package of the module that could not be read, perhaps a plugin
}

// List loads the import graph of the main packages that patterns name (package
// patterns or Go files); none: the plugins among those of the module. The modules in
// held stay at their versions: a package that these lack has an Error.
func (s *Stage) List(ctx context.Context, mod *pinner.Mod, files Files, patterns []string, held []module.Version) (*Listing, error) {
	l, err := s.listHeld(ctx, mod, files, patterns, held)
	if err != nil {
		return nil, err
	}
	if len(l.Roots) == 0 && l.unread != nil {
		return nil, l.unread
	}
	return l, l.broken()
}

// ListAsIs is List under the plugin's own go.mod, with the toolchain that its author has;
// with the server's, where there is no other.
func (s *Stage) ListAsIs(ctx context.Context, files Files, patterns []string) (*Listing, error) {
	if s.local != nil {
		if l, err := s.listBy(ctx, s.local, s.user, files, patterns); err == nil || ctx.Err() != nil {
			return l, err
		}
	}
	return s.list(ctx, s.user, files, patterns)
}

func (s *Stage) list(ctx context.Context, mod *pinner.Mod, files Files, patterns []string) (*Listing, error) {
	return s.listBy(ctx, s.go_, mod, files, patterns)
}

func (s *Stage) listBy(ctx context.Context, g *gocmd.Go, mod *pinner.Mod, files Files, patterns []string) (*Listing, error) {
	world := ""
	if g == s.go_ {
		world = s.world(mod, files)
		all, roots, err := s.listed(patterns, func(call []string) ([]byte, error) { return s.loadList(world, call) })
		if err == nil && there(all) {
			return newListing(all, roots, len(patterns) == 0), nil
		}
	}
	var outs [][]byte
	keep := world != ""
	all, roots, err := s.listed(patterns, func(call []string) ([]byte, error) {
		_, flags, err := s.prepare(mod, nil, files)
		if err != nil {
			return nil, err
		}
		args := slices.Concat([]string{"list", "-e", "-deps", "-json=" + listFields, "-tags=" + s.tags}, flags, []string{"--"}, call)
		out, settled, err := g.RunSettled(ctx, args...)
		outs, keep = append(outs, out), keep && settled
		return out, s.clean(err)
	})
	if err != nil {
		return nil, err
	}
	if keep && fine(all) && s.fresh(mod, files) == world {
		for i, call := range calls(patterns) {
			s.saveList(world, call, outs[i])
		}
	}
	return newListing(all, roots, len(patterns) == 0), nil
}

// listed returns what go list prints for each call that patterns need: all packages, and
// the main packages of the module.
func (s *Stage) listed(patterns []string, list func(call []string) ([]byte, error)) (all map[string]*Package, roots []*Package, err error) {
	all = map[string]*Package{}
	for _, call := range calls(patterns) {
		out, err := list(call)
		if err != nil {
			return nil, nil, err
		}
		if roots, err = decode(out, all, roots, len(patterns) > 0); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(roots, func(a, b *Package) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return all, roots, nil
}

// newListing finds the plugins among main packages, all of them if search is not set, and
// what these link.
func newListing(all map[string]*Package, roots []*Package, search bool) *Listing {
	l := &Listing{Roots: roots, Packages: map[string]*Package{}, Standard: map[string]*Package{}}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if p := all[path]; p.Main() && !p.DepOnly && p.Error != nil && len(p.InvalidGoFiles) > 0 && l.unread == nil {
			l.unread = broken(p)
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

// broken returns an error if there is a package whose imports cannot be read:
// what the plugin links is then not known. Faults that leave the imports alone
// are the compiler's to report.
func (l *Listing) broken() error {
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

// calls groups patterns into go list calls: named files must all be in one
// directory, so each gets one of its own.
func calls(patterns []string) [][]string {
	if len(patterns) == 0 {
		return [][]string{{"./..."}}
	}
	var out [][]string
	var packages []string
	for _, p := range patterns {
		if strings.HasSuffix(p, ".go") {
			out = append(out, []string{p})
		} else {
			packages = append(packages, p)
		}
	}
	if packages != nil {
		out = append(out, packages)
	}
	return out
}

// decode reads go list's output into all and appends the main packages of the
// main module to roots. A named package that is no main package is an error.
func decode(out []byte, all map[string]*Package, roots []*Package, named bool) ([]*Package, error) {
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &Package{}
		if err := dec.Decode(p); err == io.EOF {
			return roots, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Standard && !p.DepOnly && named {
			return nil, &PackageError{p.ImportPath, "it is of the standard library"}
		}
		if p.ImportPath == "command-line-arguments" && len(p.GoFiles)+len(p.CgoFiles) > 0 {
			p.ImportPath = p.Dir + "/" + p.Files()[0] // several files may be listed, each by itself
		}
		all[p.ImportPath] = p
		switch {
		case p.DepOnly, p.Standard:
		case p.Module != nil && !p.Main():
			return nil, &PackageError{p.ImportPath, "it is of module " + p.Module.Path}
		case p.Name == "main":
			roots = append(roots, p)
		case named && p.Error != nil:
			return nil, &PackageError{p.ImportPath, oneLine(p.Error.Err)}
		case named:
			return nil, &PackageError{p.ImportPath, "it is package " + p.Name + ", not a main package"}
		}
	}
}

// A PackageError is a --package that names no plugin.
type PackageError struct{ Package, Why string }

func (e *PackageError) Error() string { return "--package " + e.Package + ": " + e.Why }

// NextStep says what the user can do.
func (e *PackageError) NextStep() string {
	return "name a main package of the module, or a Go file of one"
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
