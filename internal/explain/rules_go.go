package explain

import (
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// goRules: what the go command says of Go releases and build settings.
var goRules = []rule{
	{
		key: "listed in go.work file requires go", cause: BuildContext,
		re:  pattern.New(`(?:go: )?module \S+ listed in go\.work file requires go >= [^"]*`),
		why: "a go.work next to or above the plugin takes part in the build", do: leaveWork,
	},
	{
		key: "requires go >=", cause: GoVersion, kind: goLine,
		re:  pattern.New(`(?:go: )?(?P<who>(?:module )?\S+?)(?: \([^)]*\))? requires go >= (?P<go>\d[\w.]*)(?: \(running go (?P<run>[\w.]+)(?:; GOTOOLCHAIN=\S+?)?\))?`),
		why: "{who} asks for Go {go}, but the build runs Go {run}", do: apply,
		refine: refineGoLine,
	},
	{
		key: "invalid go version", cause: GoVersion, kind: goLine,
		re:  pattern.New(`(?:\S*go\.mod:\d+(?::\d+)?: )?invalid go version '(?P<go>[^']+)': must match format [\d.]+`),
		why: "the go line of go.mod is written for a newer Go than the build runs", do: apply,
	},
	{
		key: "unknown directive: ", cause: GoVersion, kind: goLine,
		re:  pattern.New(`\S*go\.mod:\d+(?::\d+)?: unknown directive: (?P<directive>toolchain|godebug|tool|ignore|retract)\b`),
		why: "the Go of the build does not know the directive {directive} of go.mod; a newer one does", do: apply,
	},
	{
		key: "cannot compile Go ", cause: GoVersion, kind: goLine,
		re:  pattern.New(`(?:` + pkgRE + `: )?cannot compile Go (?P<go>\d[\w.]*) code`),
		why: "the module's go line asks for Go {go}, which the build does not run", do: apply,
	},
	{
		key: "module requires Go ", cause: GoVersion, kind: goLine,
		re:  pattern.New(`note: module requires Go (?P<go>\d[\w.]*)`),
		why: "a module's go line asks for Go {go}, and the build runs an older one", do: apply,
	},
	{
		key: "a module that requires go ", cause: GoVersion, kind: goLine,
		re:  pattern.New(`note: imported by a module that requires go (?P<go>\d[\w.]*)`),
		why: "a module's go line asks for Go {go}, and the build runs an older one", do: apply,
	},
	{
		key: "requires newer Go version", cause: GoVersion, kind: goLine,
		re:  pattern.New(`package requires newer Go version go(?P<go>\d[\w.]*) \(application built with go(?P<run>\d[\w.]*)\)`),
		why: "the source asks for Go {go}, but the tool was built with Go {run}",
		do:  apply, fix: "install the tool again, built with Go {go} or newer; for a server of an older Go: pinfix apply --server SERVER",
	},
	{
		key: "or later (-lang was set to", cause: GoVersion, kind: goLine,
		re:  pattern.New(posRE + `?[^"]*? requires go(?P<go>\d[\w.]*) or later \(-lang was set to go(?P<lang>[\d.]+); [^)"]*\)`),
		why: "the source uses what Go {go} brought, and the go line of its go.mod says {lang}",
		fix: "go mod edit -go={go}, in the module of that file; the server's Go must be that new",
	},
	{
		key: "does not match go tool version", cause: GoVersion, kind: goLine,
		re:  pattern.New(`\w+: version "go(?P<run>[^"]+)" does not match go tool version "go(?P<go>[^"]+)"`),
		why: "two Go installations are mixed up in one build: {go} and {run}",
		fix: "unset GOROOT GOTOOLDIR, then build again",
	},
	{
		key: "object is [", cause: GoVersion,
		re:  pattern.New(`[^"]*\bobject is \[[^\]"]*\] expected \[[^\]"]*\]`),
		why: "the build found packages compiled by another Go release",
		fix: "go clean -cache, then build again",
	},
	{
		key: "go: download go1", cause: GoVersion, kind: goLine,
		re:  pattern.New(`go: download go(?P<go>\d[\w.]*)(?: for \S+)?: [^"]*`),
		why: "go.mod (or GOTOOLCHAIN) asks for Go {go}, which could not be fetched", do: apply,
	},
	{
		key: "go: cannot find \"go1", cause: GoVersion, kind: goLine,
		re:  pattern.New(`go: cannot find "go(?P<go>\d[\w.]*)" in (?:\$?PATH|%PATH%)`),
		why: "GOTOOLCHAIN asks for Go {go}, which is not installed", do: build,
	},
	{
		key: "invalid GOTOOLCHAIN", cause: GoVersion,
		re:  pattern.New(`invalid GOTOOLCHAIN "(?P<go>[^"]*)"`),
		why: "GOTOOLCHAIN={go} is not a Go release", do: build,
	},
	{
		key: "maximum supported Go version", cause: GoVersion, kind: goLine,
		re:  pattern.New(`invalid value "(?P<go>[^"]*)" for flag -go: maximum supported Go version is (?P<run>\d[\w.]*)`),
		why: "Go {run} cannot write a go line of {go}", do: apply,
	},
	{
		key: "unknown GOEXPERIMENT", cause: GoVersion,
		re:  pattern.New(`unknown GOEXPERIMENT (?P<what>\S+)`),
		why: "the Go of the build does not know the experiment {what}; it is not the server's Go", do: build,
	},
	{
		key: "flag provided but not defined: -", cause: GoVersion,
		re:  pattern.New(`flag provided but not defined: -(?P<flag>trimpath|mod|modfile|overlay|buildvcs|pgo|asan|coverpkg|C)\b`),
		why: "the Go of the build is too old for -{flag}", do: build,
	},
	{
		key: "but cgo is not enabled", cause: Flags,
		re:  pattern.New(`(?:-\w+=)?\S+ requires external \(cgo\) linking, but cgo is not enabled`),
		why: "plugins need cgo; it is off with CGO_ENABLED=0, without a C compiler, and when building for another platform",
		do:  switchCgoOn,
	},
	{
		key: "requires cgo; enable cgo", cause: Flags,
		re:  pattern.New(`(?:go: )?-(?P<flag>race|msan|asan) requires cgo; enable cgo by setting CGO_ENABLED=1`),
		why: "-{flag} needs cgo, and so do plugins",
		do:  switchCgoOn, fix: "CGO_ENABLED=1 go build -buildmode=plugin -{flag}",
	},
	{
		key: "unrecognized argument to '-fsanitize='", cause: Flags,
		re:  pattern.New(`(?:gcc|cc|clang): error: unrecognized argument to '-fsanitize=' option: '(?P<what>\w+)'`),
		why: "the C compiler cannot do what the build flag (-msan, -asan) asks for: {what}",
		fix: "CC=clang go build -buildmode=plugin, or build without the flag if the server was",
	},
	{
		key: "internal linking requested", cause: Flags,
		re:  pattern.New(`internal linking requested but external linking required[^"]*`),
		why: "plugins are linked by the C compiler; -linkmode=internal forbids it",
		fix: "build without -ldflags=-linkmode=internal",
	},
	{
		key: "making a shared object", cause: Flags,
		re:  pattern.New(`(?:\S+: )?relocation \S+ against [^"]* (?:when making a shared object|recompile with -fPIC)[^"]*`),
		why: "what is linked into the plugin was not built for a shared object: -static, or a C library without -fPIC",
		fix: "build without -static, and with C libraries compiled by -fPIC",
	},
	{
		key: "invalid flag in #cgo", cause: Flags,
		re:  pattern.New(`(?:` + pkgRE + `: )?invalid flag in #cgo (?P<where>\w+): (?P<flag>\S+)`),
		why: "the go command does not let source files pass {flag} to the C compiler",
		fix: "CGO_{where}_ALLOW='{flag}' go build -buildmode=plugin",
	},
	{
		key: "(can be '', 'mod', 'readonly', or 'vendor')", cause: Flags,
		re:  pattern.New(`-mod=\S* not supported \(can be '', 'mod', 'readonly', or 'vendor'\)`),
		why: "-mod has a value that Go does not know, on the command line or in GOFLAGS",
		fix: "go env -u GOFLAGS, and build without that -mod",
	},
	{
		key: "parsing $GOFLAGS", cause: Flags,
		re:  pattern.New(`go: parsing \$GOFLAGS: [^"]*|parsing go env -w GOFLAGS: [^"]*`),
		why: "GOFLAGS holds something that is not a flag",
		fix: "go env -u GOFLAGS; unset GOFLAGS",
	},
	{
		key: "-buildmode=plugin not supported on ", cause: Platform,
		re:  pattern.New(`-buildmode=plugin not supported on (?P<platform>\w+/\w+)`),
		why: "Go cannot build plugins for {platform}",
		fix: "build for the server's platform, for example with GOOS=linux in a container",
	},
	{
		key: " is not supported on ", cause: Platform,
		re:  pattern.New(`(?:go: )?-(?P<flag>race|msan|asan) is not supported on (?P<platform>\w+/\w+)`),
		why: "Go has no -{flag} for {platform}", do: buildThere,
	},
	{
		key: "Error: no such instruction", cause: Platform,
		re:   pattern.New(`gcc_(?P<arch>\w+)\.S:\d+: Error: no such instruction[^"]*`),
		why:  "the C compiler is for another processor than the plugin ({arch})",
		fix:  "set CC to a C compiler for {arch}, such as aarch64-linux-gnu-gcc, or build on such a machine",
		more: pattern.New(`^gcc_\w+\.S:\d+: `),
	},
	{
		key: "unrecognized command", cause: Platform,
		re:  pattern.New(`(?:gcc|cc|clang): error: unrecognized command[- ]line option [‘'](?P<flag>-m\w+)[’'][^"]*`),
		why: "the C compiler is for another processor than the plugin: it does not know {flag}",
		fix: "set CC to a C compiler for the server's processor, or build on such a machine",
	},
	{
		key: "build constraints exclude all Go files in ", cause: Tags,
		re:  pattern.New(`(?:(?:imports |package )` + pkgRE + `: )?build constraints exclude all Go files in (?P<dir>[^\s":]+)`),
		why: "no file of {pkg} is for this platform, these -tags and CGO_ENABLED",
		do:  build, refine: refineConstraints,
	},
}

// directiveSince are the releases of Go from which on go.mod has a directive.
var directiveSince = map[string]string{"retract": "1.16", "toolchain": "1.21", "godebug": "1.23", "tool": "1.24", "ignore": "1.25"}

// refineGoLine: without the release that runs there is less to say.
func refineGoLine(f *finder, m match, finding *Finding) bool {
	if m.group("run") == "" {
		finding.Why = m.group("who") + " asks for Go " + m.group("go") + ", and the build runs an older one"
	}
	if mod, _, ok := strings.Cut(m.group("who"), "@v"); ok {
		finding.Package = mod
	}
	return true
}

// refineConstraints: an older Go holds back what a newer one has.
func refineConstraints(f *finder, m match, finding *Finding) bool {
	pkg := finding.Package
	switch {
	case pkg == "":
		finding.Why = "no file in " + m.group("dir") + " is for this platform, these -tags and CGO_ENABLED"
	case stdSince[pkg] != "" && strings.HasSuffix(m.group("dir"), "/src/"+pkg):
		finding.Cause, finding.kind = GoVersion, goLine
		finding.Why, finding.needs = pkg+" came with Go "+stdSince[pkg]+"; the build runs an older one", stdSince[pkg]
		finding.do(apply)
	}
	return true
}
