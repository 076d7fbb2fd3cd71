package modcache

import (
	"path/filepath"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/pinner"
)

// goModFile returns where the cache in dir keeps the go.mod of a module version.
// Its layout is that of the GOPROXY protocol (go help goproxy).
func goModFile(dir string, v module.Version) (string, error) {
	path, err := module.EscapePath(v.Path)
	if err != nil {
		return "", err
	}
	version, err := module.EscapeVersion(v.Version)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "cache", "download", filepath.FromSlash(path), "@v", version+".mod"), nil
}

// GoMod reads the go.mod of a module version in the cache in dir.
func GoMod(dir string, v module.Version) (*pinner.Summary, error) {
	name, err := goModFile(dir, v)
	if err != nil {
		return nil, err
	}
	data, err := bounded.ReadFile(name, bounded.Mod)
	if err != nil {
		return nil, err
	}
	return pinner.Summarize(name, data)
}
