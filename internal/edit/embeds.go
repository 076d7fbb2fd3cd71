package edit

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/importgraph"
)

const embed = "//go:embed"

// embedWarnings names each //go:embed pattern in the plugin's own packages that no file
// matches. A plan does not depend on it, but go build fails there: the file may be one
// that a step before the build makes, or one that was forgotten.
func embedWarnings(l *importgraph.Listing, root string) (out []string) {
	for _, path := range slices.Sorted(maps.Keys(l.Packages)) {
		p := l.Packages[path]
		if !p.Main() {
			continue
		}
		for _, name := range p.Files() {
			file := filepath.Join(p.Dir, name)
			src, err := bounded.ReadFile(file, bounded.Source)
			if err != nil || !bytes.Contains(src, []byte(embed)) {
				continue
			}
			shown := file
			if rel, err := filepath.Rel(root, file); err == nil {
				shown = filepath.ToSlash(rel)
			}
			for _, m := range unmatched(p.Dir, src) {
				out = append(out, fmt.Sprintf("%s:%d: no file matches %s %s; go build fails without one", shown, m.line, embed, m.pattern))
			}
		}
	}
	return out
}

type embedPattern struct {
	line    int
	pattern string
}

// unmatched returns the patterns of a file in dir that match no file there.
func unmatched(dir string, src []byte) (out []embedPattern) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			args, ok := strings.CutPrefix(c.Text, embed)
			if !ok || args == "" || args[0] != ' ' && args[0] != '\t' {
				continue
			}
			for _, pattern := range embedArgs(args) {
				// The go command's own rules leave out more files; what matches none here
				// matches none there either.
				found, err := filepath.Glob(filepath.Join(globQuote(dir), filepath.FromSlash(strings.TrimPrefix(pattern, "all:"))))
				if err == nil && len(found) == 0 {
					out = append(out, embedPattern{fset.Position(c.Pos()).Line, pattern})
				}
			}
		}
	}
	return out
}

// embedArgs splits the patterns of a directive, some of which may be quoted.
func embedArgs(args string) (out []string) {
	for args = strings.TrimSpace(args); args != ""; args = strings.TrimSpace(args) {
		if quoted, err := strconv.QuotedPrefix(args); err == nil {
			pattern, _ := strconv.Unquote(quoted)
			out, args = append(out, pattern), args[len(quoted):]
			continue
		}
		word, rest, _ := strings.Cut(strings.ReplaceAll(args, "\t", " "), " ")
		out, args = append(out, word), rest
	}
	return out
}

// globQuote quotes what a pattern would take for more than a name.
func globQuote(dir string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(dir)
}
