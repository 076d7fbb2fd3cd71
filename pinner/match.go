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

// A Match says what a plugin has in common with a server.
type Match struct {
	Pins   []Pin    // modules that own a package linked in both, sorted by path
	Splits []Split  // sorted by package
	Own    []Linked // packages of the server's own main module or workspace: no go.mod can match their label
}

// Compare finds the packages that are linked in both. Where the server's
// packages are not known (go version -m text, a go.mod), a module that both link
// counts as shared.
func Compare(s *Server, linked []Linked) *Match {
	pins := make(map[string]Pin, len(s.Pins))
	for _, p := range s.Pins {
		pins[p.Path] = p
	}
	match := &Match{}
	seen := map[string]bool{}
	for _, l := range linked {
		in, known := s.Links(l.Path)
		if known && !in && !(s.Source != nil && l.Module.Path == s.Main.Path) { // vendor/ holds no package of the main module
			continue
		}
		pin, ok := provider(pins, l.Path)
		switch {
		case l.Module.Path == s.Main.Path, ok && workspace(pin), !ok && known:
			match.Own = append(match.Own, l)
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

// workspace reports whether the server was built in a go.work with this
// module: the label is then the bare import path.
func workspace(p Pin) bool { return p.Version.Version == "(devel)" }

// provider returns the linked module with the longest path that holds pkg.
func provider(pins map[string]Pin, pkg string) (Pin, bool) {
	for p := pkg; ; {
		if pin, ok := pins[p]; ok {
			return pin, true
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			return Pin{}, false
		}
		p = p[:i]
	}
}
