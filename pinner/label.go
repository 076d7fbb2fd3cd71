package pinner

import (
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/modpath"
)

// A Label says what the compiler has written as the directory of a package's files.
// The loader compares nothing else of where a package comes from, so a plugin has the
// server's package only where its own build writes the same.
//
// The go command decides it (cmd/go/internal/work/gc.go, trimpath, and
// cmd/go/internal/load/pkg.go, setBuildInfo):
//
//   - With -trimpath a package of a module in the module cache or in vendor/ has
//     module@version, the version that the build list selects, also where a replacement
//     gives the source. A package of the main module, or of another module of the
//     go.work, has its import path and no version.
//   - Without -trimpath it is the directory that the files were in.
//
// Which of these a program has follows from its build info: the module that holds its
// main package is on the mod line. It has a sum there where it came from the module
// cache, which is what go install M@V does; else it is the main module. A module
// without a version, "(devel)", was in the go.work, or is the main module of a program
// built from file names, which has no mod line.
type Label struct {
	Kind LabelKind
	Pin  Pin    // the module that the server has the package from; zero where Kind is [LabelUnknown] or [LabelStandard]
	Dir  string // of [LabelDirectory]: the module's directory, "" where it is not known
	Path bool   // of [LabelVersion]: the label is a path in a module cache or vendor/, for the server is not trimmed
	Test bool   // the server is a test binary of this package, and has compiled its tests with it if they are of the same package
}

// A LabelKind is the form of a label.
type LabelKind int

// The forms.
const (
	LabelUnknown   LabelKind = iota // no module of the build info has the package
	LabelStandard                   // of the standard library, which the Go release decides
	LabelVersion                    // module@version, or the same in a module cache or vendor/
	LabelBare                       // the import path
	LabelDirectory                  // a directory outside of module cache and vendor/
)

// Label returns the label of a package that the server links.
func (s *Server) Label(pkg string) Label {
	pin, ok := s.holder(pkg)
	l := Label{Pin: pin, Test: ok && s.underTest() == pkg}
	switch own := ok && s.isOwn(pin); {
	case !ok && !strings.Contains(firstElement(pkg), "."):
		l.Kind = LabelStandard
	case !ok:
		l.Kind = LabelUnknown
	case s.Trimmed() && own:
		l.Kind = LabelBare
	case s.Trimmed():
		l.Kind = LabelVersion
	case own:
		l.Kind = LabelDirectory
	case directory(pin):
		l.Kind = LabelDirectory
		if path.IsAbs(pin.Replace.Path) {
			l.Dir = pin.Replace.Path
		}
	default:
		l.Kind, l.Path = LabelVersion, true
	}
	return l
}

// A Way is how a plugin's build takes a module.
type Way struct {
	Version string // that the build list selects; "" where none is required
	Dir     string // the directory that replaces it or that the go.work uses, absolute; "" for the module cache
	Work    bool   // it is a module of the go.work, or the plugin's own
}

// A Fit says whether a way gives the plugin the server's label.
type Fit int

// Fits.
const (
	NeverFits Fit = iota
	MayFit        // the label is the same or may be, but the build info does not say what was in the server's directory
	Fits
)

// Fit reports whether a plugin that takes the label's module in this way has the
// server's label. That the source is the same is not part of it but where the server
// took it from a directory.
func (l Label) Fit(w Way) Fit {
	switch l.Kind {
	case LabelStandard:
		return Fits
	case LabelUnknown:
		return MayFit
	case LabelBare:
		if w.Work {
			return Fits
		}
	case LabelDirectory:
		if w.Dir != "" && (l.Dir == "" || l.Dir == w.Dir) {
			return MayFit
		}
	case LabelVersion:
		switch {
		case w.Work || l.Path && w.Dir != "" || w.Version != l.Pin.Version.Version:
		case w.Dir != "" || directory(l.Pin):
			return MayFit
		default:
			return Fits
		}
	}
	return NeverFits
}

// Own returns the paths of the modules whose packages have no version in their label:
// the main module, and those of the go.work that the server was built in. No
// requirement in go.mod matches them.
func (s *Server) Own() []string {
	var out []string
	if s.Main.Path != "" && s.Installed == nil {
		out = append(out, s.Main.Path)
	}
	for _, p := range s.Pins {
		if workspace(p) {
			out = append(out, p.Path)
		}
	}
	return out
}

