package pinner

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// Linked is one package that the plugin links, with the selected version of the
// module it comes from (before replacement).
type Linked struct {
	Path   string
	Module module.Version
}

// A Split is a package that plugin and server take from different modules: it
// moved from a parent module into a nested one (google.golang.org/genproto,
// cloud.google.com/go), or the server is older than the move.
type Split struct {
	Package string
	From    module.Version // the plugin's provider
	To      Pin            // the server's
}

// A Match holds what plugin and server both link.
type Match struct {
	Pins    []Pin    // modules that own a package linked in both, sorted by path
	Splits  []Split  // sorted by package
	Own     []Linked // packages of [Server.Own]: no requirement in go.mod matches their label
	Unknown []Linked // packages that the server links or may link, and of which it names no module
}

// Compare finds the packages that are linked in both. Where the server's
// packages are not known (go version -m text, a go.mod), a module that both link
// counts as shared.
func Compare(s *Server, linked []Linked) *Match {
	match := &Match{}
	modules, knows := s.byPath(), s.KnowsModules()
	owns := func(path string) bool { pin, ok := modules[path]; return ok && s.isOwn(pin) }
	seen := map[string]bool{}
	for _, l := range linked {
		in, known := s.Links(l.Path)
		if known && !in && !(s.Source != nil && owns(l.Module.Path)) { // vendor/ holds no package of the main module
			continue
		}
		pin, ok := modules.holder(l.Path)
		switch {
		case owns(l.Module.Path), owns(pin.Path) && (known || len(pin.Path) >= len(l.Module.Path)):
			match.Own = append(match.Own, l)
			continue
		case !ok && (known || !knows):
			match.Unknown = append(match.Unknown, l)
			continue
		case !ok:
			continue
		case len(pin.Path) < len(l.Module.Path) && !known:
			// The nested module is not linked in the server; whether the
			// parent gave it this package cannot be known.
			continue
		case pin.Path != l.Module.Path:
			match.Splits = append(match.Splits, Split{Package: l.Path, From: l.Module, To: pin})
		}
		if !seen[pin.Path] {
			seen[pin.Path] = true
			match.Pins = append(match.Pins, pin)
		}
	}
	slices.SortFunc(match.Pins, func(a, b Pin) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(match.Splits, func(a, b Split) int { return strings.Compare(a.Package, b.Package) })
	return match
}
