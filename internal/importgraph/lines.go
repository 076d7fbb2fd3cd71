package importgraph

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pinfix/pinfix/astimports"
)

// ImportPaths returns the own imports of a file.
func ImportPaths(file string, src []byte) ([]string, error) {
	if !bytes.Contains(src, []byte(astimports.Mark)) {
		return nil, nil
	}
	paths, err := astimports.Owned(file, src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return paths, nil
}

// LineOf returns the line that imports path, from 1.
func LineOf(src []byte, path string) int {
	n := 0
	for line := range strings.Lines(string(src)) {
		n++
		if strings.Contains(line, `"`+path+`"`) {
			return n
		}
	}
	return 0
}

// FirstImport returns the line of the first import, or of the package clause.
func FirstImport(src []byte) int {
	n, at := 0, 1
	for line := range bytes.Lines(src) {
		n++
		switch {
		case bytes.HasPrefix(line, []byte("package ")):
			at = n
		case bytes.HasPrefix(line, []byte("import")):
			return n
		}
	}
	return at
}
