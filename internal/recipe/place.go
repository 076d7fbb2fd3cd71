package recipe

import (
	"path"
	"slices"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/pinner"
)

// Directory returns the directory that is in the server's file names for a module, and
// the path of that module: of the one that the server has pkg from. From is the module
// that the plugin has it from, for a server that names none. The directory is "" where it
// is not known, and where go build gives a plugin that is pinned the same; in a trimmed
// server it is the import path.
func Directory(s *pinner.Server, pkg, from string) (unit, dir string) {
	label := s.Label(pkg)
	unit = label.Pin.Path
	switch {
	case !s.KnowsModules() && label.Kind == pinner.LabelUnknown:
		return from, gopath(s, from)
	case unit == "":
		return "", ""
	case s.Trimmed() && label.Kind == pinner.LabelBare:
		return unit, unit
	case s.Trimmed():
		return "", ""
	case s.Owns(unit):
		if unit != s.Own()[0] {
			return "", "" // of a go.work; where its other modules were is not known
		}
		return unit, s.Paths.Own
	case s.Paths.Vendored != "":
		return unit, s.Paths.Vendored + "/vendor/" + unit
	case label.Kind == pinner.LabelDirectory:
		return unit, replacement(s, label.Pin.Replace.Path)
	}
	return unit, cached(s, label.Pin)
}

// gopath is the directory of a module of a server that was built without modules.
func gopath(s *pinner.Server, module string) string {
	switch {
	case s.Trimmed():
		return module
	case s.Paths.GoPath == "":
		return ""
	}
	return s.Paths.GoPath + "/" + module
}

// replacement is the directory that the server's go.mod names dir.
func replacement(s *pinner.Server, dir string) string {
	switch {
	case path.IsAbs(dir):
		return path.Clean(dir)
	case s.Paths.Own == "":
		return ""
	}
	return path.Join(s.Paths.Own, dir)
}

// cached is the directory of a module in the server's module cache.
func cached(s *pinner.Server, p pinner.Pin) string {
	v := p.Version
	if p.Replace.Path != "" {
		v = p.Replace
	}
	escaped, err := module.EscapePath(v.Path)
	if err != nil || s.Paths.ModCache == "" {
		return ""
	}
	version, err := module.EscapeVersion(v.Version)
	if err != nil {
		return ""
	}
	return s.Paths.ModCache + "/" + escaped + "@" + version
}

// Placed reports whether it is known where an untrimmed server's modules were.
func Placed(s *pinner.Server) bool {
	return s.Paths.ModCache != "" || s.Paths.Vendored != "" || s.Paths.GoPath != ""
}

// Place says how the plugins of a server that was built without -trimpath are built,
// since the paths of the sources are part of its fingerprints.
func Place(s *pinner.Server) string {
	switch {
	case Placed(s):
		return "pinfix build --server " + shell.Quote(s.Ref) + " gives the plugin's packages the server's file names; a plain go build does not"
	case Vendored(s):
		return "name the server's program: the directories in it, which pinfix build gives the plugin's packages, are not known from this reference"
	}
	return "name the server's program, for pinfix build to find the directories in it; or build the plugin without -trimpath and without vendor/, as the server was, with GOMODCACHE at the path that the server's build had (/go/pkg/mod in the official images)"
}

// Vendored reports whether an untrimmed server was built with vendor/: the paths in
// the program say so, or else its build info, which has no sums then.
func Vendored(s *pinner.Server) bool {
	if Placed(s) {
		return s.Paths.Vendored != ""
	}
	return len(s.Pins) > 0 && !slices.ContainsFunc(s.Pins, func(p pinner.Pin) bool { return p.Sum != "" || p.Version.Version == "(devel)" })
}
