package objfile

import "io"

const (
	blockSize  = 4 << 10
	blocksKept = 16
)

// blocks reads r in blocks and keeps some of them. pinfix reads a program in small pieces
// (headers, names, one fingerprint for each package) that are close together in the file,
// and a system call for each piece would take longer than everything else. It is not safe
// for concurrent use.
type blocks struct {
	r    io.ReaderAt
	kept [blocksKept]block
	next int // which one makes room
}

// Cached returns a reader of r that reads in blocks, for one goroutine.
func Cached(r io.ReaderAt) io.ReaderAt { return &blocks{r: r} }

type block struct {
	off  int64
	data []byte
}

// ReadAt reads from a block if one holds all of b, and else from r.
func (c *blocks) ReadAt(b []byte, off int64) (int, error) {
	at := off % blockSize
	if off < 0 || at+int64(len(b)) > blockSize {
		return c.r.ReadAt(b, off)
	}
	data := c.block(off - at)
	if at+int64(len(b)) > int64(len(data)) {
		return c.r.ReadAt(b, off) // the end of the file, or a bad disk: r says which
	}
	return copy(b, data[at:]), nil
}

// block returns what can be read of the block at off.
func (c *blocks) block(off int64) []byte {
	for _, k := range c.kept {
		if k.off == off && k.data != nil {
			return k.data
		}
	}
	k := &c.kept[c.next]
	c.next = (c.next + 1) % blocksKept
	if k.data == nil {
		k.data = make([]byte, blockSize)
	}
	n, _ := c.r.ReadAt(k.data[:blockSize], off)
	k.off, k.data = off, k.data[:n]
	return k.data
}
