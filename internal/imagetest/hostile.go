package imagetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Bomb is a layer of a few megabytes with one file of so many GiB.
func Bomb(gib int) (*Layer, error) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(w)
	if err := t.WriteHeader(&tar.Header{Name: "zeros", Mode: 0o755, Size: int64(gib) << 30, Typeflag: tar.TypeReg}); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	frame := w.EncodeAll(make([]byte, 64<<20), nil)
	for range gib << 4 {
		b.Write(frame)
	}
	return RawLayer(b.Bytes()), nil
}

// Many is a layer with n entries of the names that next gives, links if it gives
// a target.
func Many(n int, next func(i int) (name, target string)) (*Layer, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	for i := range n {
		h := &tar.Header{Typeflag: tar.TypeReg, Mode: 0o644}
		if h.Name, h.Linkname = next(i); h.Linkname != "" {
			h.Typeflag = tar.TypeSymlink
		}
		if err := t.WriteHeader(h); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return RawLayer(b.Bytes()), nil
}

// hostile makes the layers of the words bomb, files, links and deep.
func hostile(word string, n int) (*Layer, error) {
	long := strings.Repeat("x", 4000)
	switch word {
	case "bomb":
		return Bomb(n)
	case "files":
		return Many(n, func(i int) (string, string) { return fmt.Sprintf("dir/%d", i), "" })
	case "links":
		return Many(n, func(i int) (string, string) { return fmt.Sprint(i), long })
	case "deep":
		return Many(n, func(i int) (string, string) { return fmt.Sprint(i) + strings.Repeat("/d", 2000), "" })
	}
	return nil, fmt.Errorf("no word %s", word)
}
