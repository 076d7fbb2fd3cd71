// Package ccompiler chooses the C compiler of a plugin, from those that the machine
// has, for the server's processor and its libc. It is pure: the caller tells [Choose]
// what is in PATH.
package ccompiler

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// A Want is what is to be compiled for.
type Want struct {
	GOOS, GOARCH string // "" for this machine
	GOARM        string // "7", "5,hardfloat"; "" for what Go takes
	Libc         string // "musl" or "glibc"; "" where it is not known
	Release      string // of that glibc, which must be enough, "2.31"; "" for any
	CXX          bool   // there is C++, too
}

// A Host is the machine that compiles.
type Host struct {
	GOOS, GOARCH string
	Libc         string // of its own programs; "" where it is not known
	Given        string // the user's CC; "" for none
	Default      string // Go's own, "gcc" or "clang"
	CFLAGS       string // the user's CGO_CFLAGS, or Go's own
	CXXFLAGS     string

	// Has reports whether the program of a CC value is in PATH.
	Has func(cc string) bool
}

// A Choice is a compiler. "" leaves the user's variable, or Go's own, as it is.
type Choice struct {
	CC, CXX          string
	CFLAGS, CXXFLAGS string // of cgo
	Libc             string // what it compiles for: [Want.Libc], or glibc in place of musl

	// Say is for the user: what was chosen for a reason; "" where there is no choice.
	Say string
}

// Env returns the variables of the go command that go with CC.
func (c Choice) Env() []string {
	var env []string
	for _, kv := range [][2]string{{"CGO_CFLAGS", c.CFLAGS}, {"CGO_CXXFLAGS", c.CXXFLAGS}, {"CXX", c.CXX}} {
		if kv[1] != "" {
			env = append(env, kv[0]+"="+kv[1])
		}
	}
	return env
}

// A MissingError says that no compiler is there, and what to install.
type MissingError struct{ What, Next string }

func (e *MissingError) Error() string { return e.What }

// NextStep says what the user can do.
func (e *MissingError) NextStep() string { return e.Next }

// NoFortify is the flag with which glibc's headers name only functions that other libcs
// have too: no __printf_chk for printf.
const NoFortify = "-U_FORTIFY_SOURCE"

// DefaultFlags are Go's own CGO_CFLAGS (cmd/go/internal/cfg).
const DefaultFlags = "-O2 -g"

// Choose returns the compiler for w on h. The user's own choice is left alone; then come
// the machine's compiler, if it is for that libc and processor, a cross-compiler by the
// names that Debian, Alpine and musl-cross-make have, and zig. For musl, glibc's compiler
// is the last resort: musl loads what it compiles if it has all the symbols. The error is
// a [*MissingError].
func Choose(w Want, h Host) (Choice, error) {
	if h.Given != "" {
		if !h.Has(h.Given) {
			return Choice{}, noCompiler(h.Given)
		}
		c := Choice{}
		if w.Libc == "musl" || !w.native(h) {
			c.Say = "C is compiled with " + h.Given + ", the CC that is given, for a server on " + w.String()
		}
		return c, nil
	}
	if !w.native(h) && w.GOOS != "linux" || !w.native(h) && cpus[w.GOARCH].name == "" {
		return Choice{}, &MissingError{w.differs(h), fmt.Sprintf("build on a machine for %s/%s, or name a C cross-compiler in CC", w.GOOS, w.GOARCH)}
	}
	for _, c := range w.compilers(h) {
		if w.usable(c, h) {
			return c, nil
		}
	}
	return Choice{}, w.missing(h)
}

// usable reports whether c is there, with a C++ compiler if that is needed.
func (w Want) usable(c Choice, h Host) bool {
	cc, cxx := c.CC, c.CXX
	if cc == "" {
		cc = h.Default
	}
	if !h.Has(cc) {
		return false
	}
	return !w.CXX || c.CC == "" || cxx != "" && h.Has(cxx)
}

func (w Want) native(h Host) bool {
	return w.GOOS == "" || w.GOOS == h.GOOS && (w.GOARCH == h.GOARCH || w.GOOS == "darwin") // Apple's clang builds for both
}

// String names the platform and libc.
func (w Want) String() string {
	s := w.GOOS + "/" + w.GOARCH
	if w.GOOS == "" {
		s = "this platform"
	}
	if w.Libc == "" {
		return s
	}
	return strings.TrimSpace(w.Libc+" "+w.Release) + ", " + s
}

func (w Want) differs(h Host) string {
	return fmt.Sprintf("the server is for %s/%s and this machine is %s/%s", w.GOOS, w.GOARCH, h.GOOS, h.GOARCH)
}

// A cpu is a GOARCH in the names of C compilers.
type cpu struct{ name, zig string }

