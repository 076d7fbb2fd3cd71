package flow

import (
	"errors"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/syntax"
)

// syntax returns an error if a Go file of the plugin that is linked does not parse: no
// version of anything fixes that, and no server loads what cannot be built. It looks once.
func (a *aligner) syntax(l *importgraph.Listing) error {
	if a.parsed {
		return nil
	}
	var names []string
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		if p := l.Packages[path]; own(p) || a.local(p) {
			for _, name := range p.Files() {
				names = append(names, filepath.Join(p.Dir, name))
			}
		}
	}
	err := a.unparsed(names)
	a.parsed = err == nil
	return err
}

// readable returns the error of a listing or, where it is of packages with files that do
// not parse, one with the places of all.
func (a *aligner) readable(err error) error {
	var broken *importgraph.BrokenError
	if errors.As(err, &broken) {
		if places := a.unparsed(broken.Files); places != nil {
			return places
		}
	}
	return err
}

// unparsed returns an error with the first place in each file that does not parse.
func (a *aligner) unparsed(names []string) error {
	var bad []*syntax.Error
	for _, name := range names {
		src, err := a.sources.ReadFile(name)
		if err != nil {
			continue // whoever needs it says so
		}
		if e := syntax.Go(name, src); e != nil {
			if hidden := bounded.Hidden(name); hidden != nil {
				return hidden
			}
			bad = append(bad, e.In(a.relative(name)))
		}
	}
	return badSyntax(bad)
}

// badSyntax is the error of files that do not parse; nil for none.
func badSyntax(bad []*syntax.Error) error {
	if len(bad) == 0 {
		return nil
	}
	var lines []string
	next := bad[0].NextStep()
	for _, e := range bad {
		lines = append(lines, e.Error())
		if e.NextStep() != next {
			next = "correct these places, and run pinfix again"
		}
	}
	return fault.New(next, "%s", strings.Join(lines, "\n"))
}

// local reports whether a package is of a module that a directory replaces: its files are
// the user's to edit.
func (a *aligner) local(p *importgraph.Package) bool {
	return p.Module != nil && p.Module.Replace != nil && p.Module.Replace.Version == ""
}

// relative names a file from the plugin's directory, or with its full name where that
// cannot be.
func (a *aligner) relative(name string) string {
	if rel, err := filepath.Rel(a.sources.Root, name); err == nil {
		return filepath.ToSlash(rel)
	}
	return name
}

// syntax returns an error if a Go file of the module that is linked into a plugin for the
// server does not parse. It reads no more files than were read, and parses them to their
// end up to a bound.
func (c *checker) syntax() error {
	files := c.linkedFiles()
	size := 0
	for _, f := range files {
		if !f.Test() {
			size += f.Size
		}
	}
	found := make([]*syntax.Error, len(files))
	var wg sync.WaitGroup
	for i, f := range files {
		found[i] = f.Broken
		if size <= look.Whole && !f.Test() && f.Broken == nil {
			wg.Go(func() { found[i] = f.Parse() })
		}
	}
	wg.Wait()
	var bad []*syntax.Error
	for i, e := range found {
		if e == nil || !c.builds(files[i]) {
			continue
		}
		if hidden := bounded.Hidden(filepath.Join(c.plugin.root, filepath.FromSlash(e.Name))); hidden != nil {
			return hidden
		}
		bad = append(bad, e)
	}
	return badSyntax(bad)
}

// linkedFiles returns the files in the directories that are linked into the plugins,
// those of tests among them: go mod tidy reads their imports. A file without a package
// clause may be a plugin's where nothing else is.
func (c *checker) linkedFiles() []look.File {
	from := maps.Clone(c.in.Plugins)
	if len(c.plugin.patterns) > 0 || len(from) == 0 {
		clear(from)
		roots, err := c.roots()
		for _, f := range c.in.Files {
			if err == nil && len(c.plugin.patterns) == 0 && f.Package == "" && !f.Test() && !f.Ignored {
				roots = append(roots, f.Dir())
			}
		}
		for _, root := range roots {
			from[root] = true
		}
	}
	dirs := c.in.Dirs(from, c.builds)
	return slices.DeleteFunc(slices.Clone(c.in.Files), func(f look.File) bool { return f.Ignored || !dirs[f.Dir()] && !from[f.Name] })
}

// builds reports whether a file is part of a build for the server.
func (c *checker) builds(f look.File) bool {
	if !f.Constrained {
		return true
	}
	build := buildctx.Of(c.server)
	build.OpenFile = c.openSource
	ok, err := build.MatchFile(f.Dir(), path.Base(f.Name))
	return ok || err != nil && f.Broken != nil
}
