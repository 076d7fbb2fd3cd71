package change

import (
	"fmt"
	"strings"
)

// escapes are the letters of git's C-style quoting (quote.c, sq_lookup); every
// other byte that needs it is written in octal.
var escapes = map[byte]byte{
	'\a': 'a', '\b': 'b', '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r',
	'"': '"', '\\': '\\',
}

// quote returns name as it is in a patch: in double quotes when it holds a
// quote, a backslash, a control character or a byte above ASCII (git's default,
// core.quotePath=true), else as it is. A space alone needs no quotes.
func quote(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch letter, ok := escapes[c]; {
		case ok:
			b.WriteByte('\\')
			b.WriteByte(letter)
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	if b.Len() == len(name) {
		return name
	}
	return `"` + b.String() + `"`
}
