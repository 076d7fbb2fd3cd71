package wants

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/pinner"
)

// OwnAtOnce refuses a plugin whose own files import what no build of it matches, before
// anything is fetched for it: the files say it, whatever a proxy has. What they do not say
// is left to [Case.Own].
func (c *Case) OwnAtOnce() error {
	if err := c.notInSource(); err != nil {
		return err
	}
	if len(c.ownMisfits("")) == 0 {
		return nil
	}
	cache := modcache.Dir(func(name string) string { return vars.Get(c.Options.Environ, name) })
	return c.Refuse(c.ownMisfits(cache)) // with what is linked behind them, as far as it is there
}

// ownMisfits reads the plugin's import graph from its files, and from those of other
// modules that the module cache has; "" for none.
func (c *Case) ownMisfits(cache string) []Misfit {
	l := c.fromFiles(cache)
	if l == nil {
		return nil
	}
	var imported []string
	for _, p := range l.Packages {
		if p.Main() || c.Server.Owns(c.Server.Label(p.ImportPath).Pin.Path) {
			imported = append(imported, p.Imports...)
		}
	}
	slices.Sort(imported)
	var out []Misfit
	for _, pkg := range slices.Compact(imported) {
		label := c.Server.Label(pkg)
		path := label.Pin.Path
		if p := l.Packages[pkg]; !c.Server.Owns(path) || !c.MayLink(pkg) || p != nil && (p.Own() || p.Module.Path != path) {
			continue
		}
		if _, known := c.Server.Links(pkg); !known && nested(c.Plugin.User, pkg, path) {
			continue
		}
		o := pinner.Linked{Path: pkg, Module: module.Version{Path: path, Version: plugin.Required(c.Plugin.User, path)}}
		if c.fit(label, c.way(o), o) == pinner.NeverFits {
			m := Misfit{Pkg: pkg, label: label, Why: whyOwn(c.Server, label)}
			m.At, m.By = importers(importgraph.OnDisk(c.Plugin.Root), l, pkg)
			out = append(out, m)
		}
	}
	return out
}

// nested reports whether the plugin requires a module below module that may have the
// package.
func nested(mod *pinner.Mod, pkg, module string) bool {
	return slices.ContainsFunc(mod.Require, func(r *modfile.Require) bool {
		return len(r.Mod.Path) > len(module) && modpath.In(pkg, r.Mod.Path)
	})
}

// fromFiles is the plugin's import graph as far as files show it; nil where they do not,
// which the go command says better.
func (c *Case) fromFiles(cache string) *importgraph.Listing {
	roots, _, err := plugin.NewFinder(c.Plugin.Root, c.Plugin.User.Module.Mod.Path, c.Server).Find(c.Plugin.Patterns)
	if err != nil {
		return nil
	}
	g := &look.Graph{Files: look.Files{Tree: look.Disk(c.Plugin.Root), Root: c.Plugin.Root}, Cache: cache, Mod: c.Plugin.User, Server: c.Server}
	l, _, err := g.List(roots)
	if err != nil {
		return nil
	}
	return l
}

// notInSource is the error of imports of a package that the server's source does not
// have: no proxy would be asked for it, since the source is the module.
func (c *Case) notInSource() error {
	if c.ServerSource == nil {
		return nil
	}
	l := c.fromFiles("")
	if l == nil {
		return nil
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[name]
		if !p.Own() {
			continue
		}
		for _, pkg := range p.Imports {
			if l.Packages[pkg] != nil {
				continue
			}
			for _, m := range c.ServerSource.Others(c.Plugin.User.Module.Mod.Path) {
				rest, ok := modpath.Cut(pkg, m.Path)
				if ok && !nested(c.Plugin.User, pkg, m.Path) && !place.Exists(filepath.Join(m.Dir, filepath.FromSlash(rest))) {
					for _, at := range Places(importgraph.OnDisk(c.Plugin.Root), p, pkg) {
						lines = append(lines, fmt.Sprintf("%s%s is not in the server's source, %s", at, pkg, place.FromHere(m.Dir)))
					}
				}
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fault.New("change the import to a package that the server has", "%s", strings.Join(lines, "\n"))
}

// Unloadable is the error of misfits that the plugin's files show, where the module graph
// could not be loaded for want of one of the server's own modules; nil for none.
func (c *Case) Unloadable(err error) error {
	files, _ := look.Scan(look.Disk(c.Plugin.Root)) // what cannot be read is in err
	var misfits []Misfit
	for _, f := range files {
		if f.Test() || f.Ignored {
			continue
		}
		for _, im := range f.Imports {
			label := c.Server.Label(im.Path)
			if label.Kind == pinner.LabelUnknown {
				if linked, known := c.Server.Links(im.Path); linked && known && strings.Contains(err.Error(), im.Path) {
					misfits = append(misfits, Misfit{Pkg: im.Path, label: label, Why: "which the server links from a module that its build info does not name", At: []Spot{{f.Name, im.Line}}})
				}
				continue
			}
			if path := label.Pin.Path; !c.Server.Owns(path) || c.ServerSource.Has(path) || !strings.Contains(err.Error(), path) {
				continue
			}
			if !c.MayLink(im.Path) {
				if strings.Contains(err.Error(), im.Path) {
					misfits = append(misfits, Misfit{Pkg: im.Path, label: label, Why: "a package of the server's own module that the server does not link, and that could not be fetched", At: []Spot{{f.Name, im.Line}}})
				}
				continue
			}
			l := pinner.Linked{Path: im.Path, Module: module.Version{Path: label.Pin.Path, Version: plugin.Required(c.Plugin.User, label.Pin.Path)}}
			if label.Fit(c.way(l)) == pinner.NeverFits {
				misfits = append(misfits, Misfit{Pkg: im.Path, label: label, Why: whyOwn(c.Server, label), At: []Spot{{f.Name, im.Line}}})
			}
		}
	}
	return c.Refuse(misfits)
}
