package gocmd

import (
	"bytes"
	"errors"
)

// maxOutput is what is kept of a child's output. go list -deps of a plugin with
// 5,000 packages prints some 20 MiB.
const maxOutput = 512 << 20

var errTooMuch = errors.New("it prints more than 512 MiB")

// limited keeps what is written to it, and no more than left bytes: the writer
// gets an error then, and the child behind it a broken pipe.
type limited struct {
	kept bytes.Buffer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left -= len(b); l.left < 0 {
		return 0, errTooMuch
	}
	return l.kept.Write(b)
}

func (l *limited) full() bool { return l.left < 0 }
