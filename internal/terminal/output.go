package terminal

import (
	"bytes"
	"io"
	"os"

	"github.com/pinfix/pinfix/internal/report"
)

// An Output is stdout or stderr.
type Output struct {
	io.Writer
	Used  bool // there is something on it: a form for programs is one object
	Width int  // of a terminal that shows messages; 0: their lines stay as they are
}

// Write writes p, in lines that fit the terminal.
func (o *Output) Write(p []byte) (int, error) {
	o.Used = o.Used || len(p) > 0
	if o.Width == 0 || bytes.ContainsAny(p, "\r\x1b") { // the live line is short enough
		return o.Writer.Write(p)
	}
	_, err := io.WriteString(o.Writer, report.Fold(string(p), o.Width))
	return len(p), err
}

// FileOf returns the file behind a stream of env.
func FileOf(stream any) (f *os.File, ok bool) {
	if o, is := stream.(*Output); is {
		stream = o.Writer
	}
	f, ok = stream.(*os.File)
	return f, ok
}
