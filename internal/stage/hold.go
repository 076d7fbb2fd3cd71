package stage

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/pinner"
)

// listHeld is list under a go.mod that the modules in held do not leave. The go
// command looks for a package that the selected version of its module lacks in
// the latest one, and goes there, or fails where that needs a newer Go
// (cmd/go/internal/modload.queryImport). A module that it was seen to raise is
// replaced by itself, all versions of it, which leaves it no other to go to.
func (s *Stage) listHeld(ctx context.Context, mod *pinner.Mod, files importgraph.Files, patterns []string, held []module.Version) (*importgraph.Listing, error) {
	for {
		on, err := s.rises.hold(mod, held)
		if err != nil {
			return nil, err
		}
		l, err := s.listWithLoans(ctx, on, files, patterns)
		if !s.rises.raised(held, l, err) {
			return l, err
		}
	}
}

// Lacking runs go mod tidy with the versions in held kept, and returns its error,
// which names what imports a package that one of them lacks; nil if none does.
// Tidy itself would go to the latest version, as listHeld says.
func (s *Stage) Lacking(ctx context.Context, mod *pinner.Mod, files importgraph.Files, held []module.Version) error {
	for _, v := range held {
		s.rises[v.Path] = true
	}
	on, err := s.rises.hold(mod, held)
	if err != nil {
		return err
	}
	_, _, err = s.Tidy(ctx, on, files)
	return err
}

// NeedsNewer returns the module of an error of the go command that has gone to a
// version of it that needs a newer Go; the zero value if it is another error.
func NeedsNewer(err error) module.Version {
	var failed *gocmd.Error
	if !errors.As(err, &failed) {
		return module.Version{}
	}
	if m := newerGoRE.Regexp().FindStringSubmatch(failed.Stderr); m != nil {
		return module.Version{Path: m[1], Version: m[2]}
	}
	return module.Version{}
}

// rises are the modules that go list was seen to raise, by path; see listHeld.
type rises map[string]bool

// hold returns mod with the modules replaced that were seen to be raised.
func (r rises) hold(mod *pinner.Mod, held []module.Version) (*pinner.Mod, error) {
	held = slices.DeleteFunc(slices.Clone(held), func(v module.Version) bool { return !r[v.Path] })
	if len(held) == 0 {
		return mod, nil
	}
	m, err := mod.Clone()
	if err != nil {
		return nil, err
	}
	for _, v := range held {
		to := v
		if by := mod.Replacement(v); by != nil {
			to = by.New
		}
		if err := m.AddReplace(v.Path, "", to.Path, to.Version); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// newerGoRE finds the module that the go command would have raised.
var newerGoRE = pattern.New(`(?m)^(?:go: )?(\S+)@(\S+) requires go >= `)

// raised notes the modules of held that a listing has raised, or has failed to
// raise, and reports whether there are any that were not known.
func (r rises) raised(held []module.Version, l *importgraph.Listing, err error) bool {
	now := map[string]bool{}
	if err != nil {
		now[NeedsNewer(err).Path] = true
	} else {
		versions := l.Versions()
		for _, v := range held {
			now[v.Path] = versions[v.Path] != "" && versions[v.Path] != v.Version
		}
	}
	found := false
	for _, v := range held {
		if now[v.Path] && !r[v.Path] {
			r[v.Path], found = true, true
		}
	}
	return found
}
