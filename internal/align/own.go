package align

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// What the plugin links of the server's own modules: pinner says which label such a
// package has and which way of a build gives it the same, here is how the plugin's build
// takes it.

// A misfit is a package that the plugin links and whose label its build does not give.
type misfit struct {
	Pkg   string
	label pinner.Label
	Why   string
	At    []spot // where the plugin's own code imports it
	By    string // a package of another module that imports it; "" with at
}

// A spot is a line of a file below the module root.
type spot struct {
	File string
	Line int
}

func (p spot) String() string { return fmt.Sprintf("%s:%d: ", p.File, p.Line) }

// OwnTree reports whether the plugin is a package of the server's own module: its
// packages have the server's labels as they are, and go.mod is the server's.
func (a *Aligner) OwnTree() bool { return a.Server.Owns(a.Plugin.User.Module.Mod.Path) }

// way is how a build of the plugin takes the module of l.
func (a *Aligner) way(l pinner.Linked) pinner.Way {
	if m, ok := a.ServerSource.Module(l.Module.Path); ok {
		return pinner.Way{Dir: m.Dir, Work: true}
	}
	if dir := a.ServerSource.Replacement(l.Module.Path); dir != "" {
		return pinner.Way{Version: l.Module.Version, Dir: dir}
	}
	w := pinner.Way{Version: l.Module.Version}
	if r := a.Plugin.User.Replacement(l.Module); r != nil && r.New.Version == "" {
		w.Dir = place.RealDir(a.Plugin.Root, r.New.Path)
	}
	return w
}

// Own looks at what the plugin links of the server's own modules, and at what no module
// is known for: what cannot match, by package, and what only the fingerprints tell.
func (a *Aligner) Own(l *importgraph.Listing, m *pinner.Match) (misfits []misfit, doubts []string) {
	sources := map[string]bool{}
	for _, o := range slices.Concat(m.Own, a.unprovided(l), a.fromDirectories(l)) {
		label, way := a.Server.Label(o.Path), a.way(o)
		fit := a.fit(label, way, o)
		bad := misfit{Pkg: o.Path, label: label, Why: a.whyOwn(label)}
		if test := testOf(label, way, o.Path); fit != pinner.NeverFits && test != "" {
			fit, bad.Why = pinner.NeverFits, "which the server, a test binary, has compiled with its own tests ("+test+")"
		}
		switch {
		case fit == pinner.NeverFits:
			misfits = append(misfits, bad)
		case fit == pinner.MayFit && !way.Work:
			sources[sourceDoubt(way, o.Module)] = true
		}
	}
	doubts = slices.Sorted(maps.Keys(sources))
	if n := len(m.Unknown); n > 0 && a.Server.Packages != nil {
		more := ""
		if n > 1 {
			more = fmt.Sprintf(" and %d more packages", n-1)
		}
		doubts = append(doubts, fmt.Sprintf("of which version the server has %s%s, which the plugin links, too: its build info names no module for them", m.Unknown[0].Path, more))
	}
	for i := range misfits {
		a.importers(l, &misfits[i])
	}
	return misfits, doubts
}

// fit tells whether a package of the plugin's build gets the server's label, also by
// pinfix build.
func (a *Aligner) fit(label pinner.Label, way pinner.Way, o pinner.Linked) pinner.Fit {
	fit := label.Fit(way)
	if fit == pinner.NeverFits && (o.Module.Version != "" || way.Dir != "") && a.renames(o) {
		return pinner.MayFit
	}
	return fit
}

// sourceDoubt is what is not known of a module that the server had from a directory.
func sourceDoubt(way pinner.Way, m module.Version) string {
	if way.Dir == "" {
		return fmt.Sprintf("whether the server was built from the source of %s", m)
	}
	return fmt.Sprintf("whether the server was built in %s, from what is there now", place.FromHere(way.Dir))
}

// renames reports whether pinfix build gives a package of an untrimmed server the
// server's file names, wherever the plugin's build has it from.
func (a *Aligner) renames(o pinner.Linked) bool {
	_, dir := recipe.Directory(a.Server, o.Path, o.Module.Path)
	return !a.Server.Trimmed() && (dir != "" || a.Options.NoPaths)
}

