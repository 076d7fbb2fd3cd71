// Package look reads a plugin from its files alone, without the go command:
// what its own packages import ([Scan]), and its import graph, from vendor/ or
// the module cache ([Graph]).
package look

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
)

// A Tree is the files of one module: those of the working tree ([Disk]) or
// those in git's index. Names are slash paths below the module root; "." is the
// root.
type Tree interface {
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
}

// Disk is the module in a directory of the working tree.
type Disk string

// ReadFile reads a file; links are followed, as the go command does.
func (d Disk) ReadFile(name string) ([]byte, error) {
	limit := int64(bounded.Source)
	if !strings.HasSuffix(name, ".go") {
		limit = bounded.Mod // go.mod, go.sum, modules.txt
	}
	return bounded.ReadFile(filepath.Join(string(d), filepath.FromSlash(name)), limit)
}

// ReadDir reads a directory.
func (d Disk) ReadDir(name string) ([]fs.DirEntry, error) {
	return os.ReadDir(filepath.Join(string(d), filepath.FromSlash(name)))
}
