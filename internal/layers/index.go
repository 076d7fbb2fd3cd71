package layers

import (
	"archive/tar"
	"fmt"
	"hash/maphash"
	"io"
	"path"
	"strings"
)

// An index is what one layer holds: for each path its kind and where it is.
// Paths are kept as their hash only: a layer may have many.
type index struct {
	budget  *budget
	entries map[uint64]entry
	links   []string
	goFiles []string // executable Go programs, by path
}

// A budget bounds the memory of all indexes of an image.
type budget struct {
	seed                    maphash.Seed
	entries, links, goFiles int
}

func (b *budget) hash(name string) uint64 { return maphash.String(b.seed, name) }

type kind uint8

const (
	nothing  kind = iota
	dir           // also one that only shows in the path of something
	regular       // a file
	symlink       // links[link] is where to
	hardlink      // links[link] is the other name, in the same layer or below
	special       // a device, a pipe
)

// An entry is a path in one layer. gone and opaque are about the layers below:
// there the path, or what is in the directory, does not count (the OCI image
// specification, "Whiteouts").
type entry struct {
	kind         kind
	gone, opaque bool
	isGo         bool // a Go program for Linux
	pos, link    uint32
}

func newIndex(b *budget) *index {
	return &index{budget: b, entries: map[uint64]entry{}}
}

// clean returns the path of an entry: absolute, and never above the root.
func clean(name string) string { return path.Clean("/" + name) }

// add takes in the entry at pos of a tar, with its content.
func (ix *index) add(pos int, h *tar.Header, r io.Reader) error {
	if len(h.Name) > maxName {
		return nil // no path can reach it
	}
	name := clean(h.Name)
	in, base := path.Dir(name), path.Base(name)
	switch rest, isWhiteout := strings.CutPrefix(base, ".wh."); {
	case base == ".wh..wh..opq":
		ix.set(in, func(e *entry) { e.opaque = true })
		ix.imply(in)
	case !isWhiteout:
		ix.put(name, pos, h)
		ix.imply(in)
		if err := ix.look(name, h, r); err != nil {
			return err
		}
	case rest == "", rest == ".", rest == "..", strings.HasPrefix(rest, ".wh."):
		// aufs keeps its own files so; a name of directories is none.
	default:
		ix.set(path.Join(in, rest), func(e *entry) { e.gone = true })
		ix.imply(in)
	}
	if ix.budget.entries > maxEntries {
		return fmt.Errorf("more than %d files and directories", maxEntries)
	}
	if ix.budget.links > maxLinks {
		return fmt.Errorf("more than %d MiB of link targets", maxLinks>>20)
	}
	return nil
}

// put sets what a path is: the last entry of a name counts.
func (ix *index) put(name string, pos int, h *tar.Header) {
	k := special
	switch h.Typeflag {
	case tar.TypeReg, '\x00', tar.TypeGNUSparse:
		k = regular
	case tar.TypeDir:
		k = dir
	case tar.TypeSymlink:
		k = symlink
	case tar.TypeLink:
		k = hardlink
	case tar.TypeXGlobalHeader:
		return
	}
	if (k == symlink || k == hardlink) && len(h.Linkname) > maxName {
		k = special
	}
	ix.set(name, func(e *entry) {
		e.kind, e.pos, e.isGo = k, uint32(pos), false
		if k == symlink || k == hardlink {
			e.link = uint32(len(ix.links))
			ix.links = append(ix.links, strings.Clone(h.Linkname))
			ix.budget.links += len(h.Linkname) + 16
		}
	})
}

// look notes a file that is a Go program.
func (ix *index) look(name string, h *tar.Header, r io.Reader) error {
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	found, err := isGo(r)
	if !found || err != nil {
		return err
	}
	ix.set(name, func(e *entry) { e.isGo = true })
	if h.FileInfo().Mode()&0o111 != 0 && !strings.HasSuffix(name, ".so") && ix.budget.goFiles < maxGoFiles {
		ix.budget.goFiles++
		ix.goFiles = append(ix.goFiles, name)
	}
	return nil
}

// imply makes directories of what something is in, and is not said to be
// anything else.
func (ix *index) imply(name string) {
	for ; name != "/"; name = path.Dir(name) {
		if ix.get(name).kind != nothing {
			return
		}
		ix.set(name, func(e *entry) { e.kind = dir })
	}
}

func (ix *index) set(name string, change func(*entry)) {
	key := ix.budget.hash(name)
	e, ok := ix.entries[key]
	if !ok {
		ix.budget.entries++
	}
	change(&e)
	ix.entries[key] = e
}

func (ix *index) get(name string) entry { return ix.entries[ix.budget.hash(name)] }

// hides reports whether the layer hides name in the layers below it: it deletes
// it or a directory that it is in, or has something else in that place.
func (ix *index) hides(name string) bool {
	if ix.get(name).gone {
		return true
	}
	for in := path.Dir(name); ; in = path.Dir(in) {
		e := ix.get(in)
		if e.gone || e.opaque || in != "/" && e.kind != nothing && e.kind != dir {
			return true
		}
		if in == "/" {
			return false
		}
	}
}
