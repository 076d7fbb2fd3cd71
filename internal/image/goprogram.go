package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
)

// buildInfo begins the build info of a Go program (debug/buildinfo).
var buildInfo = []byte("\xff Go buildinf:")

// A goMark is a writer that notices buildInfo.
type goMark struct {
	found bool
	tail  []byte // the end of what was written
}

func (g *goMark) Write(b []byte) (int, error) {
	if !g.found {
		keep := len(buildInfo) - 1
		edge := append(g.tail, b[:min(len(b), keep)]...)
		g.found = bytes.Contains(edge, buildInfo) || bytes.Contains(b, buildInfo)
		g.tail = slices.Clone(edge[max(0, len(edge)-keep):])
		if len(b) >= keep {
			g.tail = slices.Clone(b[len(b)-keep:])
		}
	}
	return len(b), nil
}

// maxFound is how many programs are looked for.
const maxFound = 100

// goPrograms returns the paths of the Go programs for Linux in the image, sorted.
func (t *tree) goPrograms(ctx context.Context) ([]string, error) {
	for len(t.read) < len(t.layers) {
		if err := t.load(ctx); err != nil {
			return nil, err
		}
	}
	var found []string
	for i, layer := range t.layers {
		if t.first(i) >= 0 && t.first(i) < i {
			continue // what it holds is found above, or hidden there
		}
		err := layer.visit(ctx, func(pos int, h *tar.Header, r io.Reader) error {
			name := clean(h.Name)
			if h.Typeflag != tar.TypeReg || h.FileInfo().Mode()&0o111 == 0 || strings.HasSuffix(name, ".so") || len(name) > maxName {
				return nil
			}
			if e, at, err := t.node(name, 0); err != nil || at != i || int(e.pos) != pos {
				return nil // another layer has it, or hides it
			}
			isGo, err := isGoELF(r)
			if isGo {
				found = append(found, name)
			}
			if len(found) == maxFound {
				return errStop
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(found)
	return found, nil
}

func isGoELF(r io.Reader) (bool, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil // a short file; a cut layer shows in its next entry
		}
		return false, err
	}
	if string(head) != "\x7fELF" {
		return false, nil
	}
	var mark goMark
	_, err := io.Copy(&mark, r)
	return mark.found, err
}
