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

// A Cause says what makes packages differ (docs/json.md, verify).
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

	// AlreadyLoaded: what the plugin is called, or a package of its own, is there
	// already.
	AlreadyLoaded Cause = "already-loaded"
)

var order = []Cause{Platform, Libc, GoVersion, Trimpath, Flags, Tags, AlreadyLoaded, ServerOwn, Version, Replace, Content, Unknown}

// Imports returns what a package of a module imports, or false if its source is
// not available.
type Imports func(p pinner.Pin, pkg string) ([]string, bool)

// A Package is linked in both, with different fingerprints.
type Package struct {
	Path    string
	Module  string // "std" for the standard library
	Server  string // version and replacement that the server linked
	Plugin  string
	Cause   Cause
	Through string // the package that it imports and that has the cause
	With    string // the file of the plugin that has it before; "" for the server

	guessed bool // counted under the cause without its source
}

// A Difference is one thing to set right: a module, a setting, a file's fact.
type Difference struct{ What, Plugin, Server string }

// A Finding is a cause, how many packages are counted under it, and the one
// thing to do.
type Finding struct {
	Cause       Cause
	With        string // the file of the plugin that it is about; "" for the server
	Packages    int
	Differences []Difference
	Fix         string
}

// notKnown is shown for what a file does not say of itself.
const notKnown = "not known"

// A Result says whether the server loads the plugin.
type Result struct {
	Loads      bool
	Shared     int       // packages linked in both, or in a plugin before
	Mismatched []Package // sorted by path
	Findings   []Finding
	Warnings   []string
}

// An Earlier is a plugin that the server is given before another one.
type Earlier struct {
	File   string
	Plugin *pinner.Server
	Loads  bool
}

// Compare compares a server with a plugin, which target.ReadPlugin gives in the
// same form. Both have Packages. imports may be nil.
//
// earlier are the plugins that the server is given before. The loader compares
// each package with the first that has it, in the order server, earlier plugins:
// also with those that it has refused, since they stay in memory
// (plugin/plugin_dlopen.go opens with RTLD_GLOBAL and never closes).
func Compare(server, plugin *pinner.Server, imports Imports, earlier ...Earlier) *Result {
	c := newComparison(server, plugin, imports)
	seen := map[string]bool{}
	c.look(seen)
	c.settings = compareSettings(server, plugin)
	if plugin.Go == "" && c.mismatched["runtime"] != nil && tellsRelease(server) {
		c.settings = append(c.settings, setting{GoVersion, false, Difference{"Go", notKnown, release(server.Go)}})
	}
	c.assign()
	r := c.result()
	if _, ok := plugin.Packages[plugin.Path]; !ok && plugin.Path != "" {
		r.add(&Result{Findings: []Finding{pathFlag(plugin.Path)}})
	}
	for _, e := range earlier {
		r.add(c.after(e, seen))
	}
	r.Warnings = advice{c}.warnings(r)
	return r
}

// pathFlag is about a plugin whose functions are compiled for another plugin path
// than the linker was given: plugin.Open looks for them in vain.
func pathFlag(path string) Finding {
	return Finding{Cause: Flags, Differences: []Difference{{"plugin path", "not " + path, "-"}},
		Fix: "build the plugin without -ldflags=-pluginpath: its functions are compiled as " + path + ".Name, and the loader asks for them under the other path (could not find symbol); " +
			"a path of its own comes from go mod edit -module=PATH"}
}

func newComparison(server, plugin *pinner.Server, imports Imports) *comparison {
	return &comparison{
		server: server, plugin: plugin, imports: imports,
		serverSide: newSide(server), pluginSide: newSide(plugin),
		mismatched: map[string]*Package{},
	}
}

// look compares the packages that seen does not hold yet, and puts those that both
// link there.
func (c *comparison) look(seen map[string]bool) {
	for _, path := range slices.Sorted(maps.Keys(c.plugin.Packages)) {
		hash, ok := c.server.Packages[path]
		if !ok || seen[path] {
			continue
		}
		seen[path] = true
		c.shared++
		if hash != c.plugin.Packages[path] {
			p := c.newPackage(path)
			c.paths = append(c.paths, path)
			c.mismatched[path] = p
			c.stdDiffers = c.stdDiffers || p.Module == stdModule
		}
	}
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

	refused bool   // that plugin is, by the server
	with    string // the file of the plugin that is compared in the server's place
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
		f := Finding{Cause: cause, Differences: advice{c}.differences(cause)}
		for _, p := range r.Mismatched {
			if p.Cause == cause {
				f.Packages++
			}
		}
		if sure := c.sure(cause); f.Packages > 0 || sure {
			r.Loads = r.Loads && !sure
			f.Fix = advice{c}.fix(f)
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}
