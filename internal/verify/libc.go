package verify

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/libc"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/pinner"
)

// A lack is a symbol, a library or the like that a plugin asks for and that, as far as is
// known, is not there in the server's process.
type lack struct {
	pinner.Symbol
	library bool // Name is one, or another thing that is no symbol
	sure    bool
	server  string // what the server has: "not in musl 1.2.3"
}

// lacking returns what the plugin lacks in the server's process. The loader looks for a
// symbol in all that is loaded: the libc, the libraries of both, and the server's program.
//
// Of a glibc server, the highest version decides what is in its libc ([tooNewFor]), so
// that here only symbols without a version count.
func lacking(server, plugin *pinner.Binary) []lack {
	if server == nil || plugin == nil || server.Libc() == "" || plugin.Libc() == "musl" && server.Libc() == "glibc" {
		return nil
	}
	musl := server.Libc() == "musl"
	compat := slices.Contains(server.Needed, "libgcompat.so.0") // Alpine's, with glibc's symbols
	var list []lack
	for _, lib := range plugin.Needed {
		if musl && OfLibc(lib) && !libc.Reserved(lib) {
			list = append(list, lack{Symbol: pinner.Symbol{Name: lib}, library: true, sure: !compat, server: "not in " + libcName(server)})
		}
	}
	if musl && plugin.IFuncs {
		list = append(list, lack{Symbol: pinner.Symbol{Name: "indirect functions"}, library: true, sure: true, server: "not in " + libcName(server)})
	}
	others := len(otherLibraries(plugin)) > 0 || len(otherLibraries(server)) > 0
	for _, s := range plugin.Asks {
		ofLibc := OfLibc(s.Library)
		if s.Version != "" && !ofLibc || slices.Contains(server.Exports, s.Name) {
			continue // of another library, or of the server's program
		}
		l := lack{Symbol: s, sure: server.Exports != nil || s.Version != ""}
		if !musl {
			if s.Version == "" && !others {
				l.server = "not there"
				list = append(list, l)
			}
			continue
		}
		switch has, sure, why := inMusl(server, s.Name); {
		case has:
		case why != "":
			l.sure, l.server = sure, why
			list = append(list, l)
		case s.Version == "" && others:
		default:
			l.sure, l.server = l.sure && !compat, "not in "+libcName(server)
			list = append(list, l)
		}
	}
	return list
}

// inMusl reports whether the server's musl has a symbol; where only some releases have it,
// why says which, and sure whether the server's is none of them.
func inMusl(server *pinner.Binary, symbol string) (has, sure bool, why string) {
	n, ok := libc.Musl(server.Arch, symbol)
	alpine := slices.ContainsFunc(server.Needed, func(lib string) bool { return strings.HasPrefix(lib, "libc.musl-") })
	switch {
	case !ok:
		return false, false, ""
	case n.Debian:
		return false, alpine, "only in Debian's musl"
	case n.Since == libc.Oldest:
		return true, false, ""
	case server.LibcRelease == "":
		return false, false, "only in musl " + n.Since + " and newer"
	case semver.Compare("v"+n.Since, "v"+server.LibcRelease) <= 0:
		return true, false, ""
	}
	return false, true, "not in " + libcName(server)
}

// otherLibraries are those that are none of the libc's.
func otherLibraries(b *pinner.Binary) []string {
	return slices.DeleteFunc(slices.Clone(b.Needed), OfLibc)
}

func libcName(b *pinner.Binary) string { return strings.TrimSpace(b.Libc() + " " + b.LibcRelease) }

// SymbolsToFind returns the names that the server's program may define, and that the
// verdict hangs on then: its Exports of them are to be set.
func SymbolsToFind(server, plugin *pinner.Server) []string {
	if server.Binary == nil || server.Binary.Exports != nil {
		return nil
	}
	return Lacking(server, plugin)
}

// Lacking returns the names of the symbols that the plugin lacks in the server.
func Lacking(server, plugin *pinner.Server) []string {
	var names []string
	for _, l := range lacking(server.Binary, plugin.Binary) {
		if !l.library {
			names = append(names, l.Name)
		}
	}
	return names
}

// AsksForLibc reports whether it would help to know which release of libc there is where
// the server runs ([pinner.Binary.LibcRelease]): the plugin needs another libc, a newer
// glibc than the server does, or a symbol that not every musl has.
func AsksForLibc(server, plugin *pinner.Server) bool {
	s, p := server.Binary, plugin.Binary
	if s == nil || p == nil || s.LibcRelease != "" || s.Libc() == "" || p.Libc() == "" {
		return false
	}
	if s.Libc() == "musl" && p.Asks != nil {
		return len(lacking(s, p)) > 0
	}
	return s.Libc() != p.Libc() || newerGlibc(p.Glibc, s.Glibc)
}

// AsksForCgo reports whether it would help to know which packages of the plugin have C
// code ([pinner.Binary.Cgo]): one of them asks for what is not there.
func AsksForCgo(server, plugin *pinner.Server) bool {
	return plugin.Binary != nil && plugin.Binary.Cgo == nil && len(lacking(server.Binary, plugin.Binary)) > 0
}

// TooOld reports whether the server's libc may be, or is, a glibc older than the plugin
// needs, and returns the release that would do for the server.
func TooOld(server, plugin *pinner.Server) (string, bool) {
	s, p := server.Binary, plugin.Binary
	if s == nil || p == nil || s.Libc() != "glibc" || p.Libc() != "glibc" {
		return "", false
	}
	release := s.LibcRelease
	if release == "" {
		release = s.Glibc
	}
	return release, release != "" && newerGlibc(p.Glibc, release)
}

