package drift

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/syntax"
)

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
		if hidden := bounded.Hidden(filepath.Join(c.plugin.Root, filepath.FromSlash(e.Name))); hidden != nil {
			return hidden
		}
		bad = append(bad, e)
	}
	return plugin.BadSyntax(bad)
}

// linkedFiles returns the files in the directories that are linked into the plugins,
// those of tests among them: go mod tidy reads their imports. A file without a package
// clause may be a plugin's where nothing else is.
func (c *checker) linkedFiles() []look.File {
	from := maps.Clone(c.in.Plugins)
	if len(c.plugin.Patterns) > 0 || len(from) == 0 {
		clear(from)
		roots, err := c.roots()
		for _, f := range c.in.Files {
			if err == nil && len(c.plugin.Patterns) == 0 && f.Package == "" && !f.Test() && !f.Ignored {
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
