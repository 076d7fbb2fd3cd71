package explain

import "github.com/pinfix/pinfix/internal/pattern"

// toolRules: what the machine that builds lacks.
var toolRules = []rule{
	{
		key: "error obtaining VCS status", cause: BuildContext,
		re:  pattern.New(`error obtaining VCS status: [^"]*(?:"[^"]*"[^"]*)?`),
		why: "the plugin's folder is a git repository that git cannot read: it is not installed, or the folder has another owner",
		fix: "go build -buildvcs=false -buildmode=plugin",
	},
	{
		key: "C compiler", cause: BuildContext,
		re:  pattern.New(`cgo: C compiler "(?P<cc>[^"]*)" not found: exec: [^:]*: (?:executable file not found in [$%]PATH%?|no such file or directory)`),
		why: "plugins need a C compiler, and {cc} is not installed",
		fix: "apt-get install gcc libc6-dev (Debian, Ubuntu), apk add build-base (Alpine)", refine: refineMissingCompiler,
	},
	{
		key: "executable file not found in ", cause: BuildContext,
		re:  pattern.New(`exec: "(?P<cc>(?:[\w-]+-)?(?:gcc|cc|g\+\+|c\+\+|clang(?:\+\+)?|zig|pkg-config|git))": executable file not found in [$%]PATH%?`),
		why: "the build needs {cc}, which is not installed",
		fix: "apt-get install gcc libc6-dev git pkg-config (Debian, Ubuntu), apk add build-base git pkgconf (Alpine)", refine: refineMissingCompiler,
	},
	{
		key: ".h: No such file or directory", cause: BuildContext,
		re:  pattern.New(`(?P<where>\S+\.(?:go|c|h):\d+:\d+): fatal error: (?P<file>\S+\.h): No such file or directory`),
		why: "the C header {file} is not installed where the build runs",
		fix: "install the development package that holds {file}", refine: refineHeader,
	},
	{
		key: "cannot find -l", cause: BuildContext,
		re:  pattern.New(`(?:\S*ld(?:\.\w+)?: )?cannot find -l(?P<lib>[^\s:"]+)[^"]*`),
		why: "the library {lib} is not installed where the build runs",
		fix: "install its development package (lib{lib}-dev, on Alpine {lib}-dev)",
	},
	{
		key: "undefined reference to ", cause: BuildContext,
		re:  pattern.New("(?:\\S*ld(?:\\.\\w+)?: )?\\S+: undefined reference to [`'‘](?P<sym>[^'’\"]+)['’]"),
		why: "no C library that the plugin is linked with holds {sym}",
		fix: "install the library and name it: CGO_LDFLAGS=-lNAME go build -buildmode=plugin",
	},
	{
		key: "pkg-config search path", cause: BuildContext,
		re:  pattern.New(`Package (?P<lib>\S+) was not found in the pkg-config search path\.?`),
		why: "the library {lib} is not installed where the build runs",
		fix: "install its development package (lib{lib}-dev, on Alpine {lib}-dev)",
	},
	{
		key: ": not found", cause: BuildContext,
		re:  pattern.New(`(?:/bin/sh|sh): (?:\d+: |line \d+: )?go: not found`),
		why: "Go is not installed where the build runs, or not in PATH",
		fix: "build in an image with the server's Go, such as golang:VERSION; pinfix server --server SERVER shows the version",
	},
	{
		key: "go: command not found", cause: BuildContext,
		re:  pattern.New(`(?:line \d+: )?go: command not found`),
		why: "Go is not installed where the build runs, or not in PATH",
		fix: "build with the server's Go; pinfix server --server SERVER shows the version",
	},
	{
		key: "cannot find GOROOT", cause: BuildContext,
		re:  pattern.New(`(?:go: )?cannot find GOROOT directory: (?P<dir>\S+)`),
		why: "GOROOT names {dir}, where no Go is",
		fix: "unset GOROOT",
	},
	{
		key: "module cache not found", cause: BuildContext,
		re:  pattern.New(`(?:go: )?module cache not found: neither GOMODCACHE nor GOPATH is set`),
		why: "the build has no home directory for the module cache",
		fix: "set HOME, or GOMODCACHE=/go/pkg/mod",
	},
	{
		key: "GOCACHE", cause: BuildContext,
		re:  pattern.New(`build cache is (?:required, but could not be located|disabled by GOCACHE=off)[^"]*`),
		why: "the build has no place for its cache",
		fix: "set HOME, or GOCACHE=/tmp/go-build",
	},
	{
		key: "file not found in build context", cause: BuildContext,
		re:  pattern.New(`(?:COPY|ADD) failed: file not found in build context[^"]*?: stat (?P<file>[^\s":]+): [^"]*`),
		why: "{file} is not in the folder that docker build was given, or .dockerignore leaves it out",
		fix: "run docker build in the folder with {file}",
	},
	{
		key: "\": not found", cause: BuildContext,
		re:  pattern.New(`(?:failed to (?:compute cache key|calculate checksum)[^"]*)?"(?P<file>/?(?:[^"\s]*/)?(?:go\.mod|go\.sum|go\.work|vendor|[^"\s/]+\.(?:go|so)))": not found`),
		why: "{file} is not in the folder that docker build was given, or .dockerignore leaves it out",
		fix: "run docker build in the folder with {file}", same: "file",
	},
}

// refineHeader: the C library's own headers come with its package.
func refineHeader(f *finder, m match, finding *Finding) bool {
	switch m.group("file") {
	case "stdlib.h", "stdio.h", "string.h", "errno.h", "pthread.h", "signal.h", "stddef.h", "stdint.h", "limits.h", "sys/types.h":
		finding.say("apt-get install libc6-dev (Debian, Ubuntu), apk add musl-dev (Alpine)")
	}
	return true
}
