package bounded

import (
	"bytes"
	"errors"
)

// MaxOutput is what is kept of a child's output, in bytes. go list -deps of a plugin
// with 5,000 packages prints some 20 MiB, git the index of 1,000,000 files some 100.
const MaxOutput = 512 << 20

// ErrOutput is the error of a child that prints more than [MaxOutput].
var ErrOutput = errors.New("it prints more than 512 MiB")

// An Output keeps what a child writes to it, and no more than Left bytes: the writer
// gets [ErrOutput] then, and the child behind it a broken pipe.
type Output struct {
	Kept bytes.Buffer
	Left int
}

// Write implements io.Writer.
func (o *Output) Write(b []byte) (int, error) {
	if o.Left -= len(b); o.Left < 0 {
		return 0, ErrOutput
	}
	return o.Kept.Write(b)
}

// Full reports whether the child has written more.
func (o *Output) Full() bool { return o.Left < 0 }
