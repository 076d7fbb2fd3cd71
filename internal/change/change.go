// Package change describes what pinfix is about to do to a plugin's files.
// [Change] is one file before and after, and [Set] is all of them. [Set.Patch]
// prints a set for `git apply`, [Stat] counts its lines for tables, and
// internal/commit writes the same set. So the diff, the check and the write
// cannot disagree.
//
// The package is pure: it neither reads nor writes the disk.
package change

import (
	"bytes"
	"io/fs"
	"path"
)

// A Change is one file as it is and as it should be. Path is slash-separated
// and relative to the module root.
type Change struct {
	Path     string
	Old, New []byte      // nil = no such file (an empty file is non-nil empty)
	Mode     fs.FileMode // permission bits of the new file (0o644 for a new one)
}

// A Set is sorted by path, one Change a path, Old != New in each.
type Set []Change

// Under returns the same changes with paths that begin at dir, a slash path
// such as "plugins/a", instead of at the module root.
//
// A patch for a module that is a subdirectory of a git repository must be
// printed that way: git takes the paths behind a "diff --git" line as relative
// to the top of the repository wherever it is started, and skips what is then
// outside the current directory without a word and with exit status 0.
// The other way is `git apply --directory=plugins/a`.
func (s Set) Under(dir string) Set {
	moved := make(Set, len(s))
	for i, c := range s {
		c.Path = path.Join(dir, c.Path)
		moved[i] = c
	}
	return moved
}

// Patch returns the changes as one patch that `git apply` takes from the
// module root, forwards and with -R. See [Set.Under] for a module that is not
// at the top of its repository.
func (s Set) Patch() []byte {
	var b bytes.Buffer
	for _, c := range s {
		b.Write(c.Patch())
	}
	return b.Bytes()
}

// same reports whether c changes nothing. A missing file and an empty one are
// not the same, which bytes.Equal alone would say.
func (c Change) same() bool {
	return (c.Old == nil) == (c.New == nil) && bytes.Equal(c.Old, c.New)
}
