package modcache

import (
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

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
	name, data, err := readGoMod(dir, v)
	if err != nil {
		return nil, err
	}
	return pinner.Summarize(name, data)
}

// Retracted reads what the go.mod of a module's newest version retracts, which is
// what counts for all of them (https://go.dev/ref/mod#go-mod-file-retract).
func Retracted(dir string, newest module.Version) (func(version string) bool, error) {
	name, data, err := readGoMod(dir, newest)
	if err != nil {
		return nil, err
	}
	f, err := modfile.ParseLax(name, data, nil)
	if err != nil {
		return nil, err
	}
	return func(v string) bool {
		return slices.ContainsFunc(f.Retract, func(r *modfile.Retract) bool {
			return semver.Compare(r.Low, v) <= 0 && semver.Compare(v, r.High) <= 0
		})
	}, nil
}

func readGoMod(dir string, v module.Version) (name string, data []byte, err error) {
	if name, err = goModFile(dir, v); err != nil {
		return "", nil, err
	}
	data, err = bounded.ReadFile(name, bounded.Mod)
	return name, data, err
}
