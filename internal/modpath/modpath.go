// Package modpath answers which module a package may come from, by their paths alone: a
// package belongs to the module with the longest path that begins its own. The callers
// say which modules there are, since that is where they differ: those of a server, of a
// go.mod, of a plan, or of a module graph.
package modpath

import (
	"iter"
	"strings"
)

// Up returns the paths that a module of the package pkg can have: pkg itself, then what
// is before its last slash, and so on.
func Up(pkg string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for pkg != "" && yield(pkg) {
			pkg = pkg[:max(0, strings.LastIndexByte(pkg, '/'))]
		}
	}
}

// Longest returns the longest of the paths [Up] for which is is true, and false if there
// is none.
func Longest(pkg string, is func(path string) bool) (path string, ok bool) {
	for p := range Up(pkg) {
		if is(p) {
			return p, true
		}
	}
	return "", false
}

// Above is [Longest] without pkg itself: of a module, the one that it is nested in.
func Above(pkg string, is func(path string) bool) (path string, ok bool) {
	return Longest(pkg, func(p string) bool { return p != pkg && is(p) })
}

// In reports whether a package of this path may be of the module.
func In(pkg, module string) bool {
	_, ok := Cut(pkg, module)
	return ok
}

// Cut returns what follows the module's path in that of a package, "" or "/x", and
// whether the package may be of the module.
func Cut(pkg, module string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(pkg, module)
	return rest, ok && (rest == "" || rest[0] == '/')
}
