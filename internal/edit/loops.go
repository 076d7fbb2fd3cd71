package edit

import (
	"context"
	"go/version"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/loopvar"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/typecheck"
)

// languages are the go lines of a package's module: as they are for the user's own
// go command, and as the plugin is built for the server.
type languages struct{ from, to string }

// findLoops finds the loops of the plugin, and of directories that replace modules,
// that mean something else as the plugin is built for the server: where a go line
// crosses 1.22. A line counts in the file as the user will find it when pinfix has ended.
func (c *Changes) findLoops(ctx context.Context) ([]report.Loop, error) {
	a, l := c.Aligner, c.Aligned.Listing
	wanted := map[string]languages{}
	bodies := map[string]bool{}
	for path, p := range l.Packages {
		if lang, ok := c.languages(p); ok && !p.Missing() && loopvar.Changed(lang.from, lang.to) {
			wanted[path], bodies[path] = lang, true
		}
	}
	if len(wanted) == 0 || strings.Contains(a.Server.Settings["GOEXPERIMENT"], "loopvar") {
		return nil, nil // with that experiment of Go 1.21 the go line does not count
	}
	var checker *typecheck.Checker
	if a.Checker != nil {
		checker = a.Checker.Clone() // it needs all from source
	} else {
		_, goarch, ok := a.Server.Platform()
		if !ok {
			goarch = runtime.GOARCH
		}
		checker = typecheck.New(goarch)
		checker.Count = a.Options.Count
	}
	g := &compiles.Graph{Listing: l, Touched: bodies, Packages: map[string]*typecheck.Package{}, Max: a.Server.GoVersion()}
	g.Why = func(p *importgraph.Package) string { return compiles.WhyMissing(a.Server, c.Aligned.Plan, p) }
	for path := range wanted {
		g.Add(path)
	}
	a.Options.Step("looking for loops that the go line changes")
	if _, err := checker.Check(ctx, g.Packages, a.OwnSource()); err != nil {
		return nil, err
	}
	written := map[string][]byte{}
	if !a.Options.DryRun {
		for name, src := range c.Aligned.Files {
			written[filepath.Join(a.Plugin.Root, filepath.FromSlash(name))] = src
		}
	}
	var pkgs []*loopvar.Package
	of := map[string]*importgraph.Package{} // by directory
	for path := range wanted {
		fset, files, info, ok := checker.Syntax(path, written)
		if ok {
			pkgs = append(pkgs, &loopvar.Package{Fset: fset, Files: files, Info: info})
			of[l.Packages[path].Dir] = l.Packages[path]
		}
	}
	var out []report.Loop
	for _, loop := range loopvar.Find(pkgs) {
		p := of[filepath.Dir(loop.File)]
		lang := wanted[p.ImportPath]
		out = append(out, report.Loop{File: place.Relative(c.Aligner.Plugin.Root, loop.File), Line: loop.Line, From: langOf(lang.from), To: langOf(lang.to), Shared: loopvar.Shared(lang.to), Own: p.Own()})
	}
	return out, nil
}

// languages returns the go lines of a package that the user can edit: of the plugin
// itself, or of a directory that replaces a module. An older Go than 1.21 builds a
// directory whose go line is above it, with the language that it knows.
func (c *Changes) languages(p *importgraph.Package) (languages, bool) {
	if p.Own() {
		return languages{c.Aligner.Plugin.Now.GoVersion(), c.Mod.GoVersion()}, true
	}
	r := c.Mod.Replacement(module.Version{Path: p.Module.Path, Version: p.Module.Version})
	if r == nil || r.New.Version != "" || p.Module.GoVersion == "" {
		return languages{}, false
	}
	return languages{p.Module.GoVersion, (&compiles.Graph{Max: c.Aligner.Server.GoVersion()}).Language(p)}, true
}

// langOf returns the language of a go line: "1.21" of "1.21.13".
func langOf(goLine string) string {
	return strings.TrimPrefix(version.Lang("go"+goLine), "go")
}

// loopsOf says in the reason of the go line what that changes of loops.
func (c *Changes) loopsOf(from, to string) string {
	if !loopvar.Changed(from, to) {
		return ""
	}
	var own []report.Loop
	for _, l := range c.loops {
		if l.Own {
			own = append(own, l)
		}
	}
	return "; " + report.LoopsReason(own)
}
