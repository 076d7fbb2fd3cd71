// Package layers finds a file in the layers of a container image, from the top one
// down. [Tree.Find] follows whiteouts and links and reads no layer below the one
// that has the file, [Tree.Read] gives its content, and [Tree.GoPrograms] names the
// Go programs that there are.
//
// Nothing is unpacked. A layer is read through once for what it holds ([index]),
// and once more for the content of a file. What is read may be hostile, so
// everything has a limit, most of them over the whole image.
package layers

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
)

// A Tree is the file system of an image. Its layers are read as they are
// needed, from the top.
type Tree struct {
	layers []Layer
	read   []*index // of the first layers
	budget budget
	looked int // paths looked up
}

// New returns the tree of at most [Max] layers, the top one first. None is read yet.
func New(layers []Layer) *Tree {
	layers = slices.Clone(layers)
	spent := &work{}
	for i := range layers {
		layers[i].spent = spent
	}
	return &Tree{layers: layers, budget: budget{seed: maphash.MakeSeed()}}
}

// A Place is where a file is.
type Place struct {
	Asked string // the candidate that led there
	Path  string // without links
	Go    bool   // the file is a Go program for Linux

	layer, pos int
}

// errUnread says that the answer is in a layer that has not been read.
var errUnread = errors.New("in a layer that was not read")

// A NoFile says of a path why it does not lead to a file.
type NoFile struct{ Name, Why string }

func (e *NoFile) Error() string { return e.Name + " " + e.Why }

// first returns the topmost layer with the same bytes as layer i: an image may
// name one layer any number of times, and it is read once.
func (t *Tree) first(i int) int {
	if t.layers[i].Digest == "" {
		return i
	}
	return slices.IndexFunc(t.layers, func(l Layer) bool { return l.Digest == t.layers[i].Digest })
}

// load reads the next layer.
func (t *Tree) load(ctx context.Context) error {
	if i := t.first(len(t.read)); i < len(t.read) {
		t.read = append(t.read, t.read[i])
		return nil
	}
	ix := newIndex(&t.budget)
	err := t.layers[len(t.read)].visit(ctx, ix.add)
	if err == nil {
		t.read = append(t.read, ix)
	}
	return err
}

// Find returns the first candidate that is a file, reading no layer below the
// first that has one of them. Where none is, the error is a [*NoFile] of the first.
func (t *Tree) Find(ctx context.Context, candidates []string) (Place, error) {
	for {
		var unread, first error
		for _, name := range candidates {
			p, err := t.resolve(name)
			if err == nil {
				p.Asked = name
				return p, nil
			}
			switch {
			case fault.Next(err) != "":
				return Place{}, err
			case errors.Is(err, errUnread):
				unread = err
			case first == nil:
				first = err
			}
		}
		if unread == nil {
			return Place{}, first
		}
		if err := t.load(ctx); err != nil {
			return Place{}, err
		}
	}
}

// node returns what a path is whose directory is known to be one: the topmost
// entry that nothing hides.
func (t *Tree) node(name string, from int) (entry, int, error) {
	depth := strings.Count(name, "/")
	for i := from; i < len(t.layers); i++ {
		if i == len(t.read) {
			return entry{}, 0, errUnread
		}
		if t.looked += depth + 1; t.looked > maxLookups {
			return entry{}, 0, fault.New(nextWork, "its directories and links are too tangled to follow")
		}
		if e := t.read[i].get(name); e.kind != nothing {
			return e, i, nil
		}
		if t.read[i].hides(name) {
			break
		}
	}
	return entry{}, 0, nil
}

// resolve follows symbolic links in any part of name.
func (t *Tree) resolve(name string) (Place, error) {
	at, rest := "/", strings.Split(name, "/")
	for hops := 0; len(rest) > 0; {
		next := path.Join(at, rest[0]) // of "..", the directory above
		rest = rest[1:]
		if next == at {
			continue
		}
		if strings.HasPrefix(at, next) { // "..": a directory already
			at = next
			continue
		}
		e, layer, err := t.node(next, 0)
		if err != nil {
			return Place{}, err
		}
		switch e.kind {
		case dir:
			at = next
		case symlink:
			if hops++; hops > maxHops {
				return Place{}, &NoFile{name, fmt.Sprintf("is behind more than %d symbolic links", maxHops)}
			}
			to := t.read[layer].links[e.link]
			if path.IsAbs(to) {
				at = "/"
			}
			rest = append(strings.Split(to, "/"), rest...)
		case regular, hardlink:
			if len(rest) > 0 {
				return Place{}, &NoFile{name, "is not in the image"}
			}
			return t.file(next, e, layer)
		case special:
			return Place{}, &NoFile{name, "is a device or the like, not a file"}
		default:
			return Place{}, &NoFile{name, "is not in the image"}
		}
	}
	return Place{}, &NoFile{name, "is a directory"}
}

// file follows hard links: their targets are in the same layer or below, and
// what the layers above make of that name does not matter.
func (t *Tree) file(name string, e entry, layer int) (Place, error) {
	for hops := 0; e.kind == hardlink && hops < maxHops; hops++ {
		var err error
		to := clean(t.read[layer].links[e.link])
		if e, layer, err = t.node(to, layer); err != nil {
			return Place{}, err
		}
	}
	if e.kind != regular {
		return Place{}, &NoFile{name, "is a hard link to nothing"}
	}
	return Place{Path: name, Go: e.isGo, layer: layer, pos: int(e.pos)}, nil
}

// Read calls use with the content of a file.
func (t *Tree) Read(ctx context.Context, p Place, use func(r io.Reader) error) error {
	return t.layers[p.layer].visit(ctx, func(pos int, h *tar.Header, r io.Reader) error {
		if pos != p.pos {
			return nil
		}
		if h.Size > bounded.Program {
			return fmt.Errorf("%s has %d bytes, more than %d", p.Path, h.Size, int64(bounded.Program))
		}
		if err := use(r); err != nil {
			return err
		}
		return errStop
	})
}

// GoPrograms returns the paths of executable Go programs for Linux in the image,
// sorted. It reads all layers.
func (t *Tree) GoPrograms(ctx context.Context) ([]string, error) {
	for len(t.read) < len(t.layers) {
		if err := t.load(ctx); err != nil {
			return nil, err
		}
	}
	var found []string
	for i, ix := range t.read {
		if t.first(i) < i {
			continue // what it holds is found above, or hidden there
		}
		for _, name := range ix.goFiles {
			if e, at, err := t.node(name, 0); err == nil && at == i && e.isGo && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return found, nil
}
