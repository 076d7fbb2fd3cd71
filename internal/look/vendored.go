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
// them, and returns a file of each package, by package, for which go mod vendor would
// write other files: by their names and, with sizes, their sizes. What files of
// the same size hold is not read: that would take as long as go mod vendor.
func Strays(cache string, copies []Copy, sizes bool) map[string]Stray {
	strays := make([]Stray, len(copies))
	parallel.Do(atOnce(), len(copies), func(i int) { strays[i] = copies[i].stray(cache, sizes) })
	out := map[string]Stray{}
	for i, c := range copies {
		if strays[i].File != "" {
			out[c.Package] = strays[i]
		}
	}
	return out
}

// A Stray is a file of a vendored package that is missing, or that is not its module's.
type Stray struct {
	File    string // its name in the directory of the package
	Missing bool
}

func (c *Copy) stray(cache string, sizes bool) Stray {
	dir, ok := modcache.SourceDir(cache, c.Module)
	if !ok {
		return Stray{}
	}
	dir = filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(c.Package, c.In)))
	source, err := os.ReadDir(dir)
	if err != nil {
		return Stray{} // not available
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
			return Stray{e.Name(), true}
		case h != nil && sizes && !sameSize(h, e):
			return Stray{e.Name(), false}
		}
	}
	if len(have) > 0 {
		return Stray{slices.Min(slices.Collect(maps.Keys(have))), false}
	}
	return Stray{}
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
