// Package srcdir finds out where the sources of a server were when it was built, by the
// names of its files in the program ([Find]).
package srcdir

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// Limits of the search for source paths.
const (
	step         = 64 << 10 // bytes that are searched at once
	maxSearched  = 1 << 30  // bytes of the program; the rest of a larger one is not searched
	maxSigns     = 1 << 20  // places that look like a name; a large program has some ten thousand
	maxPath      = 1 << 10  // bytes of a file name
	maxPrefixes  = 1 << 6   // different ones; a real program has one
	maxLooks     = 1 << 20  // names that are looked up, of all signs: a second
	maxOwn       = 1 << 14  // directories that may be that of the server's own packages, with what each explains
	enoughPrefix = 32       // file names with one prefix settle it
)

// Find returns where the sources of a server were that was built without
// -trimpath: its module cache or the directory with vendor/, and the directory of its
// own packages, as most of the file names in it say. The names are those of the
// runtime's tables, which no stripping removes: plain strings, each ended by a zero
// byte.
//
// It reads the program once from front to back, whatever its format, and keeps
// nothing of it; debug/gosym, which knows the tables, has no limits for hostile
// files. Paths that no build can have had are left out. Nothing found is no
// error.
func Find(r io.ReaderAt, server *pinner.Server) (pinner.Paths, error) {
	s := newSearch(server)
	window := make([]byte, step+2*maxPath)
	for off := int64(0); off < maxSearched && s.signs < maxSigns && !s.settled(); off += step {
		n, err := r.ReadAt(window, off)
		if err != nil && err != io.EOF {
			return pinner.Paths{}, fmt.Errorf("offset %#x: file names: %w", off, err)
		}
		s.add(window[:n])
		if n < len(window) {
			break
		}
	}
	p := pinner.Paths{ModCache: most(s.caches), Vendored: most(s.vendors)}
	if dir := s.own.dir(p.ModCache); server.KnowsModules() {
		p.Own = dir
	} else {
		p.GoPath = dir
	}
	return p, nil
}

// A search counts what is before the names of known modules.
type search struct {
	cached   map[string]bool // "github.com/!upper/x@v1.0.0"
	vendored map[string]bool // "github.com/Upper/x"

	caches, vendors map[string]int // prefix -> file names
	own             owners
	signs, looks    int
}

func newSearch(server *pinner.Server) *search {
	s := &search{map[string]bool{}, map[string]bool{}, map[string]int{}, map[string]int{}, newOwners(server), 0, 0}
	for _, p := range server.Required() {
		v := p.Version
		if p.Replace.Version != "" {
			v = p.Replace
		}
		// The standard library has a vendor/ of its own, with such.
		if !strings.HasPrefix(p.Path, "golang.org/x/") {
			s.vendored[p.Path] = true
		}
		escaped, err := module.EscapePath(v.Path)
		if err != nil {
			continue
		}
		version, err := module.EscapeVersion(v.Version)
		if err != nil {
			continue
		}
		s.cached[escaped+"@"+version] = true
	}
	return s
}

// settled reports whether more file names would change nothing.
func (s *search) settled() bool {
	if len(s.own.places) > 0 {
		return false // the best of all
	}
	for _, counts := range []map[string]int{s.caches, s.vendors} {
		for _, n := range counts {
			if n >= enoughPrefix {
				return true
			}
		}
	}
	return false
}

// add counts the names whose sign is in b, but for its end, which the next
// window has as well. A name may count twice: it is the most that matters.
func (s *search) add(b []byte) {
	signs := []string{"@v", "/vendor/"}
	if len(s.own.places) > 0 {
		signs = append(signs, goFile)
	}
	for _, sign := range signs {
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte(sign))
			if i < 0 {
				break
			}
			i += at
			at = i + 1
			if s.signs++; i >= step+maxPath {
				break
			}
			begin := max(0, i-maxPath)
			zero := bytes.LastIndexByte(b[begin:i], 0)
			if zero < 0 {
				continue
			}
			end := bytes.IndexByte(b[i:min(len(b), i+maxPath)], 0)
			if end < 0 {
				continue
			}
			if sign == goFile {
				s.ownName(string(b[begin+zero+1 : i]))
				continue
			}
			s.name(string(b[begin+zero+1:i]), string(b[i:i+end]))
		}
	}
}

// name counts one file name, cut before "@v1.0.0/x.go" or "/vendor/a/x.go".
func (s *search) name(before, after string) {
	if rest, ok := strings.CutPrefix(after, "/vendor/"); ok {
		for dir := path.Dir(rest); dir != "." && dir != "/" && s.look(); dir = path.Dir(dir) {
			if s.vendored[dir] {
				vote(s.vendors, before)
				return
			}
		}
		return
	}
	version, _, _ := strings.Cut(after, "/")
	for i := len(before) - 1; i > 0; i-- {
		if before[i] == '/' && s.look() && s.cached[before[i+1:]+version] {
			vote(s.caches, before[:i])
			return
		}
	}
}

// look reports whether one more name may be looked up.
func (s *search) look() bool {
	s.looks++
	return s.looks <= maxLooks
}

func vote(counts map[string]int, prefix string) {
	if Valid(prefix) && len(counts) < maxPrefixes {
		counts[prefix]++
	}
}

// Valid reports whether name is a directory as a build of Go has it in
// its file names: absolute, clean and printable.
func Valid(name string) bool {
	if !path.IsAbs(name) || path.Clean(name) != name || name == "/" || len(name) > maxPath {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}

// most returns the prefix with the most names; of several, the first.
func most(counts map[string]int) string {
	best := ""
	for p, n := range counts {
		if n > counts[best] || n == counts[best] && p < best {
			best = p
		}
	}
	return best
}
