package explain

import (
	"path"
	"strings"

	"github.com/pinfix/pinfix/internal/libc"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/verify"
)

// dlRE is how an error of the system's loader begins: after plugin.Open, or
// with the name of a shared library.
const dlRE = `(?:plugin\.Open(?:\("(?P<so>[^"]*)"\))?: (?P<file>[^":]*): |(?P<lib>[^\s":]+\.so): )`

// libraryRules: what the system's loader says (dlopen of glibc, musl, macOS).
var libraryRules = []rule{
	{
		key: "invalid ELF header", cause: Platform,
		re:  pattern.New(dlRE + `invalid ELF header`),
		why: "the file is not for the server's system: it was built for another one (macOS, Windows), or is not a plugin at all (a Git LFS pointer, a web page)",
		do:  buildThere, refine: refineLibrary,
	},
	{
		key: "wrong ELF class", cause: Platform,
		re:  pattern.New(dlRE + `wrong ELF class: (?P<class>\w+)`),
		why: "the plugin was built for another processor than the server: {class}",
		do:  buildThere, refine: refineLibrary,
	},
	{
		key: "ELF", cause: Platform,
		re:  pattern.New(dlRE + `ELF (?:file|load)[^"]*`),
		why: "the plugin was built for another processor or system than the server",
		do:  buildThere, refine: refineLibrary,
	},
	{
		key: "error while loading shared libraries", cause: Libc, libc: "glibc",
		re:  pattern.New(`error while loading shared libraries: (?P<lib>[^\s:]+): [^"]*`),
		why: "the program needs the library {lib}, which its system does not have",
		do:  useImage, refine: refineProgram,
	},
	{
		key: "cannot open shared object file: No such file", cause: Platform, libc: "glibc",
		re:  pattern.New(`(?:` + openRE + `(?P<file>[^":]*)|(?P<lib>[^\s":]+\.so[.\d]*)): cannot open shared object file: No such file or directory`),
		why: "the file is there, but built for another processor than the server (the loader skips it)",
		do:  buildThere, refine: refineMissing,
	},
	{
		key: "Error loading shared library", cause: Libc, libc: "musl", // musl
		re:  pattern.New(openRE + `?Error loading shared library (?P<lib>[^\s:]+): [^"(]*(?:\(needed by (?P<file>[^)"]+)\))?`),
		why: "{lib} is not there: the plugin was built for another C library (for glibc, and this is musl, as in Alpine), or in an image with more libraries",
		do:  otherLibc, refine: refineMuslMissing,
	},
	{
		key: "symbol not found", cause: Libc, libc: "musl", // musl
		re:  pattern.New(openRE + `?Error relocating (?P<lib>[^":]+): (?P<sym>[^\s":]+): symbol not found`),
		why: "the plugin was built for another C library than the server's: {sym} is from glibc, and this is musl (Alpine)",
		do:  otherLibc, refine: refineRelocating,
	},
	{
		key: "unsupported relocation type", cause: Libc, libc: "musl", // musl
		re:  pattern.New(openRE + `?Error relocating (?P<lib>[^":]+): unsupported relocation type \d+`),
		why: "C code in the plugin was compiled for glibc with functions that are chosen when it is loaded (target_clones, ifunc), which musl (Alpine) does not support",
		do:  otherLibc, refine: refineLibrary,
	},
	{
		key: "initial-exec TLS", cause: Libc, libc: "musl",
		re:  pattern.New(openRE + `?Error relocating (?P<lib>[^":]+): (?P<sym>[^\s":]*): initial-exec TLS resolves to dynamic definition[^"]*`),
		why: "musl (Alpine) refuses this kind of thread-local storage: the plugin was built with -buildmode=c-shared, or for another C library",
		do:  otherLibc, refine: refineLibrary,
	},
	{
		key: "' not found (required by", cause: Libc, libc: "glibc",
		re:  pattern.New(openRE + "?[^\\s\"]+: version `(?P<version>[^']+)' not found \\(required by (?P<lib>[^)]+)\\)"),
		why: "the plugin (or the server) was built on a system with a newer C library than the one it runs on: it needs {version}",
		do:  otherLibc, refine: refineLibrary,
	},
	{
		key: "undefined symbol", cause: Libc, libc: "glibc",
		re:  pattern.New(`(?:` + openRE + `(?P<file>[^":]*)|[^\s":]+\.so|symbol lookup error: [^\s":]+): undefined symbol: (?P<sym>[^\s",]+)`),
		why: "the plugin needs {sym}, which no C library that the server has loaded holds",
		do:  otherLibc, refine: refineSymbol,
	},
	{
		key: "static TLS block", cause: Libc, libc: "glibc",
		re:  pattern.New(dlRE + `cannot allocate memory in static TLS block`),
		why: "a C library that the plugin brings needs more thread-local storage than the server's C library keeps free",
		do:  otherLibc, refine: refineLibrary,
	},
	{
		key: "cannot dynamically load", cause: Flags,
		re:  pattern.New(dlRE + `cannot dynamically load (?:position-independent )?executable`),
		why: "the file is a program, not a plugin: it was built without -buildmode=plugin",
		fix: "go build -buildmode=plugin",
	},
	{
		key: "file too short", cause: BuildContext,
		re:  pattern.New(dlRE + `file too short`),
		why: "the file is empty or cut short: the build or the copy of the plugin failed, or it is a Git LFS pointer",
		fix: "copy the plugin to the server again, whole", refine: refineLibrary,
	},
	{
		key: "cannot read file data", cause: BuildContext,
		re:  pattern.New(dlRE + `cannot read file data: (?P<what>[^"]+)`),
		why: "the server cannot read the plugin: {what}",
		fix: "give the server the plugin as a plain file", refine: refineLibrary,
	},
	{
		key: "Permission denied", cause: BuildContext,
		re:  pattern.New(dlRE + `cannot open shared object file: Permission denied`),
		why: "the server's user may not read the plugin",
		fix: "chmod a+rx on the plugin and its directory", refine: refineLibrary,
	},
	{
		key: "failed to map segment", cause: BuildContext,
		re:  pattern.New(dlRE + `failed to map segment from shared object[^"]*`),
		why: "the system does not run code from the plugin's file: the directory is mounted noexec, or the file is cut short",
		fix: "copy the plugin, whole, to a directory that is not mounted noexec", refine: refineLibrary,
	},
	{
		key: "mach-o", cause: Platform, // macOS
		re:  pattern.New(`(?:` + openRE + `dlopen\([^"]*?|\.so'? )\(?(?:mach-o(?: file)?, but[^"]*?(?:\(have '(?P<have>[^']+)', need '(?P<need>[^']+)'\)|wrong architecture)|not a mach-o file|slice is not valid mach-o file)`),
		why: "the plugin was built for another processor or system than the server (have {have}, need {need})",
		do:  buildThere, refine: refineMachO,
	},
	{
		key: "no suitable image found", cause: Platform,
		re:  pattern.New(openRE + `dlopen\([^"]*?no suitable image found[^"]*`),
		why: "the plugin was built for another processor or system than the server",
		do:  buildThere, more: pattern.New(`^/\S+: `),
	},
	{
		key: "ASan runtime does not come first", cause: Flags,
		re:  pattern.New(`ASan runtime does not come first in initial library list`),
		why: "the plugin was built with -asan, and the server was not",
		do:  build,
	},
}

