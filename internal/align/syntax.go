package align

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/syntax"
)

// syntax returns an error if a Go file of the plugin that is linked does not parse: no
// version of anything fixes that, and no server loads what cannot be built. It looks once.
func (a *Aligner) syntax(l *importgraph.Listing) error {
	if a.Parsed {
		return nil
	}
	var names []string
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		if p := l.Packages[path]; p.Own() || a.local(p) {
			for _, name := range p.Files() {
				names = append(names, filepath.Join(p.Dir, name))
			}
		}
	}
	err := a.unparsed(names)
	a.Parsed = err == nil
	return err
}

// readable returns the error of a listing or, where it is of packages with files that do
// not parse, one with the places of all.
func (a *Aligner) readable(err error) error {
	var broken *importgraph.BrokenError
	if errors.As(err, &broken) {
		if places := a.unparsed(broken.Files); places != nil {
			return places
		}
	}
	return err
}

// unparsed returns an error with the first place in each file that does not parse.
func (a *Aligner) unparsed(names []string) error {
	var bad []*syntax.Error
	for _, name := range names {
		src, err := a.Sources.ReadFile(name)
		if err != nil {
			continue // whoever needs it says so
		}
		if e := syntax.Go(name, src); e != nil {
			if hidden := bounded.Hidden(name); hidden != nil {
				return hidden
			}
			bad = append(bad, e.In(a.relative(name)))
		}
	}
	return plugin.BadSyntax(bad)
}

// local reports whether a package is of a module that a directory replaces: its files are
// the user's to edit.
func (a *Aligner) local(p *importgraph.Package) bool {
	return p.Module != nil && p.Module.Replace != nil && p.Module.Replace.Version == ""
}

// relative names a file from the plugin's directory, or with its full name where that
// cannot be.
func (a *Aligner) relative(name string) string {
	if rel, err := filepath.Rel(a.Sources.Root, name); err == nil {
		return filepath.ToSlash(rel)
	}
	return name
}
