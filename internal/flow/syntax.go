package flow

import (
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/stage"
)

// syntax returns an error if a Go file of the plugin that is linked does not parse: no
// version of anything fixes that, and no server loads what cannot be built. It looks once.
func (a *aligner) syntax(l *stage.Listing) error {
	if a.parsed {
		return nil
	}
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[path]
		if !own(p) && !a.local(p) {
			continue
		}
		for _, name := range p.Files() {
			full := filepath.Join(p.Dir, name)
			src, err := a.stage.ReadFile(full)
			if err != nil {
				continue // whoever needs it says so
			}
			_, err = parser.ParseFile(token.NewFileSet(), full, src, parser.SkipObjectResolution)
			var list scanner.ErrorList
			if errors.As(err, &list) {
				if n := conflictMarker(src); n > 0 {
					return fault(nextConflict, "%s:%d: a merge conflict that is not resolved", a.relative(full), n)
				}
				lines = append(lines, fmt.Sprintf("%s:%d: %s", a.relative(list[0].Pos.Filename), list[0].Pos.Line, list[0].Msg))
			}
		}
	}
	if a.parsed = len(lines) == 0; a.parsed {
		return nil
	}
	return fault("correct the syntax, and run pinfix again", "%s", strings.Join(lines, "\n"))
}

// local reports whether a package is of a module that a directory replaces: its files are
// the user's to edit.
func (a *aligner) local(p *stage.Package) bool {
	return p.Module != nil && p.Module.Replace != nil && p.Module.Replace.Version == ""
}

// relative names a file from the plugin's directory, or with its full name where that
// cannot be.
func (a *aligner) relative(name string) string {
	if rel, err := filepath.Rel(a.stage.Root, name); err == nil {
		return filepath.ToSlash(rel)
	}
	return name
}
