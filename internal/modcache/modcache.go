// Package modcache reads which packages a package imports, from its source in
// the module cache, if the cache has it. The entry point is [Cache.Imports].
package modcache

import (
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// A Cache is a module cache, looked at for one platform and set of tags.
type Cache struct {
	dir  string
	look build.Context
}

// Dir returns the module cache that an environment names, as the go command
// finds it but for a go env file: GOMODCACHE, else pkg/mod in GOPATH.
func Dir(get func(string) string) string {
	if dir := get("GOMODCACHE"); dir != "" {
		return dir
	}
	if list := filepath.SplitList(get("GOPATH")); len(list) > 0 && list[0] != "" {
		return filepath.Join(list[0], "pkg", "mod")
	}
	return filepath.Join(get("HOME"), "go", "pkg", "mod")
}

// SourceDir returns the directory of a module version's source in the cache in
// dir; false where there can be none.
func SourceDir(dir string, v module.Version) (string, bool) {
	path, err := module.EscapePath(v.Path)
	if err != nil || dir == "" || v.Version == "" {
		return "", false
	}
	version, err := module.EscapeVersion(v.Version)
	if err != nil {
		return "", false
	}
	return filepath.Join(dir, filepath.FromSlash(path)+"@"+version), true
}

// Places returns where the cache in dir has, or would have, the source and the go.mod of a
// module version; none for what is in no cache.
func Places(dir string, v module.Version) []string {
	source, ok := SourceDir(dir, v)
	mod, err := goModFile(dir, v)
	if !ok || err != nil {
		return nil
	}
	return []string{source, mod}
}

// HasSource reports whether the cache in dir holds a module version's source, as a
// directory or still packed.
func HasSource(dir string, v module.Version) bool {
	source, ok := SourceDir(dir, v)
	mod, err := goModFile(dir, v)
	if !ok || err != nil {
		return false
	}
	for _, name := range []string{source, strings.TrimSuffix(mod, ".mod") + ".zip"} {
		if _, err := os.Stat(name); err == nil {
			return true
		}
	}
	return false
}

// New returns the cache in dir as a build in that context sees it.
func New(dir string, look build.Context) *Cache { return &Cache{dir, look} }

// Imports returns what pkg imports, "C" among it, and false if its source is
// not available. p is the module that has pkg.
//
// Only a module's own directory is read, never the go command asked: the tags,
// the platform and the file names decide which files count, as in a build.
func (c *Cache) Imports(p pinner.Pin, pkg string) ([]string, bool) {
	source := p.Version
	if p.Replace.Path != "" {
		source = p.Replace
	}
	rel := strings.TrimPrefix(strings.TrimPrefix(pkg, p.Path), "/")
	dir, ok := SourceDir(c.dir, source)
	if !ok || !filepath.IsLocal(rel) && rel != "" {
		return nil, false
	}
	dir = filepath.Join(dir, filepath.FromSlash(rel))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, false
	}
	found, err := c.look.ImportDir(dir, 0)
	if err != nil {
		return nil, false
	}
	imports := found.Imports
	if len(found.CgoFiles) > 0 && !slices.Contains(imports, "C") {
		imports = append(imports, "C")
	}
	return imports, true
}
