package layers

import (
	"archive/tar"
	"bufio"
	"bytes"

	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip" // takes a third less time than the standard library's
	"github.com/klauspost/compress/zstd"

	"github.com/pinfix/pinfix/internal/fault"
)

// A Layer is one of an image, as it is stored: a tar, compressed or not.
type Layer struct {
	Name   string // "layer 3 of 10", for messages
	Digest string // of its bytes, or "" where it is not known
	OfTar  bool   // Digest is of the tar that they unpack to
	Open   func(ctx context.Context) (io.ReadCloser, error)

	spent *work // of the whole image
}

// errStop ends a visit early, before the digest is known.
var errStop = errors.New("stop")

// visit reads the layer's tar, whatever it is compressed with, and calls see for
// each entry. It returns nil only if the bytes are those of the digest, or see
// has returned errStop. r is good until see returns.
func (l *Layer) visit(ctx context.Context, see func(pos int, h *tar.Header, r io.Reader) error) error {
	err := l.read(ctx, see)
	if err == nil || fault.Next(err) != "" || ctx.Err() != nil {
		return err
	}
	return fault.New("fetch or save it again: the image is damaged, or is not an image", "%s: %w", l.Name, err)
}

func (l *Layer) read(ctx context.Context, see func(pos int, h *tar.Header, r io.Reader) error) error {
	f, err := l.Open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := &summed{want: l.Digest, h: sha256.New()}
	stored := sum.of(&counted{&cancelled{ctx, f}, l.spent.store}, !l.OfTar)
	plain, closePlain, err := decompress(stored)
	if err != nil {
		return err
	}
	defer closePlain()
	content := sum.of(&counted{plain, l.spent.unpack}, l.OfTar)
	err = entries(content, l.spent, see)
	if errors.Is(err, errStop) {
		return nil
	}
	// The digest is of all the bytes, also of those behind the tar's end.
	for _, rest := range []io.Reader{content, stored} {
		if err == nil {
			_, err = io.Copy(io.Discard, rest)
		}
	}
	if err != nil && l.OfTar {
		return err
	}
	if _, rest := io.Copy(io.Discard, stored); rest != nil {
		return err
	}
	if wrong := sum.check(); wrong != nil {
		return wrong // says more than how the bytes fail to be a tar
	}
	return err
}

// entries counts what see reads of a file once more: a sparse one is larger than
// what the tar holds of it.
func entries(r io.Reader, spent *work, see func(pos int, h *tar.Header, r io.Reader) error) error {
	t := tar.NewReader(r)
	for pos := 0; ; pos++ {
		h, err := t.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !errors.Is(err, tar.ErrInsecurePath): // names are cleaned
			return err
		}
		if err := spent.header(); err != nil {
			return err
		}
		if err := see(pos, h, &counted{t, spent.unpack}); err != nil {
			return err
		}
	}
}

// decompress looks at the first bytes; media types are not always true. It is not
// the library's, which lets a zstd frame have a window of 512 MiB.
func decompress(r io.Reader) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, _ := b.Peek(4) // what there is
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(b)
		return z, func() {}, err
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")), len(head) == 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte("\x2a\x4d\x18")):
		// The second is a frame to skip, with which a seekable file may begin.
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, func() {}, err
		}
		return z, z.Close, nil
	}
	return b, func() {}, nil
}

// A cancelled reader ends with its context.
type cancelled struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelled) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// summed is the digest of what is read, and the one that it should be; "" is any.
type summed struct {
	want string
	h    hash.Hash
}

// of returns r, or, where it counts, a reader of the same that adds to the sum.
func (s *summed) of(r io.Reader, counts bool) io.Reader {
	if s.want == "" || !counts {
		return r
	}
	return io.TeeReader(r, s.h)
}

func (s *summed) check() error {
	if got := fmt.Sprintf("sha256:%x", s.h.Sum(nil)); s.want != "" && got != s.want {
		return fmt.Errorf("its digest is %s and should be %s", got, s.want)
	}
	return nil
}
