package pinner

import (
	"strings"

	"golang.org/x/mod/module"
)

// A Server is what pinfix knows of the program that calls plugin.Open.
// It has many methods and fields, because it holds all that the build info says, and what
// follows from that is asked here alone.
type Server struct {
	Ref      string            // how the user named it
	Main     module.Version    // the main module; Version is "(devel)" for a local build
	Path     string            // import path of the main package
	Go       string            // toolchain as in the build info, "go1.23.5"
	Settings map[string]string // build settings, "-trimpath" -> "true"
	Pins     []Pin             // linked modules in the order of the build info

	// Installed is the main module as the module cache had it, for a program of go
	// install M@V; nil for one that was built in its own directory.
	Installed *Pin

	// Packages maps the import path of each linked package to its
	// fingerprint. It is nil where the reference cannot know it, and empty
	// for a program that cannot load plugins.
	Packages map[string]Fingerprint

	// Binary is nil where the reference is no program and does not say.
	Binary *Binary

	// Source is set where the server's source was read and no program:
	// Settings is empty then.
	Source *ServerSource

	// Paths is empty for a trimmed server, and where the reference does not
	// know it.
	Paths Paths

	// Info is the build info as "go version -m" prints it, without its header
	// and tabs: the body of a snapshot.
	Info string

	// Origin says where the program comes from. It is zero where Ref says all.
	Origin Origin
}

// An Origin is where a program comes from that is no file of its own, or that a
// snapshot stands for.
type Origin struct {
	Source   string // the reference, without what is only true on one machine
	Digest   string // of the program file, or of the image
	Platform string // of the image, "linux/amd64"
	Program  string // its path in the image
}

// Paths are where the sources of an untrimmed server's packages were when it was
// built. They are part of its fingerprints. One that is "" is not known, or there was
// none.
type Paths struct {
	ModCache string // GOMODCACHE, "/go/pkg/mod"
	Vendored string // the directory that holds vendor/
	Own      string // the directory of the main module
	GoPath   string // of a server that was built without modules: what its import paths are below, "/go/src"
}

// A Fingerprint is the 8 bytes that the loader compares for a package
// (runtime.modulehash.linktimehash, cmd/link's go:link.pkghashbytes symbols),
// in file order.
type Fingerprint [8]byte

// A Pin is one module as the server linked it: the selected version, which is
// the label in trimmed file names, and what replaced it.
type Pin struct {
	module.Version
	Sum     string // "h1:…" of what was built, or "" (vendored server)
	Replace module.Version
}

// A ServerSource is what is known of a server that is known by its source.
type ServerSource struct {
	// GoFrom is the line of go.mod that the Go version is taken from.
	GoFrom string
	// Packages are those that vendor/ holds: all that the server may link,
	// of every platform and main package. It is nil where there is no
	// vendor/; Pins is the whole build list then.
	Packages map[string]bool
}

// Trimmed reports whether the server was built with -trimpath; of source that is
// assumed.
func (s *Server) Trimmed() bool { return s.Settings["-trimpath"] == "true" || s.Source != nil }

// Links reports whether the server links a package of one of its dependencies,
// as far as that is known: of source it is all that it may link.
func (s *Server) Links(pkg string) (linked, known bool) {
	if s.Packages != nil {
		_, linked = s.Packages[pkg]
		return linked, true
	}
	if s.Source != nil && s.Source.Packages != nil {
		return s.Source.Packages[pkg], true
	}
	return false, false
}

// GoVersion returns the server's Go release without the "go" prefix and
// without experiments or vendor suffixes: "1.23.5".
func (s *Server) GoVersion() string {
	v, _, _ := strings.Cut(strings.TrimPrefix(s.Go, "go"), " ")
	v, _, _ = strings.Cut(v, "-")
	return v
}

// Accepts reports whether the server's toolchain reads a dependency's go.mod
// with this go line.
func (s *Server) Accepts(goLine string) bool {
	return goLine == "" || !knowsToolchains(s.GoVersion()) || compareGo(goLine, s.GoVersion()) <= 0
}
