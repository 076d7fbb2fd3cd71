package modcache

import (
	"os"
	"path/filepath"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// GoMod reads the go.mod of a module version in the cache in dir, whose layout
// is that of the GOPROXY protocol (go help goproxy).
func GoMod(dir string, v module.Version) (*pinner.Summary, error) {
	path, err := module.EscapePath(v.Path)
	if err != nil {
		return nil, err
	}
	version, err := module.EscapeVersion(v.Version)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "cache", "download", filepath.FromSlash(path), "@v", version+".mod")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return pinner.Summarize(name, data)
}
