package layers

import (
	"bytes"
	"errors"
	"io"
)

// buildInfo begins the build info of a Go program (debug/buildinfo).
var buildInfo = []byte("\xff Go buildinf:")

// isGo reports whether r is a Go program for Linux.
func isGo(r io.Reader) (bool, error) {
	head := make([]byte, 4)
	_, err := io.ReadFull(r, head)
	if err == nil && string(head) == "\x7fELF" {
		return mentions(r, buildInfo)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // a short file; a cut layer shows in its next entry
	}
	return false, err
}

// mentions reports whether mark is in what r has, also over two reads.
func mentions(r io.Reader, mark []byte) (bool, error) {
	buf := make([]byte, 32<<10)
	for kept := 0; ; {
		n, err := r.Read(buf[kept:])
		seen := buf[:kept+n]
		switch {
		case bytes.Contains(seen, mark):
			return true, nil
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		}
		kept = copy(buf, seen[max(0, len(seen)-len(mark)+1):])
	}
}
