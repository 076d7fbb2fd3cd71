package verify

import (
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/pinner"
)

const stdModule = "std"

// A side is the modules that a server or a plugin links, by path.
type side map[string]linked

// A linked module; own marks the main module and those of its workspace, whose
// packages have no version in their label.
type linked struct {
	pinner.Pin
	own, main bool
}

func newSide(s *pinner.Server) side {
	m := side{}
	for _, p := range s.Required() {
		m[p.Path] = linked{Pin: p}
	}
	for _, path := range s.Own() {
		m[path] = linked{Pin: pinner.Pin{Version: module.Version{Path: path, Version: "(devel)"}}, own: true, main: path == s.Main.Path}
	}
	return m
}

// find returns the module with the longest path that holds pkg.
func (s side) find(pkg string) (linked, bool) {
	path, ok := modpath.Longest(pkg, func(p string) bool { _, ok := s[p]; return ok })
	return s[path], ok
}

// isStd reports whether a package that no module has is of the standard library
// or the runtime.
func isStd(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".")
}

// line prints version and replacement; the module as well where it is not the
// one that the reader expects.
func (l linked) line(expect string) string {
	if l.Path == "" {
		return ""
	}
	version := l.Version.Version
	if l.own {
		version = "(devel)"
	}
	pin := pinner.Pin{Version: module.Version{Path: l.Path, Version: version}, Replace: l.Replace}
	if l.Path == expect {
		return pin.Versions()
	}
	return pin.String()
}

// label is what is in the file names of the module's packages: the selected
// version, before replacement, in a trimmed build; what was built otherwise,
// since the path is that of the module cache.
func (l linked) label(trimmed bool) module.Version {
	switch {
	case l.own:
		return module.Version{Path: l.Path}
	case !trimmed && l.Replace.Path != "":
		return l.Replace
	}
	return l.Version
}

// source is what was built.
func (l linked) source() module.Version {
	if l.Replace.Path != "" {
		return l.Replace
	}
	return l.Version
}

// directory reports a replacement by a directory, of which nothing but the name
// is known.
func (l linked) directory() bool { return l.Replace.Path != "" && l.Replace.Version == "" }