var cpus = map[string]cpu{
	"386":     {"i686", "x86"},
	"amd64":   {"x86_64", "x86_64"},
	"arm":     {"arm", "arm"},
	"arm64":   {"aarch64", "aarch64"},
	"loong64": {"loongarch64", "loongarch64"},
	"ppc64le": {"powerpc64le", "powerpc64le"},
	"riscv64": {"riscv64", "riscv64"},
	"s390x":   {"s390x", "s390x"},
}

// abi is what an ARM compiler's name says of floating point.
func (w Want) abi() string {
	switch {
	case w.GOARCH != "arm":
		return ""
	case strings.HasSuffix(w.GOARM, ",softfloat"), strings.HasPrefix(w.GOARM, "5") && !strings.HasSuffix(w.GOARM, ",hardfloat"):
		return "eabi" // Debian's armel
	}
	return "eabihf"
}

// gnu is the compiler's prefix that Debian and most others have for glibc.
func (w Want) gnu() string { return cpus[w.GOARCH].name + "-linux-gnu" + w.abi() }

// musl are the prefixes of musl-cross-make (musl.cc) and Alpine.
func (w Want) musl() []string {
	names := []string{cpus[w.GOARCH].name}
	switch {
	case w.GOARCH == "386":
		names = append(names, "i586", "i486")
	case w.GOARCH == "arm" && w.abi() == "eabihf" && !strings.HasPrefix(w.GOARM, "6"):
		names = []string{"armv7l", "armv7", "arm", "armv6"}
	case w.GOARCH == "arm" && w.abi() == "eabihf":
		names = []string{"armv6", "arm"} // what is for ARMv7 does not run there
	}
	var list []string
	for _, n := range names {
		list = append(list, n+"-linux-musl"+w.abi(), n+"-alpine-linux-musl"+w.abi())
	}
	return list
}

// Zig is the value of CC for zig, which has the headers of every libc.
func (w Want) Zig() string { return w.zig("cc", w.Libc) }

func (w Want) zig(sub, libc string) string {
	kind := "gnu"
	if libc == "musl" {
		kind = "musl"
	}
	target := cpus[w.GOARCH].zig + "-linux-" + kind + w.abi()
	if libc == "glibc" && strings.Trim(w.Release, "0123456789") == "." { // it comes from the server's file
		target += "." + w.Release
	}
	return "zig " + sub + " -target " + target
}

// compilers are what would do, the best first.
func (w Want) compilers(h Host) []Choice {
	native := w.native(h)
	if native && h.GOOS != "linux" {
		return []Choice{{Libc: w.Libc}}
	}
	if w.GOOS == "" {
		w.GOOS, w.GOARCH = h.GOOS, h.GOARCH
	}
	gcc := func(prefix, libc, say string) Choice {
		return Choice{CC: prefix + "-gcc", CXX: h.there(prefix+"-g++", w.CXX), Libc: libc, Say: say}
	}
	zig := func() Choice {
		cc := w.Zig()
		return Choice{CC: cc, CXX: w.zig("c++", w.Libc), Libc: w.Libc, Say: "C is compiled with " + cc + ", for a server on " + w.String()}
	}
	var list []Choice
	if w.Libc == "musl" {
		said := func(c Choice) Choice {
			c.Say = "C is compiled with " + c.CC + ", for a server on " + w.String()
			return c
		}
		if native && h.Libc == "musl" {
			return []Choice{{Libc: "musl"}, zig()}
		}
		if native {
			list = append(list, said(Choice{CC: "musl-gcc", Libc: "musl"}))
		}
		for _, prefix := range w.musl() {
			list = append(list, said(gcc(prefix, "musl", "")))
		}
		list = append(list, zig())
		last := gcc(w.gnu(), "glibc", "")
		if native {
			last = Choice{Libc: "glibc"}
		}
		last.CFLAGS, last.CXXFLAGS = h.CFLAGS+" "+NoFortify, h.CXXFLAGS+" "+NoFortify
		last.Say = fmt.Sprintf("no C compiler for musl is here (%s): %s compiles with glibc's headers and without fortify, and the symbols decide whether musl loads it", w.install(native), cmp.Or(last.CC, h.Default))
		return append(list, last)
	}
	if w.Release != "" {
		list = append(list, zig())
	}
	switch {
	case native && (h.Libc != "musl" || w.Libc == ""):
		list = append(list, Choice{Libc: w.Libc})
	case native:
		list = append(list, gcc(w.gnu(), "glibc", "C is compiled with "+w.gnu()+"-gcc, for a server on "+w.String()), zig())
	default:
		say := ""
		if w.abi() == "eabihf" && strings.HasPrefix(w.GOARM, "6") {
			say = "C is compiled with " + w.gnu() + "-gcc, and Debian's is for ARMv7: for a machine of ARMv6, as a server of GOARM=6 may run on, name another in CC"
		}
		list = append(list, gcc(w.gnu(), w.Libc, say), zig())
	}
	return list
}

// there returns cxx if it is in PATH, or if it must be.
func (h Host) there(cxx string, must bool) string {
	if must || h.Has(cxx) {
		return cxx
	}
	return ""
}