// compareLibc returns what of the libc is another one or too old for the plugin. Two
// servers, which have no Asks, are compared by the names of their libcs.
func compareLibc(server, plugin *pinner.Binary) []setting {
	p, s := plugin.Libc(), server.Libc()
	one := func(what, p, s string) []setting { return []setting{{Libc, true, Difference{what, p, s}}} }
	switch {
	case p == "" || s == "":
		return nil
	case p != s && (s == "glibc" || plugin.Asks == nil):
		return one("libc", p, libcName(server))
	case p == s && tooNewFor(plugin, server):
		return one("glibc", plugin.Glibc+" or newer", server.LibcRelease)
	}
	var list []setting
	for _, l := range lacking(server, plugin) {
		if l.sure {
			list = append(list, setting{Libc, true, Difference{l.Name, l.asked(), l.server}})
		}
	}
	return list
}

// asked is what the plugin has of it.
func (l lack) asked() string {
	switch {
	case l.library:
		return "needed"
	case l.Version != "":
		return l.Version
	}
	return "needed"
}

// otherLibc reports whether server and plugin were linked against different libcs.
func (c *comparison) otherLibc() bool {
	p, s := c.plugin.Binary.Libc(), c.server.Binary.Libc()
	return p != "" && s != "" && p != s
}

// fixLibc is the one thing to do where the libc is not that of the plugin.
func (a advice) fixLibc() string {
	s, p := a.server.Binary, a.plugin.Binary
	if s.Libc() != "musl" || p.Libc() == "" || p.Asks == nil {
		return "build the plugin in an image with the server's libc, " + libcImage(s)
	}
	missing := lacking(s, p)
	var fortified, rest []string
	for _, l := range missing {
		if Fortified(l.Name) {
			fortified = append(fortified, l.Name)
		} else if l.sure {
			rest = append(rest, l.Name)
		}
	}
	compiler := "with a C compiler for " + libcName(s) + ", which pinfix build looks for (musl-gcc of Debian's musl-tools, x86_64-linux-musl-gcc and the like, zig)"
	switch {
	case len(fortified) == 0 && len(rest) == 0:
		return "build the plugin " + compiler
	case len(rest) == 0:
		return fmt.Sprintf("build it without fortify, by which %s asks for %s: CGO_CFLAGS=%s pinfix build (the fingerprints stay as they are); or %s",
			a.from(missing), some(fortified), shell.Quote(ccompiler.DefaultFlags+" "+ccompiler.NoFortify), compiler)
	}
	return fmt.Sprintf("%s asks for %s: build the plugin %s, or in an image with it, such as golang:alpine with gcc and musl-dev", a.from(missing), some(append(rest, fortified...)), compiler)
}

// Fortified reports whether a symbol is what glibc's headers make of a function with
// _FORTIFY_SOURCE.
func Fortified(name string) bool {
	return strings.HasPrefix(name, "__") && strings.HasSuffix(name, "_chk")
}

// from says which packages the symbols come from: by their objects where the build told,
// else those with C code.
func (a advice) from(missing []lack) string {
	var exact []string
	for _, l := range missing {
		for _, pkg := range l.From {
			if !slices.Contains(exact, pkg) {
				exact = append(exact, pkg)
			}
		}
	}
	if len(exact) > 0 {
		slices.Sort(exact)
		return "the C code of " + some(exact)
	}
	if all := append([]string{"runtime/cgo"}, a.plugin.Binary.Cgo...); len(all) > 1 {
		return "the C code of one of " + some(all)
	}
	return "the C code of runtime/cgo"
}

// newer says which symbols of the plugin's a release of glibc does not have, and how zig
// compiles for it.
func (a advice) newer(release string) string {
	var list []string
	for _, s := range a.plugin.Binary.Asks {
		if v, ok := strings.CutPrefix(s.Version, "GLIBC_"); ok && newerGlibc(v, release) {
			list = append(list, s.Name+" ("+v+")")
		}
	}
	goos, arch, _ := strings.Cut(platform(a.server), "/")
	if len(list) == 0 || goos != "linux" {
		return ""
	}
	zig := ccompiler.Want{GOOS: goos, GOARCH: arch, GOARM: a.server.Settings["GOARM"], Libc: "glibc", Release: release}.Zig()
	return fmt.Sprintf(", for %s; with zig installed, pinfix build compiles for the older one (CC=%s)", some(list), shell.Quote(zig))
}

// some are the first of a list, and how many more there are.
func some(list []string) string {
	const most = 6
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// warnLibc says what of the libc is not certain.
func (a advice) warnLibc(add func(format string, args ...any)) {
	p, s := a.plugin.Binary, a.server.Binary
	if p == nil || s == nil {
		return
	}
	if release, ok := TooOld(a.server, a.plugin); ok {
		switch what := a.newer(release); {
		case s.LibcRelease == "":
			add("the plugin needs glibc %s or newer, the server only %s: it loads only where the server runs with such a libc; build it on an older system if in doubt%s", p.Glibc, s.Glibc, what)
		case what != "":
			add("the plugin needs a newer glibc than %s%s", release, what)
		}
	}
	missing := lacking(s, p)
	var unsure []string
	for _, l := range missing {
		if !l.sure {
			unsure = append(unsure, l.Name+" ("+l.server+")")
		}
	}
	if len(unsure) > 0 {
		add("the plugin needs %s, and it is not known whether the server has it where it runs", some(unsure))
	}
	if a.otherLibc() && s.Libc() == "musl" && p.Asks != nil && len(missing) == 0 {
		add("the plugin's C code was compiled with glibc's headers: %s has all the %d symbols that it asks for, but its types need not be the same everywhere; a compiler for musl is safer", libcName(s), len(p.Asks))
	}
}
