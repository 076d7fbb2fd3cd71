package target

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

var errText = errors.New("neither a program nor the output of go version -m")

const textHint = "make it with: go version -m PROGRAM > FILE"

// Parse reads the output of go version -m, its -json form, or a snapshot: the
// former followed by pkg<TAB>import path<TAB>16 hex digits lines. The Go
// version stands only in the header line, "name: go1.23.5".
func Parse(data []byte) (*pinner.Server, error) {
	s, err := parse(data)
	if err != nil {
		e := &Error{Err: err, Next: textHint}
		errors.As(err, &e)
		return nil, e
	}
	return s, nil
}

func parse(data []byte) (*pinner.Server, error) {
	if len(data) == 0 {
		return nil, errors.New("the file is empty")
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return parseJSON(data)
	}
	var body strings.Builder
	var goVersion string
	var packages packageLines
	var binary *pinner.Binary
	var origin pinner.Origin
	var source *pinner.ServerSource
	var paths pinner.Paths
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if !strings.HasPrefix(line, "\t") {
			body.WriteByte('\n') // keeps the line numbers
		}
		switch {
		case strings.HasPrefix(line, binaryPrefix):
			var err error
			if binary, err = parseBinary(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		case n == 1 && strings.HasPrefix(line, snapshotPrefix):
			origin = parseOrigin(line)
		case strings.HasPrefix(line, sourcePrefix):
			source = parseSource(line)
		case strings.HasPrefix(line, pathsPrefix):
			var err error
			if paths, err = parsePaths(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "\t"):
			body.WriteString(line[1:])
			body.WriteByte('\n')
		case source != nil && strings.HasPrefix(line, "pkg\t"):
			if err := addSourcePackage(source, line); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		case strings.HasPrefix(line, "pkg\t"):
			if packages.table == nil {
				packages.table = make(map[string]pinner.Fingerprint, bytes.Count(data, []byte("\npkg\t")))
			}
			if err := packages.add(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		default:
			i := strings.LastIndex(line, ": ") // a file name may hold one
			if i < 0 || !strings.HasPrefix(line[i+2:], "go") && !strings.HasPrefix(line[i+2:], "devel ") {
				return nil, errText
			}
			if goVersion != "" {
				return nil, &Error{"", fmt.Errorf("line %d: a second program", n), "keep only the server's lines"}
			}
			goVersion = line[i+2:]
		}
	}
	if goVersion == "" {
		return nil, errText
	}
	if source != nil && packages.table != nil {
		return nil, errors.New("a server's source has no fingerprints")
	}
	bi, err := debug.ParseBuildInfo(body.String())
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "could not parse Go build info: "))
	}
	bi.GoVersion = goVersion
	s, err := fromBuildInfo(bi)
	if err != nil {
		return nil, err
	}
	s.Packages, s.Binary, s.Origin, s.Source, s.Paths = packages.table, binary, origin, source, paths
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
		return fmt.Errorf("package %s stands there twice", path)
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
		return nil, &Error{"", errors.New("build info in JSON: a second program"), "keep only the server's object"}
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

func validGo(v string) bool { return version.IsValid("go"+v) && v != "" }
