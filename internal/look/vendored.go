package look

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/parallel"
)

// A Copy is a vendored package and what it was copied from.
type Copy struct {
	Package string
	Module  module.Version // after replacement
	In      string         // the module's path before replacement
	Files   []fs.DirEntry  // of its directory below vendor/
}

// Strays compares vendored packages with the module cache, as far as that has
// them, and returns what is wrong, by package, with those where go mod vendor would
// write other files: by their names and, with sizes, their sizes. What files of
// the same size hold is not read: that would take as long as go mod vendor.
func Strays(cache string, copies []Copy, sizes bool) map[string]string {
	why := make([]string, len(copies))
	parallel.Do(atOnce(), len(copies), func(i int) { why[i] = copies[i].stray(cache, sizes) })
	out := map[string]string{}
	for i, c := range copies {
		if why[i] != "" {
			out[c.Package] = why[i]
		}
	}
	return out
}

func (c *Copy) stray(cache string, sizes bool) string {
	dir, ok := modcache.SourceDir(cache, c.Module)
	if !ok {
		return ""
	}
	dir = filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(c.Package, c.In)))
	source, err := os.ReadDir(dir)
	if err != nil {
		return "" // not available
	}
	have := map[string]fs.DirEntry{}
	for _, e := range c.Files {
		if e.Type().IsRegular() {
			have[e.Name()] = e
		}
	}
	for _, e := range source {
		h := have[e.Name()]
		delete(have, e.Name())
		switch {
		case !vendors(e):
		case h == nil && !left(dir, e.Name()):
			return e.Name() + " is missing"
		case h != nil && sizes && !sameSize(h, e):
			return e.Name() + " is not the module's"
		}
	}
	if len(have) > 0 {
		return slices.Min(slices.Collect(maps.Keys(have))) + " is not the module's"
	}
	return ""
}

// vendors reports whether go mod vendor copies a file, by its name
// (cmd/go/internal/modcmd/vendor.go).
func vendors(e fs.DirEntry) bool {
	name := e.Name()
	return e.Type().IsRegular() && name != "go.mod" && name != "go.sum" && !strings.HasSuffix(name, "_test.go")
}

// left reports whether go mod vendor leaves a Go file out for its constraint.
func left(dir, name string) bool {
	if path.Ext(name) != ".go" {
		return false
	}
	src, err := bounded.ReadFile(filepath.Join(dir, name), bounded.Source)
	if err != nil {
		return true
	}
	f := File{Name: name}
	f.constraints(src)
	return f.Ignored
}

func sameSize(a, b fs.DirEntry) bool {
	x, err := a.Info()
	if err != nil {
		return false
	}
	y, err := b.Info()
	return err == nil && x.Size() == y.Size()
}
