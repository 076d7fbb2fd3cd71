package gocmd

import (
	"bytes"
	"io"
	"slices"

	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/pattern"
)

// A watch reads what a go command prints on stderr while it runs, and counts what
// it fetches: modules, and with -x go.mod files. All but the trace of -x goes on to w.
type watch struct {
	w     io.Writer
	tell  meter.Count
	trace bool // the command has -x

	line []byte // the beginning of one
}

// newWatch returns a watch of a go command with args.
func newWatch(w io.Writer, tell meter.Count, args []string) *watch {
	return &watch{w: w, tell: tell, trace: slices.Contains(args, "-x")}
}

var (
	// traceRE is what -x prints: requests and their answers, and the commands that
	// fetch from a repository.
	traceRE = pattern.New(`^(?:# |cd |mkdir -p |[0-9.]+s # )`)
	// gotModRE is the answer to a request for a go.mod file.
	gotModRE = pattern.New(`^# get \S+\.mod: 200 `)
)

// Write implements io.Writer.
func (a *watch) Write(b []byte) (int, error) {
	if !a.trace {
		for line := range bytes.Lines(b) {
			a.count(line)
		}
		return a.w.Write(b)
	}
	a.line = append(a.line, b...)
	for {
		i := bytes.IndexByte(a.line, '\n')
		if i < 0 {
			return len(b), nil
		}
		line := a.line[:i+1]
		a.line = a.line[i+1:]
		a.count(line)
		if traceRE.Regexp().Match(line) {
			continue
		}
		if _, err := a.w.Write(line); err != nil {
			return 0, err
		}
	}
}

// count looks at a line. Of modules the go command writes each with one call.
func (a *watch) count(line []byte) {
	switch {
	case bytes.HasPrefix(line, []byte("go: downloading ")):
		a.tell.Add("module download", 1, 0)
	case a.trace && gotModRE.Regexp().Match(line):
		a.tell.Add("go.mod download", 1, 0)
	}
}

// end writes the last line if it is not complete.
func (a *watch) end() {
	if len(a.line) > 0 {
		a.w.Write(a.line) // an error would be the limit's, which the output knows
		a.line = nil
	}
}
