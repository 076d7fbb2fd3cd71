package recipe

import (
	"fmt"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/pinner"
)

// Image says how to build in a container what this machine need not be able to
// build.
type Image struct {
	Server  *pinner.Server
	Version string // of pinfix; one that no one can install stands for the latest
	Package string // "." or "./x"
	Out     string // file name
	Profile string // file of --pgo, seen from the module root; "" for none
}

// Dockerfile returns a multi-stage Dockerfile that takes the server program out
// of the user's image, pins the plugin to it and builds it.
func Dockerfile(im Image) string {
	platform := ""
	if goos, goarch, ok := im.Server.Platform(); ok && goos == "linux" {
		platform = fmt.Sprintf("--platform=%s/%s ", goos, goarch)
	}
	version := im.Version
	if version == "" || module.CanonicalVersion(version) != version {
		version = "latest"
	}
	build := []string{"pinfix", "build", "-s", "./server.bin"}
	if im.Profile != "" {
		build = append(build, "--pgo", im.Profile)
	}
	build = append(build, "-o", im.Out, im.Package)
	for i, w := range build {
		build[i] = shell.Quote(w)
	}
	return fmt.Sprintf(`# docker build --build-arg SERVER_IMAGE=... --build-arg SERVER=/path/in/it -o . .
# puts %[6]s here. SERVER_IMAGE holds the server program, SERVER is its path.
ARG SERVER_IMAGE
FROM %[1]s${SERVER_IMAGE} AS server

FROM %[1]sgolang:1 AS pinfix
RUN CGO_ENABLED=0 go install github.com/pinfix/pinfix/cmd/pinfix@%[2]s

FROM %[1]s%[3]s AS build
%[4]sCOPY --from=pinfix /go/bin/pinfix /usr/local/bin/
ARG SERVER
WORKDIR /plugin
COPY --from=server ${SERVER} ./server.bin
COPY . .
RUN pinfix apply -s ./server.bin
RUN %[5]s

FROM scratch
COPY --from=build %[7]s
`, platform, version, BaseImage(im.Server), packages(im.Server), strings.Join(build, " "), im.Out, copied(im.Out))
}

// BaseImage is an official image of the server's Go release, and of the Debian
// or Alpine that goes with its libc. A plugin must not need a newer glibc than
// the server's image has: of the Debian releases, the oldest that golang images
// of that time have.
func BaseImage(s *pinner.Server) string {
	tag := "golang:" + s.GoVersion()
	if s.Binary.Libc() == "musl" {
		return tag + "-alpine"
	}
	minor := 0
	fmt.Sscanf(s.GoVersion(), "1.%d", &minor) // 0 for what is no number
	if minor < 24 {
		return tag + "-bullseye"
	}
	return tag + "-bookworm"
}

// copied are the operands of COPY; a name that the plain form would take apart
// goes into the other one.
func copied(out string) string {
	if shell.Plain(out) {
		return "/plugin/" + out + " /"
	}
	return fmt.Sprintf("[%q, \"/\"]", "/plugin/"+out)
}

// packages is the step that installs a C compiler; "" where the image has one.
func packages(s *pinner.Server) string {
	if s.Binary.Libc() == "musl" {
		return "RUN apk add --no-cache gcc musl-dev binutils-gold\n"
	}
	return ""
}
