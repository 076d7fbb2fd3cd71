// Package place names files and directories: as the user sees them from where pinfix runs,
// within the module, and within the git repository around it.
package place

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/bounded"
)

// Short is relative to where the user is, unless that leads away.
func Short(abs string) string {
	cwd, err := filepath.Abs(".")
	if err != nil {
		return abs
	}
	if resolved, err := filepath.EvalSymlinks(cwd); err == nil && !strings.HasPrefix(abs, cwd+string(filepath.Separator)) {
		cwd = resolved
	}
	rel, err := filepath.Rel(cwd, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return abs
	}
	return rel
}

// Optional returns no data and no error where a file that was read is not there.
func Optional(data []byte, err error) ([]byte, error) {
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && data == nil {
		data = []byte{}
	}
	return data, err
}

// ModuleOf returns the path of the module in dir, "" where there is none.
func ModuleOf(dir string) string {
	if dir == "" {
		return ""
	}
	data, err := bounded.ReadFile(filepath.Join(dir, "go.mod"), bounded.Mod)
	if err != nil {
		return ""
	}
	return modfile.ModulePath(data)
}

// Exists reports whether there is a file or a directory at name, through links.
func Exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Upwards returns the directory that has a file of this name: a module's root, or the
// nearest one above it up to the root of the repository that it is in; "" if none has.
// Without a repository only the module's root counts: what is above it belongs to others.
func Upwards(root, name string) string {
	if Has(root, name) {
		return root
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return ""
	}
	found := ""
	for dir := abs; ; dir = filepath.Dir(dir) {
		if found == "" && Has(dir, name) {
			found = dir
		}
		if Has(dir, ".git") {
			return found
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// Has reports whether dir has an entry called name, which may be a link to nowhere.
func Has(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// RealDir returns a directory that is named relative to root, symlinks resolved;
// "" if it is not there.
func RealDir(root, dir string) string {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return ""
	}
	return resolved
}

// Same reports whether two names are of one file.
func Same(x, y string) bool {
	a, err := os.Stat(x)
	if err != nil {
		return false
	}
	b, err := os.Stat(y)
	return err == nil && os.SameFile(a, b)
}

// Here is the current directory, symlinks resolved.
func Here() (string, error) {
	cwd, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(cwd)
}

// FromHere returns full as seen from the current directory.
func FromHere(full string) string {
	cwd, err := Here()
	if err != nil {
		return full
	}
	rel, err := filepath.Rel(cwd, full)
	if err != nil {
		return full
	}
	return rel
}
