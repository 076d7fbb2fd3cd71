package astimports

import (
	"bytes"
	"slices"
	"strings"
)

// add writes own imports of paths into a file that has none.
func (f *file) add(paths []string) []byte {
	eol := lineBreak(f.src)
	lines := ownLines(paths, eol)
	if d := f.block(); d != nil {
		return f.insert(lineStart(f.src, d.rparen), eol+lines)
	}
	block := "import (" + eol + lines + ")"
	switch at, where := f.after(f.last()); where {
	case nextLine:
		if len(f.decls) == 0 && !blank(f.src[at:lineEnd(f.src, at)]) {
			// gofmt wants a blank line between declarations, but not before
			// the first. One on both sides would be one too many to undo.
			return f.insert(at, block+eol+eol)
		}
		return f.insert(at, eol+block+eol)
	case endOfFile:
		return f.insert(at, eol+eol+block)
	default:
		return f.insert(at, block+"; ")
	}
}

func (f *file) insert(at int, text string) []byte {
	return slices.Concat(f.src[:at], []byte(text), f.src[at:])
}

// ownLines returns the lines of the own group, aligned as gofmt aligns
// comments on consecutive lines. Paths are ASCII: module.CheckImportPath saw
// to that, so bytes are columns.
func ownLines(paths []string, eol string) string {
	width := 0
	for _, p := range paths {
		width = max(width, len(p))
	}
	var b strings.Builder
	for _, p := range paths {
		pad := strings.Repeat(" ", width-len(p))
		b.WriteString("\t_ \"" + p + "\"" + pad + " " + Mark + eol)
	}
	return b.String()
}

// block returns the last import block that own imports can join so that strip
// can remove them again, or nil. A block without imports cannot be determined from
// one of pinfix's own afterwards. One with "C" is cgo's: a second import can
// turn its preamble into a mere comment.
func (f *file) block() *decl {
	for i := range slices.Backward(f.decls) {
		d := &f.decls[i]
		if d.rparen > 0 && len(d.specs) > 0 && !d.imports("C") && f.first(d.rparen) {
			return d
		}
	}
	return nil
}

// A place says what surrounds a new declaration.
type place int

const (
	nextLine  place = iota // at the beginning of a line
	endOfFile              // behind a last line without line end
	sameLine               // before code that follows on the line
)

// after returns where a declaration goes that comes after what ends at i: after
// its line, and the comments that begin on it.
func (f *file) after(i int) (at int, where place) {
	src, semi := f.src, 0
	for {
		i = skipBlank(src, i)
		switch rest := src[i:]; {
		case len(rest) == 0:
			return i, endOfFile
		case rest[0] == '\n':
			return i + 1, nextLine
		case rest[0] == ';' && semi == 0:
			i++
			semi = skipBlank(src, i)
		case bytes.HasPrefix(rest, []byte("//")):
			i += len(bytes.TrimRight(src[i:lineEnd(src, i)], "\n"))
		case commentEnd(src, i) > 0:
			i = commentEnd(src, i)
		case semi > 0:
			return semi, sameLine
		default:
			return i, sameLine
		}
	}
}
