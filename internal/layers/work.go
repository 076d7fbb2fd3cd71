package layers

import (
	"io"

	"github.com/pinfix/pinfix/internal/fault"
)

// A work is what it has cost so far to read an image: over all its layers, and
// however often one is read. An archive of two megabytes can name layers that
// unpack to terabytes, so what is unpacked must be in proportion to what is stored.
type work struct {
	stored, unpacked int64 // bytes
	headers          int   // entries of tars
}

// nextWork is the next step where an image is too much work.
const nextWork = "name the image of a server"

func (w *work) store(n int) error {
	if w.stored += int64(n); w.stored > maxStored {
		return fault.New(nextWork, "more than %d GiB of layers to read", int64(maxStored)>>30)
	}
	return nil
}

func (w *work) unpack(n int) error {
	w.unpacked += int64(n)
	switch {
	case w.unpacked > maxUnpacked:
		return fault.New(nextWork, "its layers unpack to more than %d GiB", int64(maxUnpacked)>>30)
	case w.unpacked > freeUnpacked+maxRatio*w.stored:
		return fault.New(nextWork, "its layers unpack to more than %d GiB, and %d times what is stored", freeUnpacked>>30, maxRatio)
	}
	return nil
}

func (w *work) header() error {
	if w.headers++; w.headers > maxHeaders {
		return fault.New(nextWork, "more than %d entries in its layers", maxHeaders)
	}
	return nil
}

// A counted reader reports how much was read, and ends with the error of that.
type counted struct {
	r     io.Reader
	count func(n int) error
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if over := c.count(n); over != nil {
		return 0, over
	}
	return n, err
}
