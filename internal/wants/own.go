package wants

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
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// What the plugin links of the server's own modules: pinner says which label such a
// package has and which way of a build gives it the same, here is how the plugin's build
// takes it.

// A Misfit is a package that the plugin links and whose label its build does not give.
type Misfit struct {
	Pkg   string
	label pinner.Label
	Why   string
	At    []Spot // where the plugin's own code imports it
	By    string // a package of another module that imports it; "" with at
}

// A Spot is a line of a file below the module root.
type Spot struct {
	File string
	Line int
}

func (p Spot) String() string { return fmt.Sprintf("%s:%d: ", p.File, p.Line) }

// way is how a build of the plugin takes the module of l.
func (c *Case) way(l pinner.Linked) pinner.Way {
	if m, ok := c.ServerSource.Module(l.Module.Path); ok {
		return pinner.Way{Dir: m.Dir, Work: true}
	}
	if dir := c.ServerSource.Replacement(l.Module.Path); dir != "" {
		return pinner.Way{Version: l.Module.Version, Dir: dir}
	}
	w := pinner.Way{Version: l.Module.Version}
	if r := c.Plugin.User.Replacement(l.Module); r != nil && r.New.Version == "" {
		w.Dir = place.RealDir(c.Plugin.Root, r.New.Path)
	}
	return w
}

// Own looks at what the plugin links of the server's own modules, and at what no module
// is known for: what cannot match, by package, and what only the fingerprints tell.
func (c *Case) Own(sources *importgraph.Sources, l *importgraph.Listing, m *pinner.Match) (misfits []Misfit, doubts []string) {
	open := map[string]bool{}
	for _, o := range slices.Concat(m.Own, c.unprovided(l), c.fromDirectories(l)) {
		label, way := c.Server.Label(o.Path), c.way(o)
		fit := c.fit(label, way, o)
		bad := Misfit{Pkg: o.Path, label: label, Why: whyOwn(c.Server, label)}
		if test := testOf(label, way, o.Path); fit != pinner.NeverFits && test != "" {
			fit, bad.Why = pinner.NeverFits, "which the server, a test binary, has compiled with its own tests ("+test+")"
		}
		switch {
		case fit == pinner.NeverFits:
			misfits = append(misfits, bad)
		case fit == pinner.MayFit && !way.Work:
			open[sourceDoubt(way, o.Module)] = true
		}
	}
	doubts = slices.Sorted(maps.Keys(open))
	if n := len(m.Unknown); n > 0 && c.Server.Packages != nil {
		more := ""
		if n > 1 {
			more = fmt.Sprintf(" and %d more packages", n-1)
		}
		doubts = append(doubts, fmt.Sprintf("which version the server has of %s%s, which the plugin links too (its build info names no module)", m.Unknown[0].Path, more))
	}
	for i := range misfits {
		misfits[i].At, misfits[i].By = importers(sources, l, misfits[i].Pkg)
	}
	return misfits, doubts
}

// fit tells whether a package of the plugin's build gets the server's label, also by
// pinfix build: that gives a package of an untrimmed server the server's file names,
// wherever the plugin's build has it from.
func (c *Case) fit(label pinner.Label, way pinner.Way, o pinner.Linked) pinner.Fit {
	fit := label.Fit(way)
	if fit != pinner.NeverFits || c.Server.Trimmed() || o.Module.Version == "" && way.Dir == "" {
		return fit
	}
	if _, dir := recipe.Directory(c.Server, o.Path, o.Module.Path); dir != "" || c.Options.NoPaths {
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

// unprovided returns the packages of the server's own modules that the plugin imports
// and that none of its modules provides.
func (c *Case) unprovided(l *importgraph.Listing) []pinner.Linked {
	var out []pinner.Linked
	for _, name := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[name]
		if p.Error == nil || p.Module != nil || p.File() {
			continue
		}
		if pin := c.Server.Label(name).Pin; c.Server.Owns(pin.Path) && c.MayLink(name) {
			out = append(out, pinner.Linked{Path: name, Module: pin.Version})
		}
	}
	return out
}

// fromDirectories returns the packages that an untrimmed server or its plugin has from
// directories: a version in go.mod is not their label.
func (c *Case) fromDirectories(l *importgraph.Listing) []pinner.Linked {
	if c.Server.Trimmed() {
		return nil
	}
	var out []pinner.Linked
	for _, p := range l.Linked() {
		label := c.Server.Label(p.Path)
		linked, known := c.Server.Links(p.Path)
		if (label.Kind == pinner.LabelDirectory || label.Kind == pinner.LabelVersion && c.way(p).Dir != "") && (linked || !known) && !c.Server.Owns(label.Pin.Path) {
			out = append(out, p)
		}
	}
	return out
}

// MayLink reports whether the server links pkg, or could, as far as is known of it.
func (c *Case) MayLink(pkg string) bool {
	linked, known := c.Server.Links(pkg)
	return linked || !known || c.Server.Source != nil
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

// importers finds who imports a package: places in the plugin's own code, and the first
// package of another module.
func importers(sources *importgraph.Sources, l *importgraph.Listing, pkg string) (at []Spot, by string) {
	for _, name := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[name]
		switch {
		case !slices.Contains(p.Imports, pkg):
		case p.Own():
			at = append(at, Places(sources, p, pkg)...)
		case by == "":
			by = name
		}
	}
	return at, by
}

// ImportedAt returns the first place where the plugin's own code imports a package of a
// module, as "main.go:4"; "" if it imports none.
func (c *Case) ImportedAt(sources *importgraph.Sources, l *importgraph.Listing, mod string) string {
	for _, name := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[name]
		if !p.Own() {
			continue
		}
		for _, pkg := range p.Imports {
			if q := l.Packages[pkg]; q == nil || q.Module == nil || q.Module.Path != mod {
				continue
			}
			if at := Places(sources, p, pkg); len(at) > 0 {
				return fmt.Sprintf("%s:%d", at[0].File, at[0].Line)
			}
		}
	}
	return ""
}

