// Package conflict reads one try of the solver: which module is behind what does not
// compile, whether another version of it can be taken, and whether any version of any module
// fixes it. It finds the words for that, and decides nothing: package solve does.
//
// [New] makes the [View] of a try. [Finals] returns what no version fixes; [Judge] says why
// a module is capped, and why there is no solution. A [Record] has what the earlier tries
// have told.
package conflict

import (
	"slices"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A Package is a package of the plugin's import graph, the standard library
// left out.
type Package struct {
	Path    string
	Module  module.Version // as selected; of the plugin's own packages only the path
	Own     bool           // of the plugin's main module
	Fixed   bool           // the module is replaced: no other version of it can be taken
	Local   bool           // by a directory
	Imports []string
}

// A State is one try.
type State struct {
	Plan     *pinner.Plan
	Packages map[string]*Package
	Faults   []typecheck.Fault // what does not compile
}

// A Direction is where to look for another version of a module.
type Direction int

// Down is towards older versions, Up towards newer ones.
const (
	Down Direction = -1
	Up   Direction = 1
)

// A Task is what a search is about, and what stays as it is in it.
type Task struct {
	Server *pinner.Server
	Base   *pinner.Graph     // of the plugin's own go.mod
	Keep   []string          // modules that stay as they are
	User   []pinner.Cap      // caps that the user asks for
	Find   pinner.Candidates // other versions of modules
	Root   string            // the plugin's directory
}

// From returns the version that a module is moved from: the user's cap, or the
// plugin's version, "" if it has none.
func (t *Task) From(path string) string {
	if c, ok := CapOf(t.User, path); ok {
		return c.Version.Version
	}
	return t.Base.Selected(path)
}

// Accepts reports whether the server's Go reads a go.mod.
func (t *Task) Accepts(m *pinner.Summary) bool { return t.Server.Accepts(m.Go) }

// Others returns the versions of a module beyond at, the nearest first; none where
// its versions could not be fetched: others may do. Upwards they end at the user's
// own cap.
func (t *Task) Others(at module.Version, d Direction) []string {
	if d == Down {
		below, err := t.Find.Below(at, t.Base.Versions(at.Path))
		if err != nil {
			return nil
		}
		return below
	}
	above, err := t.Find.Above(at)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(above, func(k string) bool {
		return slices.ContainsFunc(t.User, func(c pinner.Cap) bool { return c.Path == at.Path && semver.Compare(k, c.Version.Version) > 0 })
	})
}

// served reports whether the server has the module, pinned or not.
func (t *Task) served(path string) bool {
	return slices.ContainsFunc(t.Server.Required(), func(p pinner.Pin) bool { return p.Path == path })
}
