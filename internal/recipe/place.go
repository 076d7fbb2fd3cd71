package recipe

import (
	"slices"

	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/pinner"
)

// Place says where the plugins of a server that was built without -trimpath must
// be built, since the paths of the sources are part of its fingerprints. Which
// directory a vendored server needs is [pinner.Paths.Elsewhere]'s to say.
func Place(s *pinner.Server) string {
	switch {
	case s.Paths.ModCache != "":
		return "build the plugin without -trimpath and without vendor/, with GOMODCACHE=" + shell.Quote(s.Paths.ModCache) + ", as the server was"
	case s.Paths.Vendored != "":
		return s.Paths.Elsewhere("")
	case Vendored(s):
		return "copy the plugin to the directory that the server was built in, with its vendor/ (the program does not say which), in an image for one, and run pinfix apply --vendor always and pinfix build there"
	}
	return "build the plugin without -trimpath and without vendor/, as the server was, with GOMODCACHE at the path that the server's build had (/go/pkg/mod in the official images)"
}

// Vendored reports whether an untrimmed server was built with vendor/: the paths in
// the program say so, or else its build info, which has no sums then.
func Vendored(s *pinner.Server) bool {
	if s.Paths != (pinner.Paths{}) {
		return s.Paths.Vendored != ""
	}
	return len(s.Pins) > 0 && !slices.ContainsFunc(s.Pins, func(p pinner.Pin) bool { return p.Sum != "" || p.Version.Version == "(devel)" })
}
