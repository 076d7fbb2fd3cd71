package astimports

import "bytes"

// All places in this package are byte offsets. go/token's lines and the End
// methods of go/ast will not do: //line comments move the former, and the
// latter count without the carriage returns that the scanner drops.

// lineStart returns where the line of off begins.
func lineStart(src []byte, off int) int {
	return bytes.LastIndexByte(src[:off], '\n') + 1
}

// lineEnd returns where the line after off's begins, or len(src).
func lineEnd(src []byte, off int) int {
	if i := bytes.IndexByte(src[off:], '\n'); i >= 0 {
		return off + i + 1
	}
	return len(src)
}

// blank reports whether b is nothing but white space.
func blank(b []byte) bool {
	return len(bytes.TrimRight(b, " \t\r\n")) == 0
}

// blankBefore reports whether the line above the one that begins at off is
// blank, and where it begins.
func blankBefore(src []byte, off int) (start int, ok bool) {
	if off == 0 {
		return 0, false
	}
	start = lineStart(src, off-1)
	return start, blank(src[start:off])
}

// lineBreak returns the line end of the first line of src, which is taken for
// that of the whole.
func lineBreak(src []byte) string {
	i := bytes.IndexByte(src, '\n')
	if i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// position returns line and column of off, from 1.
func position(src []byte, off int) (line, column int) {
	off = min(off, len(src))
	return 1 + bytes.Count(src[:off], []byte("\n")), 1 + off - lineStart(src, off)
}

// skipBlank returns the first offset from off on that is no blank within the line.
func skipBlank(src []byte, off int) int {
	for off < len(src) && (src[off] == ' ' || src[off] == '\t' || src[off] == '\r') {
		off++
	}
	return off
}

// commentEnd returns the end of the /* */ comment at off, or 0 if there is none.
func commentEnd(src []byte, off int) int {
	const opening, closing = "/*", "*/"
	if !bytes.HasPrefix(src[off:], []byte(opening)) {
		return 0
	}
	body := off + len(opening)
	if i := bytes.Index(src[body:], []byte(closing)); i >= 0 {
		return body + i + len(closing)
	}
	return 0
}

// semicolon finds the one that follows off on the line, behind comments or not.
func semicolon(src []byte, off int) (semi int, ok bool) {
	for {
		off = skipBlank(src, off)
		end := commentEnd(src, off)
		if end == 0 || bytes.IndexByte(src[off:end], '\n') >= 0 {
			return off, off < len(src) && src[off] == ';'
		}
		off = end
	}
}
