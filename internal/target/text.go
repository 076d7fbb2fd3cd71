package target

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/syntax"
	"github.com/pinfix/pinfix/pinner"
)

var errText = errors.New("neither a program nor the output of go version -m")

const textHint = "name the server program, or move this file away and make it again: pinfix snapshot --server PROGRAM -o FILE"

// Parse reads the output of go version -m, its -json form, or a snapshot: the
// former followed by pkg<TAB>import path<TAB>16 hex digits lines. The Go
// version is only in the header line, "name: go1.23.5".
func Parse(data []byte) (*pinner.Server, error) {
	s, err := parse(data)
	if err == nil {
		return s, nil
	}
	if at := syntax.Conflict("", data); at != nil {
		return nil, fault.New(at.NextStep(), "line %d: %s", at.Line, at.Msg)
	}
	return nil, fault.With(err, cmp.Or(fault.Next(err), textHint))
}

func parse(data []byte) (*pinner.Server, error) {
	if len(data) == 0 {
		return nil, errors.New("the file is empty")
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return parseJSON(data)
	}
	if bytes.HasPrefix(data, []byte("#!")) {
		return nil, fault.New("name the program that it starts", "a script, not a program")
	}
	t := text{data: data}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if err := t.line(n, strings.TrimRight(line, "\r\n")); err != nil {
			return nil, err
		}
	}
	return t.server()
}

// A text is what the lines of a snapshot or of go version -m have said so far.
type text struct {
	data      []byte          // all of it
	body      strings.Builder // the build info, line for line
	goVersion string
	packages  packageLines
	known     pinner.Server // what a snapshot says next to the build info
}

// line takes the nth line.
func (t *text) line(n int, line string) error {
	info, indented := strings.CutPrefix(line, "\t")
	if indented {
		t.body.WriteString(info)
	}
	t.body.WriteByte('\n') // for every line: it keeps the line numbers
	if n == 1 && strings.HasPrefix(line, snapshotPrefix) {
		t.known.Origin = parseOrigin(line)
		return nil
	}
	switch {
	case indented, line == "":
		return nil
	case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "pkg\t"):
		if err := t.more(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		return nil
	}
	i := strings.LastIndex(line, ": ") // a file name may hold one
	if i < 0 || !strings.HasPrefix(line[i+2:], "go") && !strings.HasPrefix(line[i+2:], "devel ") {
		return errText
	}
	if t.goVersion != "" {
		return fault.New("keep only the server's lines", "line %d: a second program", n)
	}
	t.goVersion = line[i+2:]
	return nil
}

// more takes a line that only a snapshot has; other comments say nothing.
func (t *text) more(line string) (err error) {
	k := &t.known
	switch {
	case strings.HasPrefix(line, binaryPrefix):
		k.Binary, err = parseBinary(line)
	case strings.HasPrefix(line, sourcePrefix):
		k.Source = parseSource(line)
	case strings.HasPrefix(line, pathsPrefix):
		k.Paths, err = parsePaths(line)
	case strings.HasPrefix(line, "#"):
	case k.Source != nil:
		err = addSourcePackage(k.Source, line)
	default:
		if t.packages.table == nil {
			t.packages.table = make(map[string]pinner.Fingerprint, bytes.Count(t.data, []byte("\npkg\t")))
		}
		err = t.packages.add(line)
	}
	return err
}

// server returns what all lines have said.
func (t *text) server() (*pinner.Server, error) {
	if t.goVersion == "" {
		return nil, errText
	}
	if t.known.Source != nil && t.packages.table != nil {
		return nil, errors.New("a server's source has no fingerprints")
	}
	bi, err := debug.ParseBuildInfo(t.body.String())
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "could not parse Go build info: "))
	}
	bi.GoVersion = t.goVersion
	s, err := fromBuildInfo(bi)
	if err != nil {
		return nil, err
	}
	s.Packages, s.Binary, s.Origin, s.Source, s.Paths = t.packages.table, t.known.Binary, t.known.Origin, t.known.Source, t.known.Paths
	if s.Source != nil {
		s.Installed = nil // the version is that of the source; how a program of it was built is not known
	}
	return s, nil
}

// packageLines reads the pkg lines of a snapshot.
type packageLines struct {
	table map[string]pinner.Fingerprint
	last  string // the path before
}

func (p *packageLines) add(line string) error {
	path, sum, _ := strings.Cut(strings.TrimPrefix(line, "pkg\t"), "\t")
	if err := p.check(path); err != nil {
		return err
	}
	var f pinner.Fingerprint
	var digits [2 * len(f)]byte
	n := copy(digits[:], sum)
	if _, err := hex.Decode(f[:], digits[:n]); err != nil || len(sum) != len(digits) {
		return fmt.Errorf("the fingerprint of %s is not 16 hex digits", path)
	}
	if _, ok := p.table[path]; ok {
		return fmt.Errorf("package %s is there twice", path)
	}
	p.table[path] = f
	return nil
}

// check is module.CheckImportPath, which looks at one element after the other. The
// lines are sorted, so that most begin with elements of the line before.
func (p *packageLines) check(path string) error {
	same := 0
	for i := range min(len(path), len(p.last)) {
		if path[i] != p.last[i] {
			break
		}
		if path[i] == '/' {
			same = i + 1
		}
	}
	// An element may begin with a dash, only a path may not.
	if module.CheckImportPath(path[same:]) != nil {
		if err := module.CheckImportPath(path); err != nil {
			return err
		}
	}
	p.last = path
	return nil
}

// parseJSON reads what go version -m -json prints: one debug.BuildInfo.
func parseJSON(data []byte) (*pinner.Server, error) {
	var bi debug.BuildInfo
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&bi); err != nil {
		return nil, fmt.Errorf("build info in JSON: %w", err)
	}
	if dec.More() {
		return nil, fault.New("keep only the server's object", "build info in JSON: a second program")
	}
	if bi.GoVersion == "" {
		return nil, errText
	}
	for _, d := range bi.Deps {
		if d == nil {
			return nil, errors.New("build info in JSON: a null in Deps")
		}
	}
	return fromBuildInfo(&bi)
}
