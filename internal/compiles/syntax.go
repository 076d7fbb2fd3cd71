package compiles

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/syntax"
)

// Parse returns an error if a Go file of the plugin that is linked does not parse: no
// version of anything fixes that, and no server loads what cannot be built.
func Parse(sources *importgraph.Sources, l *importgraph.Listing) error {
	var names []string
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		if p := l.Packages[path]; p.Own() || local(p) {
			for _, name := range p.Files() {
				names = append(names, filepath.Join(p.Dir, name))
			}
		}
	}
	return unparsed(sources, names)
}

// Readable returns the error of a listing or, where it is of packages with files that do
// not parse, one with the places of all.
func Readable(sources *importgraph.Sources, err error) error {
	var broken *importgraph.BrokenError
	if errors.As(err, &broken) {
		if places := unparsed(sources, broken.Files); places != nil {
			return places
		}
	}
	return err
}

// unparsed returns an error with the first place in each file that does not parse.
func unparsed(sources *importgraph.Sources, names []string) error {
	var bad []*syntax.Error
	for _, name := range names {
		src, err := sources.ReadFile(name)
		if err != nil {
			continue // whoever needs it says so
		}
		if e := syntax.Go(name, src); e != nil {
			if hidden := bounded.Hidden(name); hidden != nil {
				return hidden
			}
			bad = append(bad, e.In(place.Relative(sources.Root, name)))
		}
	}
	return plugin.BadSyntax(bad)
}

// local reports whether a package is of a module that a directory replaces: its files are
// the user's to edit.
func local(p *importgraph.Package) bool {
	return p.Module != nil && p.Module.Replace != nil && p.Module.Replace.Version == ""
}
