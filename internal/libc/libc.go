// Package libc knows what musl, the C library of Alpine, offers to a plugin. It is pure:
// [Musl] answers from a list that .ci/musl makes of Debian's packages.
package libc

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed musl.txt
var muslText string

// A Name is a symbol that musl exports.
type Name struct {
	Since  string   // the release that has it first, "1.2.3"; [Oldest] also means an older one
	Debian bool     // only in Debian's packages
	archs  []string // values of GOARCH; nil for all
}

// Oldest is the first release that the list is made from.
const Oldest = "1.2.2"

var musl = sync.OnceValue(func() map[string]Name {
	names := map[string]Name{}
	var now Name
	for line := range strings.Lines(muslText) {
		line = strings.TrimSpace(line)
		switch head, ok := strings.CutPrefix(line, "@"); {
		case ok:
			words := strings.Fields(head)
			now = Name{Since: words[0]}
			for _, w := range words[1:] {
				if w == "debian" {
					now.Debian = true
				} else {
					now.archs = append(now.archs, w)
				}
			}
		case line != "" && line[0] != '#':
			names[line] = now
		}
	}
	return names
})

// Musl returns from when on musl exports a symbol on a processor, given by its GOARCH.
// It reports false for a symbol that no release exports there.
func Musl(arch, symbol string) (Name, bool) {
	n, ok := musl()[symbol]
	return n, ok && (n.archs == nil || slices.Contains(n.archs, arch))
}

// Reserved reports whether musl's loader takes the name of a library for its own, whatever
// comes after it: libc.so.6 and libpthread.so.0 are no files there (load_library in
// ldso/dynlink.c).
func Reserved(lib string) bool {
	return slices.ContainsFunc([]string{"c", "pthread", "rt", "m", "dl", "util", "xnet"}, func(name string) bool {
		return strings.HasPrefix(lib, "lib"+name+".")
	})
}
