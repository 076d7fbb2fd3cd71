package pinner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pinfix/pinfix/internal/fault"
)

// platforms that Go builds plugins for (internal/platform.BuildModeSupported).
var platforms = []string{
	"linux/386", "linux/amd64", "linux/arm", "linux/arm64", "linux/loong64", "linux/ppc64le", "linux/riscv64", "linux/s390x",
	"android/386", "android/amd64", "android/arm", "android/arm64",
	"darwin/amd64", "darwin/arm64",
	"freebsd/amd64",
}

// Refuses says why s can never load a plugin, whatever is pinned; nil if it can.
// The reasons are those of the package plugin (src/plugin/plugin_stubs.go) and of
// go build (internal/platform.BuildModeSupported).
func (s *Server) Refuses() error {
	platform := s.Settings["GOOS"] + "/" + s.Settings["GOARCH"]
	if !slices.Contains(platforms, platform) {
		// Foreign text, which may hold lines of its own.
		platform = strings.Trim(strconv.Quote(platform), `"`)
	}
	switch {
	case s.Settings["GOOS"] == "windows":
		return fault.New("build for linux in a container: name the server program of a Linux image, and build the plugin in an image golang:"+s.GoVersion(),
			"built for %s; Go cannot build plugins for Windows", platform)
	case s.Settings["GOOS"] != "" && s.Settings["GOARCH"] != "" && !slices.Contains(platforms, platform):
		return fault.New("name the server program of one of these platforms",
			"built for %s; Go builds plugins for %s", platform, strings.Join(platforms, ", "))
	case s.Settings["CGO_ENABLED"] == "0":
		return fault.New("rebuild the server with CGO_ENABLED=1, or take its publisher's build with plugin support",
			"built with CGO_ENABLED=0; it answers every plugin with \"plugin: not implemented\"")
	case s.Packages != nil && len(s.Packages) == 0:
		return fault.New("name the program that calls plugin.Open, built with cgo",
			"it cannot load plugins: it has no package fingerprints, so it does not import the package plugin, or was linked statically")
	}
	return nil
}

// Unmatched says why no other build has s's fingerprints, whatever is pinned; nil where
// there is no such reason. A compiler flag -trimpath of the server's own takes the place
// of the go command's, which keeps the temporary directory of a build out of the files
// that cgo generates; and runtime/cgo, which each server links, has some.
func (s *Server) Unmatched() error {
	flags := s.Settings["-gcflags"]
	list, all := strings.CutPrefix(flags, "all=")
	if !all || !slices.ContainsFunc(strings.Fields(list), func(f string) bool { return strings.HasPrefix(strings.TrimLeft(f, "-"), "trimpath") }) {
		return nil
	}
	return fault.New("ask its publisher for a build with go build -trimpath, which has the effect that was meant",
		"built with -gcflags=%s, which leaves the temporary directory of that one build in the fingerprint of runtime/cgo: no other build matches it", strings.Trim(strconv.Quote(flags), `"`))
}

// Platform returns the server's GOOS/GOARCH, and false where the build info
// does not hold it (Go 1.17 and older).
func (s *Server) Platform() (goos, goarch string, ok bool) {
	goos, goarch = s.Settings["GOOS"], s.Settings["GOARCH"]
	return goos, goarch, goos != "" && goarch != ""
}

// String prints a pin as its build-info line: "path version => path version".
func (p Pin) String() string {
	return p.Path + " " + p.Versions()
}

// Versions returns the selected version and, if there is one, the replacement, without the
// module's path: "v1.2.3 => example.com/fork v1.2.4".
func (p Pin) Versions() string {
	s := p.Version.Version
	if p.Replace.Path != "" {
		s += strings.TrimRight(fmt.Sprintf(" => %s %s", p.Replace.Path, p.Replace.Version), " ")
	}
	return s
}