// Owns reports whether a module is one of [Server.Own].
func (s *Server) Owns(path string) bool { return path != "" && slices.Contains(s.Own(), path) }

// Required returns the modules that go.mod can give a plugin as the server has them, in
// the order of the build info: all but [Server.Own].
func (s *Server) Required() []Pin {
	out := make([]Pin, 0, len(s.Pins)+1)
	if s.Installed != nil {
		out = append(out, *s.Installed)
	}
	for _, p := range s.Pins {
		if !workspace(p) {
			out = append(out, p)
		}
	}
	return out
}

// KnowsModules reports whether the build info says which modules the server links. A
// program of another build system, or of a GOPATH, names none; neither does one that
// has nothing but the standard library, but there nothing is left open.
func (s *Server) KnowsModules() bool {
	if s.Main.Path != "" || len(s.Pins) > 0 {
		return true
	}
	for pkg := range s.Packages {
		if strings.Contains(firstElement(pkg), ".") {
			return false
		}
	}
	return s.Packages != nil
}

// Name is what people call the server: its main module, which a program that was built
// from file names does not have.
func (s *Server) Name() string {
	if s.Main.Path != "" {
		return s.Main.Path
	}
	if own := s.Own(); len(own) > 0 {
		return own[0]
	}
	if s.Path != "" && s.Path != fileNames {
		return s.Path
	}
	for _, name := range []string{s.Origin.Program, s.Origin.Source, s.Ref} {
		if name != "" {
			return path.Base(strings.ReplaceAll(name, `\`, "/"))
		}
	}
	return "the server"
}

// Clash returns the first of pkgs, import paths of packages of the plugin's own module,
// that the server links from another module; "" for none. The loader takes the two for
// one package and refuses the plugin.
func (s *Server) Clash(module string, pkgs []string) string {
	for _, pkg := range slices.Sorted(slices.Values(pkgs)) {
		linked, known := s.Links(pkg)
		linked = linked || !known && pkg == "main"
		if pin, ok := s.holder(pkg); linked && !(ok && pin.Path == module && s.Owns(module)) {
			return pkg
		}
	}
	return ""
}

// fileNames is the import path of a main package that was given as file names.
const fileNames = "command-line-arguments"

// holder returns the module of the build info with the longest path that holds pkg.
func (s *Server) holder(pkg string) (Pin, bool) { return s.byPath().holder(pkg) }

// A table is the modules of a build info by path.
type table map[string]Pin

func (s *Server) byPath() table {
	t := make(table, len(s.Pins)+1)
	switch {
	case s.Installed != nil:
		t[s.Installed.Path] = *s.Installed
	case s.Main.Path != "":
		t[s.Main.Path] = Pin{Version: s.Main}
	}
	for _, p := range s.Pins {
		t[p.Path] = p
	}
	return t
}

func (t table) holder(pkg string) (Pin, bool) {
	path, ok := modpath.Longest(pkg, func(p string) bool { _, ok := t[p]; return ok })
	return t[path], ok
}

// isOwn reports whether p is one of [Server.Own].
func (s *Server) isOwn(p Pin) bool {
	return workspace(p) || s.Installed == nil && p.Path == s.Main.Path
}

// underTest returns the package that a test binary tests, "" for any other program.
func (s *Server) underTest() string {
	pkg, ok := strings.CutSuffix(s.Path, ".test")
	if _, module := s.holder(pkg); !ok || !module {
		return ""
	}
	if _, links := s.Packages["testing"]; s.Packages != nil && !links {
		return ""
	}
	return pkg
}

// workspace reports whether p has no version: the module was in the server's go.work.
func workspace(p Pin) bool { return p.Version.Version == "(devel)" }

// directory reports whether the server took p from a directory.
func directory(p Pin) bool { return p.Replace.Path != "" && p.Replace.Version == "" }

func firstElement(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	return first
}

// installed returns the line of a main module that came from the module cache, as go
// install M@V takes it, and nil for one that was built in its own directory: go build
// may give that a version, from the commit, which the build info then names, but no sum.
func installed(main Pin, settings map[string]string) *Pin {
	v := main.Version.Version
	if v == "" || module.CanonicalVersion(v) != v || main.Sum == "" && main.Replace.Path == "" || settings["vcs.revision"] != "" {
		return nil
	}
	return &main
}