// Doubts says what is not known of a plugin that has all pins and whose own packages
// leave more open; nil where a build of it loads for sure.
func (a *Aligner) Doubts(pins []pinner.Pin, more []string) []string {
	var out []string
	if a.Server.Packages == nil || len(a.Server.Settings) == 0 {
		out = append(out, target.Unknown(a.Server)...)
	}
	if a.OwnTree() {
		out = append(out, "whether the plugin's module has the source that the server was built from")
	}
	if a.ServerSource != nil && a.ServerSource.Doubt != "" {
		out = append(out, a.ServerSource.Doubt)
	}
	if !a.Server.Trimmed() && !recipe.Placed(a.Server) && len(pins) > 0 && !a.Options.NoPaths {
		out = append(out, "where the server's modules were when it was built: it was built without -trimpath, so their paths count")
	}
	for _, p := range pins {
		if p.Replace.Path != "" && p.Replace.Version == "" {
			out = append(out, fmt.Sprintf("whether %s, which the server took %s from, held the same source", p.Replace.Path, p.Version))
		} else if r := a.Plugin.User.Replacement(p.Version); r != nil && r.New.Version == "" {
			out = append(out, fmt.Sprintf("whether %s, which go.mod takes %s from, holds the same source as the server had", r.New.Path, p.Version))
		}
	}
	return append(out, more...)
}

// unprovided returns the packages of the server's own modules that the plugin imports
// and that none of its modules provides.
func (a *Aligner) unprovided(l *importgraph.Listing) []pinner.Linked {
	var out []pinner.Linked
	for _, name := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[name]
		if p.Error == nil || p.Module != nil || p.File() {
			continue
		}
		if pin := a.Server.Label(name).Pin; a.Server.Owns(pin.Path) && a.MayLink(name) {
			out = append(out, pinner.Linked{Path: name, Module: pin.Version})
		}
	}
	return out
}

// fromDirectories returns the packages that an untrimmed server or its plugin has from
// directories: a version in go.mod is not their label.
func (a *Aligner) fromDirectories(l *importgraph.Listing) []pinner.Linked {
	if a.Server.Trimmed() {
		return nil
	}
	var out []pinner.Linked
	for _, p := range l.Linked() {
		label := a.Server.Label(p.Path)
		linked, known := a.Server.Links(p.Path)
		if (label.Kind == pinner.LabelDirectory || label.Kind == pinner.LabelVersion && a.way(p).Dir != "") && (linked || !known) && !a.Server.Owns(label.Pin.Path) {
			out = append(out, p)
		}
	}
	return out
}

// MayLink reports whether the server links pkg, or could, as far as is known of it.
func (a *Aligner) MayLink(pkg string) bool {
	linked, known := a.Server.Links(pkg)
	return linked || !known || a.Server.Source != nil
}

// testOf returns the file with which the tests of a package are compiled into it, "" for
// none: one of the package itself, not of pkg_test.
func testOf(label pinner.Label, way pinner.Way, pkg string) string {
	if !label.Test || way.Dir == "" {
		return ""
	}
	dir := filepath.Join(way.Dir, filepath.FromSlash(strings.TrimPrefix(pkg, label.Pin.Path)))
	files, _ := filepath.Glob(filepath.Join(dir, "*_test.go")) // fails for a bad pattern only
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		if err == nil && !strings.HasSuffix(f.Name.Name, "_test") {
			return path.Base(filepath.ToSlash(name))
		}
	}
	return ""
}

// importers finds who imports a package.
func (a *Aligner) importers(l *importgraph.Listing, m *misfit) {
	for _, name := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[name]
		switch {
		case !slices.Contains(p.Imports, m.Pkg):
		case p.Main() || p.Module == nil:
			m.At = append(m.At, a.places(p, m.Pkg)...)
		case m.By == "":
			m.By = name
		}
	}
}

