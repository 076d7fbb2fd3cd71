package image

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
)

// A tree is the file system of an image. Its layers are read as they are
// needed, from the top.
type tree struct {
	layers []blob
	read   []*index // of the first layers
	budget budget
	looked int // paths looked up
	step   func(string)
}

func newTree(layers []blob, step func(string)) *tree {
	layers = slices.Clone(layers)
	spent := &work{}
	for i := range layers {
		layers[i].spent = spent
	}
	return &tree{layers: layers, budget: budget{seed: maphash.MakeSeed()}, step: step}
}

// A place is a file: the layer, the position there, and its path without links.
type place struct {
	layer, pos  int
	asked, path string
}

// errUnread says that the answer is in a layer that has not been read.
var errUnread = errors.New("in a layer that was not read")

// A noFile says that a path is no file.
type noFile struct{ name, why string }

func (e *noFile) Error() string { return e.name + " " + e.why }

// first returns the topmost layer with the same bytes as layer i: an image may
// name one layer any number of times, and it is read once.
func (t *tree) first(i int) int {
	return slices.IndexFunc(t.layers[:i+1], func(b blob) bool { return b.same(t.layers[i]) })
}

// load reads the next layer.
func (t *tree) load(ctx context.Context) error {
	if i := t.first(len(t.read)); i >= 0 && i < len(t.read) {
		t.read = append(t.read, t.read[i])
		return nil
	}
	ix := newIndex(&t.budget)
	err := t.layers[len(t.read)].visit(ctx, func(pos int, h *tar.Header, _ io.Reader) error { return ix.add(pos, h) })
	if err == nil {
		t.read = append(t.read, ix)
	}
	return err
}

// find returns the first candidate that is a file, reading no layer below the
// first that has one of them.
func (t *tree) find(ctx context.Context, candidates []string) (place, error) {
	for {
		var unread, first error
		for _, name := range candidates {
			p, err := t.resolve(name)
			if err == nil {
				p.asked = name
				return p, nil
			}
			known := (*Error)(nil)
			switch {
			case errors.As(err, &known):
				return place{}, err
			case errors.Is(err, errUnread):
				unread = err
			case first == nil:
				first = err
			}
		}
		if unread == nil {
			return place{}, first
		}
		if err := t.load(ctx); err != nil {
			return place{}, err
		}
	}
}

// node returns what a path is whose directory is known to be one: the topmost
// entry that nothing hides.
func (t *tree) node(name string, from int) (entry, int, error) {
	depth := strings.Count(name, "/")
	for i := from; i < len(t.layers); i++ {
		if i == len(t.read) {
			return entry{}, 0, errUnread
		}
		if t.looked += depth + 1; t.looked > maxLookups {
			return entry{}, 0, fault("name the image of a server", "its directories and links are too tangled to follow")
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
func (t *tree) resolve(name string) (place, error) {
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
			return place{}, err
		}
		switch e.kind {
		case dir:
			at = next
		case symlink:
			if hops++; hops > maxHops {
				return place{}, &noFile{name, fmt.Sprintf("is behind more than %d symbolic links", maxHops)}
			}
			to := t.read[layer].links[e.link]
			if path.IsAbs(to) {
				at = "/"
			}
			rest = append(strings.Split(to, "/"), rest...)
		case regular, hardlink:
			if len(rest) > 0 {
				return place{}, &noFile{name, "is not in the image"}
			}
			return t.file(next, e, layer)
		case special:
			return place{}, &noFile{name, "is a device or the like, not a file"}
		default:
			return place{}, &noFile{name, "is not in the image"}
		}
	}
	return place{}, &noFile{name, "is a directory"}
}

// file follows hard links: their targets are in the same layer or below, and
// what the layers above make of that name does not matter.
func (t *tree) file(name string, e entry, layer int) (place, error) {
	for hops := 0; e.kind == hardlink && hops < maxHops; hops++ {
		var err error
		to := clean(t.read[layer].links[e.link])
		if e, layer, err = t.node(to, layer); err != nil {
			return place{}, err
		}
	}
	if e.kind != regular {
		return place{}, &noFile{name, "is a hard link to nothing"}
	}
	return place{layer: layer, pos: int(e.pos), path: name}, nil
}

// open calls use with the content of a file.
func (t *tree) open(ctx context.Context, p place, use func(r io.Reader) error) error {
	return t.layers[p.layer].visit(ctx, func(pos int, h *tar.Header, r io.Reader) error {
		if pos != p.pos {
			return nil
		}
		if h.Size > bounded.Program {
			return fmt.Errorf("%s has %d bytes, more than %d", p.path, h.Size, int64(bounded.Program))
		}
		if err := use(r); err != nil {
			return err
		}
		return errStop
	})
}