// refineMissing: the loader says "no such file" of the plugin itself, which
// plugin.Open has just found, when its processor is another one; of any other
// file because it is not there. What it looks for in its directories is a
// library's name; a plugin is always a path.
func refineMissing(f *finder, m match, finding *Finding) bool {
	file, opened := m.group("file"), m.group("so") != ""
	lib := file == ""
	if lib {
		file = m.group("lib")
	}
	switch {
	case !refineLibrary(f, m, finding), lib && m.at[0] > 0 && !strings.Contains(strings.ToLower(m.text), "plugin") && !strings.Contains(m.text, "dlopen: "):
		return false // any program may lack a library
	case !strings.Contains(file, "/"), strings.HasPrefix(path.Base(file), "lib") && opened && path.Base(file) != path.Base(m.group("so")):
		*finding = missingLibrary(*finding, file)
	case lib:
		// A program in C that calls dlopen itself does not look for the file first.
		finding.Cause, finding.Why = BuildContext, "there is no file "+file+" where the server looks for it, or it was built for another processor"
		finding.say("copy the plugin to " + file + ", as the server (in its container) sees it")
	}
	return true
}

// refineMuslMissing: musl says the same of a library that no C library comes with.
func refineMuslMissing(f *finder, m match, finding *Finding) bool {
	if lib := m.group("lib"); !strings.Contains(lib, "/") && !verify.OfLibc(lib) {
		*finding = missingLibrary(*finding, lib)
	}
	return refineLibrary(f, m, finding)
}

