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
	var packages map[string]pinner.Fingerprint
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
			body.WriteString(line[1:] + "\n")
		case source != nil && strings.HasPrefix(line, "pkg\t"):
			if err := addSourcePackage(source, line); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		case strings.HasPrefix(line, "pkg\t"):
			if packages == nil {
				packages = map[string]pinner.Fingerprint{}
			}
			if err := parsePackage(packages, line); err != nil {
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
	if source != nil && packages != nil {
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
	s.Packages, s.Binary, s.Origin, s.Source, s.Paths = packages, binary, origin, source, paths
	return s, nil
}

func parsePackage(packages map[string]pinner.Fingerprint, line string) error {
	path, sum, _ := strings.Cut(strings.TrimPrefix(line, "pkg\t"), "\t")
	if err := module.CheckImportPath(path); err != nil {
		return err
	}
	var f pinner.Fingerprint
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != len(f) {
		return fmt.Errorf("the fingerprint of %s is not 16 hex digits", path)
	}
	copy(f[:], raw)
	if _, ok := packages[path]; ok {
		return fmt.Errorf("package %s stands there twice", path)
	}
	packages[path] = f
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

// validGo reports whether v is a release, or a candidate of one. It ends in
// GOTOOLCHAIN; version.IsValid knows other words than rc and beta as well.
func validGo(v string) bool {
	numbers := strings.Replace(strings.Replace(v, "rc", "", 1), "beta", "", 1)
	return version.IsValid("go"+v) && strings.Trim(numbers, "0123456789.") == ""
}