// Places returns where the files of p import pkg.
func Places(sources *importgraph.Sources, p *importgraph.Package, pkg string) []Spot {
	var out []Spot
	for _, name := range p.Files() {
		full := filepath.Join(p.Dir, name)
		src, err := sources.ReadFile(full)
		if err != nil {
			continue
		}
		if n := importgraph.LineOf(src, pkg); n > 0 {
			if rel, err := filepath.Rel(sources.Root, full); err == nil {
				full = rel
			}
			out = append(out, Spot{filepath.ToSlash(full), n})
		}
	}
	return out
}

// Refuse is the error of misfits, nil for none: what the plugin's own code imports comes
// first, and what is linked behind that is counted.
func (c *Case) Refuse(misfits []Misfit) error {
	if len(misfits) == 0 {
		return nil
	}
	shown := Shown(misfits)
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
	return reference.Refusal{Err: fault.New(c.NextOwn(shown[0]), "%s", strings.Join(lines, "\n"))}
}

// Shown are the misfits that the plugin's own code imports; where it imports none itself,
// the first.
func Shown(misfits []Misfit) []Misfit {
	shown := slices.DeleteFunc(slices.Clone(misfits), func(m Misfit) bool { return len(m.At) == 0 })
	if len(shown) == 0 {
		shown = misfits[:1]
	}
	return shown
}

// NextOwn is what to do about a misfit.
func (c *Case) NextOwn(m Misfit) string {
	dir := sourceNear(c.Plugin, c.Server, m.label.Pin.Path)
	switch {
	case m.label.Kind == pinner.LabelUnknown:
		return "require or replace a module that has it; the fingerprints that pinfix build compares decide"
	case m.label.Kind == pinner.LabelVersion:
		return "remove the line that replaces " + m.label.Pin.Path + " from go.mod"
	case m.label.Kind == pinner.LabelDirectory && !c.Server.Owns(m.label.Pin.Path):
		return "replace " + m.label.Pin.Path + " by that directory in go.mod, at the same path"
	case m.label.Test && c.ServerSource != nil:
		return "nothing can match it: move the tests to an external test package, " + path.Base(m.Pkg) + "_test, or those that open plugins to another package"
	case c.ServerSource != nil:
		return "use the module " + m.label.Pin.Path + " in the go.work, too"
	case dir.name != "":
		return dir.why + ": " + c.Options.ApplyLine(c.Options.Dir) + " --server-source " + shell.Quote(place.FromHere(dir.name))
	case m.label.Kind == pinner.LabelDirectory:
		return "replace " + m.label.Pin.Path + " by that directory in go.mod, or let pinfix write a go.work that uses it: " + c.Options.ApplyLine(c.Options.Dir) + " --server-source DIR"
	}
	return "no go.mod can match it: import a module that the server publishes for plugins, or check out the server's source and let pinfix write a go.work: " + c.Options.ApplyLine(c.Options.Dir) + " --server-source DIR"
}

// A near is a directory that holds the server's source, and how it came to be known.
type near struct{ name, why string }

// sourceNear looks for a directory with the source of one of the server's own modules:
// what a replace line of the plugin's names, or a go.work above.
func sourceNear(p *plugin.Plugin, s *pinner.Server, path string) near {
	for _, r := range p.User.Replace {
		if dir := place.RealDir(p.Root, r.New.Path); r.Old.Path == path && r.New.Version == "" && place.ModuleOf(dir) == path {
			return near{dir, fmt.Sprintf("a replace line gives it a version; a go.work that uses %s does not", r.New.Path)}
		}
	}
	for dir := filepath.Dir(p.Root); ; dir = filepath.Dir(dir) {
		name := filepath.Join(dir, workspace.Name)
		if data, err := bounded.ReadFile(name, bounded.Mod); err == nil {
			work, err := modfile.ParseWork(workspace.Name, data, nil)
			if err != nil {
				return near{}
			}
			if used := workspace.UsedDir(work, dir, s); used != "" {
				return near{used, fmt.Sprintf("%s, which pinfix does not use, has the server's source; let pinfix write one next to go.mod", place.FromHere(name))}
			}
			return near{}
		}
		if filepath.Dir(dir) == dir {
			return near{}
		}
	}
}

func whyOwn(s *pinner.Server, label pinner.Label) string {
	switch {
	case label.Kind == pinner.LabelVersion:
		return "which the server, built without -trimpath, has from " + label.Pin.String() + " in the module cache, and the plugin from a directory"
	case label.Kind == pinner.LabelDirectory && !s.Owns(label.Pin.Path):
		return "which the server, built without -trimpath, has from the directory " + label.Pin.Replace.Path
	case label.Kind == pinner.LabelDirectory:
		return "one of the server's own packages, whose label is the directory that the server was built in"
	}
	return "one of the server's own packages, whose label has no version"
}