// missingLibrary is the answer about a library that a plugin needs and that is
// not there.
func missingLibrary(finding Finding, lib string) Finding {
	name, _, _ := strings.Cut(path.Base(lib), ".so")
	finding.Cause = Libc
	switch {
	case strings.HasPrefix(name, "libc.musl-"), strings.HasPrefix(name, "ld-musl-"):
		finding.Why = "the plugin was built for musl (Alpine), the server runs on glibc"
		finding.do(otherLibc)
	case verify.OfLibc(lib):
		finding.Why = "the plugin was built for glibc, and the server's system has another C library"
		finding.do(otherLibc)
	default:
		finding.Library = lib
		finding.Why = "the file of the plugin is there, but it needs the library " + lib + ", which the server's system does not have"
		finding.say("install the package that holds " + lib + " where the server runs (in its image), or link it into the plugin: #cgo LDFLAGS: -l:" + name + ".a")
	}
	return finding
}

// refineProgram: a program lacks its libc, or another library.
func refineProgram(f *finder, m match, finding *Finding) bool {
	if lib := m.group("lib"); !verify.OfLibc(lib) {
		finding.Library = lib
	}
	return true
}

// refineRelocating: glibc's own symbols begin with two underscores, and those that its
// headers make of functions with _FORTIFY_SOURCE end in _chk; some of musl's are new.
func refineRelocating(f *finder, m match, finding *Finding) bool {
	sym := m.group("sym")
	name, known := libc.Musl("amd64", sym)
	switch {
	case verify.Fortified(sym):
		finding.Why = "C code in the plugin was compiled with fortify (_FORTIFY_SOURCE, which some systems switch on): it uses " + sym + ", which glibc has and musl (Alpine) does not"
		finding.do(unfortify)
	case known && name.Since != libc.Oldest:
		finding.Why = "the plugin needs " + sym + ", which musl has from " + name.Since + " on, and the server's is older"
	case !strings.HasPrefix(sym, "__"):
		finding.Why = "the plugin needs " + sym + ", which no C library that the server has loaded holds"
	}
	return refineLibrary(f, m, finding)
}

// refineSymbol tells Go's symbols from those of C libraries.
func refineSymbol(f *finder, m match, finding *Finding) bool {
	sym := m.group("sym")
	if strings.Contains(sym, "@") || !strings.ContainsAny(sym, ".:/") {
		return refineLibrary(f, m, finding)
	}
	finding.Cause = ToolchainOrFlags
	finding.do(build)
	finding.Why = "the plugin needs " + sym + ", a symbol of Go's that the server does not have: another Go release or other flags"
	return true
}

func refineMachO(f *finder, m match, finding *Finding) bool {
	if m.group("have") == "" {
		finding.Why = "the plugin was built for another processor or system than the server"
	}
	return refineLibrary(f, m, finding)
}
