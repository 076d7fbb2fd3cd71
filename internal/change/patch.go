package change

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Patch returns c in git's patch format, as `git diff` prints it: a text diff,
// or a "GIT binary patch" where git would take either side as binary. It is nil
// when c changes nothing.
//
// A Mode of zero prints no mode for a file that exists, so that git keeps what
// it finds.
func (c Change) Patch() []byte {
	if c.same() {
		return nil
	}
	var b bytes.Buffer
	binary := isBinary(c.Old) || isBinary(c.New)
	c.writeHeader(&b, binary)
	switch {
	case binary:
		b.WriteString("GIT binary patch\n")
		writeLiteral(&b, c.New)
		writeLiteral(&b, c.Old) // the reverse hunk: `git apply -R` fails without it
	case len(c.Old) == 0 && len(c.New) == 0:
		// An empty file comes or goes: the header says it all.
	default:
		writeName(&b, "---", "a/", c.Path, c.Old == nil)
		writeName(&b, "+++", "b/", c.Path, c.New == nil)
		b.Write(hunks(c.Old, c.New))
	}
	return b.Bytes()
}

// writeHeader writes git's extended header: the lines above "---".
func (c Change) writeHeader(b *bytes.Buffer, binary bool) {
	fmt.Fprintf(b, "diff --git %s %s\n", quote("a/"+c.Path), quote("b/"+c.Path))
	mode := ""
	switch {
	case c.Old == nil:
		fmt.Fprintf(b, "new file mode %s\n", gitMode(c.Mode))
	case c.New == nil:
		fmt.Fprintf(b, "deleted file mode %s\n", gitMode(c.Mode))
	case c.Mode != 0:
		mode = " " + gitMode(c.Mode)
	}
	// git applies a binary patch only with both object names in full; for text
	// they serve `git apply --3way`, and twelve digits are enough to find a blob.
	digits := 12
	if binary {
		digits = 2 * sha1.Size
	}
	fmt.Fprintf(b, "index %s..%s%s\n", blob(c.Old)[:digits], blob(c.New)[:digits], mode)
}

// writeName writes a "---" or "+++" line. A name with a space is followed by a
// tab, as git does it, since GNU patch otherwise takes the name to end there.
func writeName(b *bytes.Buffer, mark, prefix, path string, missing bool) {
	name := quote(prefix + path)
	if missing {
		name = "/dev/null"
	}
	tab := ""
	if strings.Contains(name, " ") {
		tab = "\t"
	}
	fmt.Fprintf(b, "%s %s%s\n", mark, name, tab)
}

// gitMode is the mode of a regular file in a patch; git knows only these two.
func gitMode(mode fs.FileMode) string {
	if mode&0o100 != 0 {
		return "100755"
	}
	return "100644"
}

// blob is git's object name for a file's content, zeros for no file. A
// repository made with --object-format=sha256 knows others: it takes our text
// patches and refuses binary ones.
func blob(data []byte) string {
	if data == nil {
		return strings.Repeat("0", 2*sha1.Size)
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// isBinary is git's own rule (buffer_is_binary): a NUL in the first 8000 bytes.
func isBinary(data []byte) bool {
	return bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0
}

// hunks returns the "@@" parts of the unified diff. diff.Diff puts three lines
// in front of them, whose names are neither quoted nor /dev/null.
func hunks(was, now []byte) []byte {
	text := diff.Diff("a", was, "b", now)
	for range 3 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return text
}

// Line returns where a line of was, counted from 1, is in now; 0 where it is no longer there.
func Line(was, now []byte, line int) int {
	if isBinary(was) || isBinary(now) {
		return line
	}
	old, at := 1, 1 // the next line of each
	for text := range bytes.Lines(hunks(was, now)) {
		switch text[0] {
		case '@':
			first := 0
			if _, err := fmt.Sscanf(string(text), "@@ -%d", &first); err != nil || line < first {
				return line + at - old
			}
			old, at = first, at+first-old
		case '+':
			at++
		case '-':
			if old == line {
				return 0
			}
			old++
		case ' ':
			if old == line {
				return at
			}
			old, at = old+1, at+1
		}
	}
	return line + at - old
}

// Stat counts the lines that a patch from was to now adds and removes. Binary
// content has no lines: both are zero, as git's --numstat prints "-".
func Stat(was, now []byte) (added, removed int) {
	if isBinary(was) || isBinary(now) {
		return 0, 0
	}
	for line := range bytes.Lines(hunks(was, now)) {
		switch line[0] {
		case '+':
			added++
		case '-':
			removed++
		}
	}
	return added, removed
}