// Install says what brings the compiler cc, told by its name alone, and reports whether
// that compiles for musl; "" where the name does not tell. Debian has cross-compilers for
// its own systems only.
func Install(cc string) (how string, musl bool) {
	name := path.Base(cc)
	triple, tool := name, ""
	for _, t := range []string{"-gcc", "-g++", "-cc", "-c++"} {
		if before, ok := strings.CutSuffix(name, t); ok {
			triple, tool = before, t
		}
	}
	cxx := strings.HasSuffix(tool, "++")
	arch, system, _ := strings.Cut(triple, "-linux-")
	debian := slices.ContainsFunc(slices.Collect(maps.Values(cpus)), func(c cpu) bool { return c.name == arch }) && strings.HasPrefix(system, "gnu")
	switch {
	case name == "zig":
		return "install zig (Alpine: apk add zig), or name another C compiler in CC", false
	case name == "clang" || name == "clang++":
		return "apt-get install clang libc6-dev (Debian, Ubuntu), apk add clang musl-dev (Alpine)", false
	case tool == "":
		return "", false
	case triple == "musl" || strings.HasPrefix(system, "musl") && !cxx:
		return "for the processor of the machine that builds: apt-get install musl-tools (Debian, Ubuntu), and set CC=musl-gcc; for another one, or without Debian: zig or a toolchain of musl.cc, named in CC", true
	case strings.HasPrefix(system, "musl"):
		return "install zig or a toolchain of musl.cc, and name it in CXX", true
	case debian && cxx:
		return "apt-get install g++-" + strings.ReplaceAll(triple, "_", "-") + " (Debian, Ubuntu; g++ on a machine of that processor), or name yours in CXX", false
	case debian:
		return "apt-get install gcc-" + strings.ReplaceAll(triple, "_", "-") + " (Debian, Ubuntu; gcc on a machine of that processor), or name yours in CC", false
	case cxx:
		return "install " + name + ", or name another C++ compiler for the server's processor in CXX", false
	}
	return "install " + name + ", or name another C compiler for the server's processor in CC", false
}

// install says what has a compiler for musl.
func (w Want) install(native bool) string {
	if native && !w.CXX {
		return "musl-gcc, which is in Debian's and Ubuntu's musl-tools, Fedora's musl-gcc and Arch's musl; or zig"
	}
	return w.musl()[0] + "-gcc of musl.cc or Alpine; or zig"
}

func noCompiler(cc string) error {
	return &MissingError{
		fmt.Sprintf("no C compiler, which every plugin needs: %q is not in PATH", cc),
		"install one (Debian: gcc libc6-dev, Alpine: gcc musl-dev, macOS: xcode-select --install), or name yours in CC",
	}
}

// missing says what to install.
func (w Want) missing(h Host) error {
	native := w.native(h)
	if w.GOOS == "" {
		w.GOOS, w.GOARCH = h.GOOS, h.GOARCH
	}
	place := fmt.Sprintf("; or build on a machine or in an image for %s/%s", w.GOOS, w.GOARCH)
	plus := func(prefix string) string {
		if w.CXX {
			return prefix + "-g++"
		}
		return prefix + "-gcc"
	}
	debian := "Debian's g++-"
	if !w.CXX {
		debian = "Debian's gcc-"
	}
	debian += strings.ReplaceAll(w.gnu(), "_", "-")
	switch {
	case native && (w.Libc != "glibc" || h.Libc != "musl"):
		if w.Libc == "musl" && h.Libc != "musl" {
			return &MissingError{
				fmt.Sprintf("no C compiler, which every plugin needs: neither one for the server's musl nor %q is in PATH", h.Default),
				"install " + w.install(native) + "; or name yours in CC",
			}
		}
		return noCompiler(h.Default)
	case native: // a server on glibc, and this machine is Alpine or the like
		return &MissingError{
			"the server is on glibc and this machine on musl: a C compiler for glibc is needed, and neither " + plus(w.gnu()) + " nor zig is in PATH",
			"install zig (Alpine: apk add zig), or name yours in CC; or build on a machine or in an image with glibc",
		}
	case w.Libc == "musl":
		return &MissingError{
			fmt.Sprintf("%s, on musl: a C cross-compiler is needed, and none of %s, zig and %s is in PATH", w.differs(h), plus(w.musl()[0]), plus(w.gnu())),
			fmt.Sprintf("install one of them, the last as %s, whose plugins musl loads if it has all the symbols, or name yours in CC%s", debian, place),
		}
	}
	return &MissingError{
		fmt.Sprintf("%s: a C cross-compiler is needed, and %s is not in PATH", w.differs(h), plus(w.gnu())),
		fmt.Sprintf("install %s, %s, or name yours in CC%s", plus(w.gnu()), debian, place),
	}
}

// IsDefault reports whether a CC that go env says is one of Go's own, not the user's.
func IsDefault(cc string) bool { return slices.Contains([]string{"", "gcc", "clang", "cc"}, cc) }
