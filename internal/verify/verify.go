// Package verify tells whether a server would load a plugin, and if not, why:
// [Compare] lays the two tables of package fingerprints and the two build infos
// side by side. It is pure; nothing is loaded or run.
//
// The verdict is the loader's: every package that is linked in both must have
// the same fingerprint (runtime/plugin.go, plugin_lastmoduleinit), and platform,
// libc and Go release must agree, without which the comparison is never reached.
// The causes explain the verdict; they never change it.
package verify

import (
	"maps"
	"slices"

	"github.com/pinfix/pinfix/pinner"
)

// A Cause says what makes packages differ (DESIGN.md 6).
type Cause string

// In the order in which they are reported: what hides others comes first.
const (
	Platform  Cause = "platform"
	Libc      Cause = "libc"
	GoVersion Cause = "go-version"
	Trimpath  Cause = "trimpath"
	Flags     Cause = "flags"
	Tags      Cause = "tags"
	ServerOwn Cause = "server-own"
	Version   Cause = "version"
	Replace   Cause = "replace"
	Content   Cause = "content"
	Unknown   Cause = "unknown"
)

var order = []Cause{Platform, Libc, GoVersion, Trimpath, Flags, Tags, ServerOwn, Version, Replace, Content, Unknown}

// Imports returns what a package of a module imports, or false if its source is
// not at hand.
type Imports func(p pinner.Pin, pkg string) ([]string, bool)

// A Package is linked in both, with different fingerprints.
type Package struct {
	Path    string
	Module  string // "std" for the standard library
	Server  string // version and replacement that the server linked
	Plugin  string
	Cause   Cause
	Through string // the package that it imports and that has the cause

	guessed bool // counted under the cause without its source
}

// A Difference is one thing to set right: a module, a setting, a file's fact.
type Difference struct{ What, Plugin, Server string }

// A Finding is a cause, how many packages are counted under it, and the one
// thing to do.
type Finding struct {
	Cause       Cause
	Packages    int
	Differences []Difference
	Fix         string
}

// notKnown stands for what a file does not say of itself.
const notKnown = "not known"

// A Result says whether the server loads the plugin.
type Result struct {
	Loads      bool
	Shared     int       // packages linked in both
	Mismatched []Package // sorted by path
	Findings   []Finding
	Warnings   []string
}

// Compare compares a server with a plugin, which target.ReadPlugin gives in the
// same form. Both have Packages. imports may be nil.
func Compare(server, plugin *pinner.Server, imports Imports) *Result {
	c := &comparison{
		server: server, plugin: plugin, imports: imports,
		serverSide: newSide(server), pluginSide: newSide(plugin),
		mismatched: map[string]*Package{},
	}
	for _, path := range slices.Sorted(maps.Keys(plugin.Packages)) {
		hash, ok := server.Packages[path]
		if !ok {
			continue
		}
		c.shared++
		if hash != plugin.Packages[path] {
			p := c.newPackage(path)
			c.paths = append(c.paths, path)
			c.mismatched[path] = p
			c.stdDiffers = c.stdDiffers || p.Module == stdModule
		}
	}
	c.settings = compareSettings(server, plugin)
	if plugin.Go == "" && c.mismatched["runtime"] != nil && tellsRelease(server) {
		c.settings = append(c.settings, setting{GoVersion, false, Difference{"Go", notKnown, release(server.Go)}})
	}
	c.assign()
	return c.result()
}

// A comparison is one run of Compare.
type comparison struct {
	server, plugin         *pinner.Server
	serverSide, pluginSide side
	imports                Imports
	settings               []setting

	shared     int
	paths      []string // sorted
	mismatched map[string]*Package
	stdDiffers bool // a package of the standard library does
}

func (c *comparison) newPackage(path string) *Package {
	s, sok := c.serverSide.find(path)
	p, pok := c.pluginSide.find(path)
	switch {
	case !sok && !pok && isStd(path):
		return &Package{Path: path, Module: stdModule, Server: c.server.Go, Plugin: c.plugin.Go}
	case sok:
		return &Package{Path: path, Module: s.Path, Server: s.line(s.Path), Plugin: p.line(s.Path)}
	}
	return &Package{Path: path, Module: p.Path, Plugin: p.line(p.Path)}
}

func (c *comparison) result() *Result {
	r := &Result{Loads: len(c.paths) == 0, Shared: c.shared}
	for _, path := range c.paths {
		r.Mismatched = append(r.Mismatched, *c.mismatched[path])
	}
	for _, cause := range order {
		f := Finding{Cause: cause, Differences: c.differences(cause)}
		for _, p := range r.Mismatched {
			if p.Cause == cause {
				f.Packages++
			}
		}
		if sure := c.sure(cause); f.Packages > 0 || sure {
			r.Loads = r.Loads && !sure
			f.Fix = c.fix(f)
			r.Findings = append(r.Findings, f)
		}
	}
	r.Warnings = c.warnings(r)
	return r
}
