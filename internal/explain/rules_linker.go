package explain

import (
	"strings"

	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/pattern"
)

// linkerRules: what the C compiler and the linkers say, whom go build calls for a
// plugin that holds C code.
var linkerRules = []rule{
	{
		key: "multiple definition of ", cause: UserCode,
		re:  pattern.New("(?:\\S*ld(?:\\.\\w+)?: )?(?:[^\\s:]+(?::[^\\s:]+)*: )*multiple definition of [`'‘\"](?P<sym>[^'’\"]+)['’\"](?:; (?P<first>[^\\s:]+)(?:[^\"]*first defined here)?)?"),
		why: "two C libraries or files of the plugin define {sym}; they are linked into one file",
		fix: "take one of the two out of the plugin: two Go packages that bring the same C library, or a function that is defined in a header or in a file with //export", alone: true, same: "sym",
	},
	{
		key: "duplicate symbol", cause: UserCode, // lld, Apple's ld
		re:  pattern.New("(?:\\S*ld(?:\\.\\w+)?: )?(?:error: )?duplicate symbol:? ['‘]?(?P<sym>[^\\s'’]+)['’]?"),
		why: "two C libraries or files of the plugin define {sym}; they are linked into one file",
		fix: "take one of the two out of the plugin: two Go packages that bring the same C library, or a function that is defined in a header", same: "sym",
	},
	{
		key: "unsupported dynamic relocation for symbol", cause: BuildContext,
		re:  pattern.New(`(?P<fn>\S+): unsupported dynamic relocation for symbol (?P<sym>\S+) \(type=[^"]*`),
		why: "the Go linker of this release cannot link that C code ({sym}) into a plugin on this platform",
		fix: fixRelocation, alone: true,
	},
	{
		key: "relocation", cause: BuildContext,
		re:  pattern.New(`(?P<fn>\S+): (?:unsupported|unhandled|unknown|unexpected|missing section for|not a supported) reloc(?:ation)?(?: type| for| target)? ?(?P<sym>\S*)[^"]*`),
		why: "the Go linker of this release cannot link that code into a plugin on this platform",
		fix: fixRelocation, alone: true,
	},
	{
		key: "file in wrong format", cause: Platform,
		re:  pattern.New(`(?:\S*ld(?:\.\w+)?: )?(?:(?P<file>[^\s:]+): )?(?:error adding symbols: )?file in wrong format`),
		why: "a C library or object file of the build is for another processor than the plugin",
		fix: "build with a C cross-compiler for the server's processor (CC), and with the libraries for it", alone: true,
	},
	{
		key: "skipping incompatible ", cause: Platform,
		re:  pattern.New(`(?:\S*ld(?:\.\w+)?: )?skipping incompatible (?P<file>\S+) when searching for -l?(?P<lib>\S+)`),
		why: "{file} is for another processor than the plugin",
		fix: "install {lib} for the server's processor, and build with a C cross-compiler for it (CC)", alone: true, same: "lib",
	},
	{
		key: "cannot find ", cause: BuildContext,
		re:  pattern.New(`(?:\S*ld(?:\.\w+)?: )?cannot find (?P<file>(?:\S*/)?(?:S?crt[1in]|gcrt1|crtbeginS?|crtendS?)\.o)(?:: No such file or directory)?`),
		why: "the C library's own start files ({file}) are not installed where the build runs",
		fix: "apt-get install libc6-dev (Debian, Ubuntu), apk add musl-dev (Alpine); for a cross-compiler, its own (Debian: libc6-dev-arm64-cross)", alone: true,
	},
	{
		key: "cannot find 'ld'", cause: BuildContext,
		re:  pattern.New(`(?:collect2|gcc|clang): (?:fatal )?error: cannot find 'ld'[^"]*`),
		why: "the linker that Go asks the C compiler for is not installed: on arm64 that is gold, until Go 1.24",
		fix: "apt-get install binutils (Debian 13 and newer: binutils-gold), apk add binutils-gold (Alpine)", alone: true,
	},
	{
		key: "invalid linker name in argument", cause: BuildContext,
		re:  pattern.New(`invalid linker name in (?:argument )?'?-fuse-ld=(?P<ld>[\w.]+)'?`),
		why: "the linker {ld}, which Go asks the C compiler for, is not installed",
		fix: "apt-get install binutils (for gold: binutils-gold), or lld; apk add binutils-gold (Alpine)", alone: true,
	},
	{
		key: "cannot execute ", cause: BuildContext,
		re:  pattern.New(`(?:gcc|g\+\+|cc|clang|c\+\+|[\w-]+-gcc): (?:fatal )?error: cannot execute ['‘](?P<cc>cc1(?:plus|obj)?|as|collect2)['’][^"]*`),
		why: "the C or C++ compiler is installed in part only: {cc} is missing",
		fix: "apt-get install gcc g++ (Debian, Ubuntu), apk add build-base (Alpine)", alone: true,
	},
	{
		key: "illed", cause: BuildContext,
		re:  pattern.New(`(?:\S*/(?:link|compile|cgo|gcc|cc1|ld|g\+\+): signal: killed|(?:gcc|cc|g\+\+): fatal error: Killed signal terminated program \S+|collect2: fatal error: ld terminated with signal 9 \[Killed\])`),
		why: "the system has ended the compiler or the linker, most likely because the memory was used up",
		fix: "give the build more memory (docker build: the machine's), or build less at once: go build -p 1", alone: true,
	},
	{
		key: "unable to find library -l", cause: BuildContext, // lld
		re:  pattern.New(`(?:\S*ld(?:\.\w+)?: )?error: unable to find library -l(?P<lib>\S+)`),
		why: "the library {lib} is not installed where the build runs",
		fix: "install its development package (lib{lib}-dev, on Alpine {lib}-dev)", alone: true,
	},
	{
		key: "ld: library ", cause: BuildContext, // Apple's ld
		re:  pattern.New(`ld: library (?:not found for -l(?P<lib>\S+)|'(?P<name>[^']+)' not found)`),
		why: "the library {lib}{name} is not installed where the build runs",
		fix: "install it (brew install), and name its directory: CGO_LDFLAGS=-L/opt/homebrew/lib", alone: true,
	},
	{
		key: "error: undefined symbol: ", cause: BuildContext, // lld
		re:  pattern.New(`(?:\S*ld(?:\.\w+)?: )?error: undefined symbol: (?P<sym>\S+)`),
		why: "no C library that the plugin is linked with holds {sym}",
		fix: "install the library and name it: CGO_LDFLAGS=-lNAME go build -buildmode=plugin", same: "sym",
	},
	{
		key: "Undefined symbols for architecture", cause: BuildContext, // Apple's ld
		re:  pattern.New(`Undefined symbols for architecture (?P<arch>[\w-]+):`),
		why: "no C library that the plugin is linked with holds the symbols below, for {arch}",
		fix: "install the library for that processor and name it: CGO_LDFLAGS=-lNAME go build -buildmode=plugin",
	},
	{
		key: ".h' file not found", cause: BuildContext, // clang
		re:  pattern.New(`(?P<where>\S+\.(?:go|c|h|cc|cpp|hpp|m):\d+:\d+): fatal error: '(?P<file>[^']+\.h)' file not found`),
		why: "the C header {file} is not installed where the build runs",
		fix: "install the development package that holds {file}", refine: refineHeader,
	},
}

const fixRelocation = "build with a newer patch release of the server's Go, if the server has it too, or with another C compiler or CGO_CFLAGS (gcc for clang, -O1, -fPIC, no -fno-plt)"

// refineMissingCompiler: what brings a compiler is known by its name.
func refineMissingCompiler(f *finder, m match, finding *Finding) bool {
	cc := m.group("cc")
	how, musl := ccompiler.Install(cc)
	switch {
	case how == "":
		return true
	case musl:
		finding.Why = "the build needs the C compiler " + cc + ", which compiles for musl (Alpine) and is not installed"
		how += "; or build in an image with musl, such as Alpine's"
	case strings.Count(cc, "-") >= 2:
		finding.Why = "the build for another processor needs the C cross-compiler " + cc + ", which is not installed"
		how += "; or build in an image for the server's processor"
	}
	finding.say(how)
	return true
}