// places returns where p imports pkg.
func (a *Aligner) places(p *importgraph.Package, pkg string) []spot {
	var out []spot
	for _, name := range p.Files() {
		full := filepath.Join(p.Dir, name)
		src, err := a.Sources.ReadFile(full)
		if err != nil {
			continue
		}
		if n := LineOf(src, pkg); n > 0 {
			if rel, err := filepath.Rel(a.Plugin.Root, full); err == nil {
				full = rel
			}
			out = append(out, spot{filepath.ToSlash(full), n})
		}
	}
	return out
}

// refuse is the error of misfits, nil for none: what the plugin's own code imports comes
// first, and what is linked behind that is counted.
func (a *Aligner) refuse(misfits []misfit) error {
	if len(misfits) == 0 {
		return nil
	}
	shown := a.Shown(misfits)
	var lines []string
	for _, m := range shown {
		line := fmt.Sprintf("the plugin links %s, %s", m.Pkg, m.Why)
		if len(m.At) > 0 {
			line = m.At[0].String() + line
		} else if m.By != "" {
			line = fmt.Sprintf("the plugin links %s through %s, %s", m.Pkg, m.By, m.Why)
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, strings.Compare)
	if n := len(misfits) - len(shown); n == 1 {
		lines = append(lines, "and 1 more such package behind them")
	} else if n > 1 {
		lines = append(lines, fmt.Sprintf("and %d more such packages behind them", n))
	}
	return reference.Refusal{Err: fault.New(a.NextOwn(shown[0]), "%s", strings.Join(lines, "\n"))}
}

// Shown are the misfits that the plugin's own code imports; where it imports none itself,
// the first.
func (a *Aligner) Shown(misfits []misfit) []misfit {
	shown := slices.DeleteFunc(slices.Clone(misfits), func(m misfit) bool { return len(m.At) == 0 })
	if len(shown) == 0 {
		shown = misfits[:1]
	}
	return shown
}

// NextOwn is what to do about a misfit.
func (a *Aligner) NextOwn(m misfit) string {
	dir := a.sourceNear(m.label.Pin.Path)
	switch {
	case m.label.Kind == pinner.LabelUnknown:
		return "require or replace a module that has it; the fingerprints that pinfix build compares decide"
	case m.label.Kind == pinner.LabelVersion:
		return "remove the line that replaces " + m.label.Pin.Path + " from go.mod"
	case m.label.Kind == pinner.LabelDirectory && !a.Server.Owns(m.label.Pin.Path):
		return "replace " + m.label.Pin.Path + " by that directory in go.mod, at the same path"
	case m.label.Test && a.ServerSource != nil:
		return "nothing can match it: move the tests to an external test package, " + path.Base(m.Pkg) + "_test, or those that open plugins to another package"
	case a.ServerSource != nil:
		return "use the module " + m.label.Pin.Path + " in the go.work, too"
	case dir.name != "":
		return dir.why + ": " + a.Options.ApplyLine(a.Options.Dir) + " --server-source " + shell.Quote(place.FromHere(dir.name))
	case m.label.Kind == pinner.LabelDirectory:
		return "replace " + m.label.Pin.Path + " by that directory in go.mod, or let pinfix write a go.work that uses it: pinfix apply --server-source DIR"
	}
	return "no go.mod can match it: import a module that the server publishes for plugins, or check out the server's source and let pinfix write a go.work: pinfix apply --server-source DIR"
}

// A near is a directory that holds the server's source, and how it came to be known.
type near struct{ name, why string }

// sourceNear looks for a directory with the source of one of the server's own modules:
// what a replace line of the plugin's names, or a go.work above.
func (a *Aligner) sourceNear(path string) near {
	for _, r := range a.Plugin.User.Replace {
		if dir := place.RealDir(a.Plugin.Root, r.New.Path); r.Old.Path == path && r.New.Version == "" && place.ModuleOf(dir) == path {
			return near{dir, fmt.Sprintf("a replace line gives it a version; a go.work that uses %s does not", r.New.Path)}
		}
	}
	for dir := filepath.Dir(a.Plugin.Root); ; dir = filepath.Dir(dir) {
		name := filepath.Join(dir, workspace.Name)
		if data, err := bounded.ReadFile(name, bounded.Mod); err == nil {
			work, err := modfile.ParseWork(workspace.Name, data, nil)
			if err != nil {
				return near{}
			}
			if used := workspace.UsedDir(work, dir, a.Server); used != "" {
				return near{used, fmt.Sprintf("%s, which pinfix does not use, has the server's source; let pinfix write one next to go.mod", place.FromHere(name))}
			}
			return near{}
		}
		if filepath.Dir(dir) == dir {
			return near{}
		}
	}
}

// Clash is [clash] for what the plugin links.
func (a *Aligner) Clash(l *importgraph.Listing) error {
	var own []string
	for name, p := range l.Packages {
		if p.Main() && !p.File() {
			own = append(own, name)
		}
	}
	return Clash(a.Server, a.Plugin.User.Module.Mod.Path, own)
}

// OwnAtOnce refuses a plugin whose own files import what no build of it matches, before
// anything is fetched for it: the files say it, whatever a proxy has. What they do not say
// is left to [aligner.own].
func (a *Aligner) OwnAtOnce() error {
	if err := a.notInSource(); err != nil {
		return err
	}
	if len(a.ownMisfits("")) == 0 {
		return nil
	}
	cache := modcache.Dir(func(name string) string { return vars.Get(a.Options.Environ, name) })
	return a.refuse(a.ownMisfits(cache)) // with what is linked behind them, as far as it is there
}

// ownMisfits reads the plugin's import graph from its files, and from those of other
// modules that the module cache has; "" for none.
func (a *Aligner) ownMisfits(cache string) []misfit {
	l := a.fromFiles(cache)
	if l == nil {
		return nil
	}
	var imported []string
	for _, p := range l.Packages {
		if p.Main() || a.Server.Owns(a.Server.Label(p.ImportPath).Pin.Path) {
			imported = append(imported, p.Imports...)
		}
	}
	slices.Sort(imported)
	var out []misfit
	for _, pkg := range slices.Compact(imported) {
		label := a.Server.Label(pkg)
		path := label.Pin.Path
		if p := l.Packages[pkg]; !a.Server.Owns(path) || !a.MayLink(pkg) || p != nil && (p.Main() || p.Module == nil || p.Module.Path != path) {
			continue
		}
		if _, known := a.Server.Links(pkg); !known && a.nested(pkg, path) {
			continue
		}
		o := pinner.Linked{Path: pkg, Module: module.Version{Path: path, Version: Required(a.Plugin.User, path)}}
		if a.fit(label, a.way(o), o) == pinner.NeverFits {
			m := misfit{Pkg: pkg, label: label, Why: a.whyOwn(label)}
			a.importers(l, &m)
			out = append(out, m)
		}
	}
	return out
}

// nested reports whether the plugin requires a module below module that may have the
// package.
func (a *Aligner) nested(pkg, module string) bool {
	return slices.ContainsFunc(a.Plugin.User.Require, func(r *modfile.Require) bool {
		return len(r.Mod.Path) > len(module) && modpath.In(pkg, r.Mod.Path)
	})
}

// fromFiles is the plugin's import graph as far as files show it; nil where they do not,
// which the go command says better.
func (a *Aligner) fromFiles(cache string) *importgraph.Listing {
	roots, _, err := plugin.NewFinder(a.Plugin.Root, a.Plugin.User.Module.Mod.Path, a.Server).Find(a.Plugin.Patterns)
	if err != nil {
		return nil
	}
	g := &look.Graph{Files: look.Files{Tree: look.Disk(a.Plugin.Root), Root: a.Plugin.Root}, Cache: cache, Mod: a.Plugin.User, Server: a.Server}
	l, _, err := g.List(roots)
	if err != nil {
		return nil
	}
	return l
}

// notInSource is the error of imports of a package that the server's source does not
// have: no proxy would be asked for it, since the source is the module.
func (a *Aligner) notInSource() error {
	if a.ServerSource == nil {
		return nil
	}
	l := a.fromFiles("")
	if l == nil {
		return nil
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[name]
		if !p.Main() && p.Module != nil {
			continue
		}
		for _, pkg := range p.Imports {
			if l.Packages[pkg] != nil {
				continue
			}
			for _, m := range a.ServerSource.Others(a.Plugin.User.Module.Mod.Path) {
				rest, ok := modpath.Cut(pkg, m.Path)
				if ok && !a.nested(pkg, m.Path) && !place.Exists(filepath.Join(m.Dir, filepath.FromSlash(rest))) {
					for _, at := range a.places(p, pkg) {
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

// unloadable is the error of misfits that the plugin's files show, where the module graph
// could not be loaded for want of one of the server's own modules; nil for none.
func (a *Aligner) unloadable(err error) error {
	files, _ := look.Scan(look.Disk(a.Plugin.Root)) // what cannot be read is in err
	var misfits []misfit
	for _, f := range files {
		if f.Test() || f.Ignored {
			continue
		}
		for _, im := range f.Imports {
			label := a.Server.Label(im.Path)
			if label.Kind == pinner.LabelUnknown {
				if linked, known := a.Server.Links(im.Path); linked && known && strings.Contains(err.Error(), im.Path) {
					misfits = append(misfits, misfit{Pkg: im.Path, label: label, Why: "which the server links from a module that its build info does not name", At: []spot{{f.Name, im.Line}}})
				}
				continue
			}
			if path := label.Pin.Path; !a.Server.Owns(path) || a.ServerSource.Has(path) || !strings.Contains(err.Error(), path) {
				continue
			}
			if !a.MayLink(im.Path) {
				if strings.Contains(err.Error(), im.Path) {
					misfits = append(misfits, misfit{Pkg: im.Path, label: label, Why: "a package of the server's own module that the server does not link, and that could not be fetched", At: []spot{{f.Name, im.Line}}})
				}
				continue
			}
			l := pinner.Linked{Path: im.Path, Module: module.Version{Path: label.Pin.Path, Version: Required(a.Plugin.User, label.Pin.Path)}}
			if label.Fit(a.way(l)) == pinner.NeverFits {
				misfits = append(misfits, misfit{Pkg: im.Path, label: label, Why: a.whyOwn(label), At: []spot{{f.Name, im.Line}}})
			}
		}
	}
	return a.refuse(misfits)
}

func (a *Aligner) whyOwn(label pinner.Label) string {
	switch {
	case label.Kind == pinner.LabelVersion:
		return "which the server, built without -trimpath, has from " + label.Pin.String() + " in the module cache, and the plugin from a directory"
	case label.Kind == pinner.LabelDirectory && !a.Server.Owns(label.Pin.Path):
		return "which the server, built without -trimpath, has from the directory " + label.Pin.Replace.Path
	case label.Kind == pinner.LabelDirectory:
		return "one of the server's own packages, whose label is the directory that the server was built in"
	}
	return "one of the server's own packages, whose label has no version"
}

// Required returns the version of a module that go.mod requires, "" for none.
func Required(mod *pinner.Mod, path string) string {
	for _, r := range mod.Require {
		if r.Mod.Path == path {
			return r.Mod.Version
		}
	}
	return ""
}

// Clash returns an error if the server links one of the plugin's own packages from
// another module: the loader takes them for one.
func Clash(s *pinner.Server, module string, pkgs []string) error {
	pkg := s.Clash(module, pkgs)
	if pkg == "" {
		return nil
	}
	has := "the server has a package of that import path"
	if pkg == "main" {
		has = "that is what the server's own main package is called"
	}
	return reference.Refusal{Err: fault.New(NextClash(module), "the plugin's package %s can never load: %s", pkg, has)}
}

// NextClash is what to do about a plugin whose module has the path of one of the server's.
func NextClash(module string) string {
	return "give its module another path: go mod edit -module=example.com/" + path.Base(module)
}
