package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A blob is a layer as it is stored.
type blob struct {
	what   string // "layer 3 of 10", for messages
	digest string // of its bytes, or ""
	diffID string // of its tar, or ""
	open   func(ctx context.Context) (io.ReadCloser, error)
	spent  *work // of the whole image
}

// same reports whether two layers have the same bytes, by their digests.
func (b blob) same(c blob) bool {
	return b.digest == c.digest && b.diffID == c.diffID && b.digest+b.diffID != ""
}

// errStop ends a visit early, before the digest is known.
var errStop = errors.New("stop")

// visit reads the layer's tar, whatever it is compressed with, and calls see for
// each entry. It returns nil only if the bytes are those of the digest, or see
// has returned errStop. r is good until see returns.
func (b blob) visit(ctx context.Context, see func(pos int, h *tar.Header, r io.Reader) error) error {
	err := b.read(ctx, see)
	var known *Error
	if err == nil || errors.As(err, &known) || ctx.Err() != nil {
		return err
	}
	return fault("fetch or save it again: the image is damaged, or is not an image", "%s: %w", b.what, err)
}

func (b blob) read(ctx context.Context, see func(pos int, h *tar.Header, r io.Reader) error) error {
	f, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	spent := cmp.Or(b.spent, &work{})
	raw := newSummed(&counted{&cancelled{ctx, f}, spent.store}, b.digest)
	plain, closePlain, err := decompress(raw)
	if err != nil {
		return err
	}
	defer closePlain()
	content := newSummed(&counted{plain, spent.unpack}, b.diffID)
	err = entries(content, spent, see)
	if errors.Is(err, errStop) {
		return nil
	}
	if err == nil {
		// The digests are those of all the bytes, also those behind the tar's end.
		_, err = io.Copy(io.Discard, content)
	}
	if err != nil {
		if _, drain := io.Copy(io.Discard, raw); drain == nil {
			if wrong := raw.check(); wrong != nil {
				return wrong // says more than how the bytes fail to be a tar
			}
		}
		return err
	}
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return err
	}
	if err := raw.check(); err != nil {
		return err
	}
	return content.check()
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

// decompress looks at the first bytes; media types are not always true.
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

// A limited reader refuses to go on after left bytes.
type limited struct {
	r    io.Reader
	left int64
	why  string
}

func (l *limited) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if l.left -= int64(n); l.left < 0 {
		return 0, errors.New(l.why)
	}
	return n, err
}

// A summed reader checks the digest of what it has read; "" is any.
type summed struct {
	r    io.Reader
	want string
	h    hash.Hash
}

func newSummed(r io.Reader, want string) *summed { return &summed{r, want, sha256.New()} }

func (s *summed) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if s.want != "" {
		s.h.Write(b[:n])
	}
	return n, err
}

func (s *summed) check() error {
	if got := fmt.Sprintf("sha256:%x", s.h.Sum(nil)); s.want != "" && got != s.want {
		return fmt.Errorf("its digest is %s and should be %s", got, s.want)
	}
	return nil
}
