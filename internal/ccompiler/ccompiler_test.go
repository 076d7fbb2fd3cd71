package ccompiler

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	host := func(programs string, change ...func(*Host)) Host {
		h := Host{GOOS: "linux", GOARCH: "amd64", Libc: "glibc", Default: "gcc", CFLAGS: "-O2 -g", CXXFLAGS: "-O2 -g"}
		h.Has = func(cc string) bool { return slices.Contains(strings.Fields(programs), strings.Fields(cc)[0]) }
		for _, f := range change {
			f(&h)
		}
		return h
	}
	alpine := func(h *Host) { h.Libc = "musl" }
	arm64 := func(h *Host) { h.GOARCH = "arm64" }
	mac := func(h *Host) { h.GOOS, h.GOARCH, h.Libc, h.Default = "darwin", "arm64", "", "clang" }
	given := func(cc string) func(*Host) { return func(h *Host) { h.Given = cc } }
	linux := func(arch, libc string) Want { return Want{GOOS: "linux", GOARCH: arch, Libc: libc} }
	arm := func(v, libc string) Want { return Want{GOOS: "linux", GOARCH: "arm", GOARM: v, Libc: libc} }
	older := Want{GOOS: "linux", GOARCH: "amd64", Libc: "glibc", Release: "2.31"}
	for _, tt := range []struct {
		name string
		w    Want
		h    Host
		want string // variables, then in brackets what Say holds; or "!" and the error with its next step
	}{
		{"native", linux("amd64", "glibc"), host("gcc musl-gcc zig"), "[]"},
		{"a server without a program", Want{}, host("gcc"), "[]"},
		{"a text", linux("amd64", ""), host("gcc"), "[]"},
		{"none", linux("amd64", "glibc"), host(""), `!no C compiler, which every plugin needs: "gcc" is not in PATH; install one (Debian: gcc libc6-dev, Alpine`},
		{"given", linux("amd64", "glibc"), host("my-cc", given("my-cc -m64")), "[]"},
		{"given, not there", linux("amd64", "glibc"), host("gcc", given("my-cc")), `!no C compiler, which every plugin needs: "my-cc" is not`},
		{"given for musl", linux("amd64", "musl"), host("my-cc musl-gcc", given("my-cc")), "[my-cc, the CC that is given, for a server on musl, linux/amd64]"},

		{"musl", linux("amd64", "musl"), host("gcc musl-gcc zig x86_64-linux-musl-gcc"), "CC=musl-gcc [for a server on musl, linux/amd64]"},
		{"musl's cross-compiler", linux("amd64", "musl"), host("gcc zig x86_64-linux-musl-gcc x86_64-linux-musl-g++"), "CXX=x86_64-linux-musl-g++ CC=x86_64-linux-musl-gcc [musl]"},
		{"zig for musl", linux("amd64", "musl"), host("gcc zig"), "CXX=zig c++ -target x86_64-linux-musl CC=zig cc -target x86_64-linux-musl [musl]"},
		{"glibc for musl", linux("amd64", "musl"), host("gcc"), "CGO_CFLAGS=-O2 -g -U_FORTIFY_SOURCE CGO_CXXFLAGS=-O2 -g -U_FORTIFY_SOURCE [musl-tools]"},
		{"nothing for musl", linux("amd64", "musl"), host(""), `!no C compiler, which every plugin needs: neither one for the server's musl nor "gcc" is in PATH; install musl-gcc, which is in Debian's`},
		{"musl with C++", Want{GOOS: "linux", GOARCH: "amd64", Libc: "musl", CXX: true}, host("gcc musl-gcc x86_64-linux-musl-gcc x86_64-linux-musl-g++"), "CXX=x86_64-linux-musl-g++ CC=x86_64-linux-musl-gcc [musl]"},
		{"musl with C++ and half a compiler", Want{GOOS: "linux", GOARCH: "amd64", Libc: "musl", CXX: true}, host("gcc musl-gcc x86_64-linux-musl-gcc"), "CGO_CFLAGS=-O2 -g -U_FORTIFY_SOURCE CGO_CXXFLAGS=-O2 -g -U_FORTIFY_SOURCE [no C compiler for musl]"},
		{"musl on Alpine", linux("amd64", "musl"), host("gcc", alpine), "[]"},
		{"musl on arm64", linux("arm64", "musl"), host("musl-gcc gcc", arm64), "CC=musl-gcc [musl]"},
		{"musl for arm64", linux("arm64", "musl"), host("musl-gcc aarch64-linux-musl-gcc"), "CC=aarch64-linux-musl-gcc [musl, linux/arm64]"},
		{"Alpine's for arm64", linux("arm64", "musl"), host("aarch64-alpine-linux-musl-gcc"), "CC=aarch64-alpine-linux-musl-gcc [musl]"},
		{"glibc's for musl on arm64", linux("arm64", "musl"), host("gcc aarch64-linux-gnu-gcc"), "CGO_CFLAGS=-O2 -g -U_FORTIFY_SOURCE CGO_CXXFLAGS=-O2 -g -U_FORTIFY_SOURCE CC=aarch64-linux-gnu-gcc [aarch64-linux-musl-gcc of musl.cc or Alpine; or zig): aarch64-linux-gnu-gcc compiles]"},
		{"nothing for musl on arm64", linux("arm64", "musl"), host("gcc"), "!the server is for linux/arm64 and this machine is linux/amd64, on musl: a C cross-compiler is needed, and none of aarch64-linux-musl-gcc, zig and aarch64-linux-gnu-gcc is in PATH; install one of them, the last as Debian's gcc-aarch64-linux-gnu,"},
		{"musl on ARM", arm("7", "musl"), host("armv7l-linux-musleabihf-gcc"), "CC=armv7l-linux-musleabihf-gcc [musl]"},
		{"musl on ARMv6", arm("6", "musl"), host("armv7l-linux-musleabihf-gcc arm-linux-musleabihf-gcc"), "CC=arm-linux-musleabihf-gcc [musl]"},
		{"musl on ARMv5", arm("5", "musl"), host("arm-linux-musleabi-gcc arm-linux-musleabihf-gcc"), "CC=arm-linux-musleabi-gcc [musl]"},
		{"musl on 386", linux("386", "musl"), host("i486-linux-musl-gcc"), "CC=i486-linux-musl-gcc [musl]"},

		{"glibc on Alpine", linux("amd64", "glibc"), host("gcc zig", alpine), "CXX=zig c++ -target x86_64-linux-gnu CC=zig cc -target x86_64-linux-gnu [glibc]"},
		{"glibc on Alpine, without", linux("amd64", "glibc"), host("gcc", alpine), "!the server is on glibc and this machine on musl: a C compiler for glibc is needed, and neither x86_64-linux-gnu-gcc nor zig is in PATH; install zig (Alpine: apk add zig)"},
		{"an older glibc", older, host("gcc zig"), "CXX=zig c++ -target x86_64-linux-gnu.2.31 CC=zig cc -target x86_64-linux-gnu.2.31 [for a server on glibc 2.31, linux/amd64]"},
		{"an older glibc, without zig", older, host("gcc"), "[]"},

		{"386", linux("386", "glibc"), host("i686-linux-gnu-gcc"), "CC=i686-linux-gnu-gcc []"},
		{"amd64 on arm64", linux("amd64", "glibc"), host("x86_64-linux-gnu-gcc x86_64-linux-gnu-g++", arm64), "CXX=x86_64-linux-gnu-g++ CC=x86_64-linux-gnu-gcc []"},
		{"arm, Go's own", arm("", "glibc"), host("arm-linux-gnueabihf-gcc arm-linux-gnueabi-gcc"), "CC=arm-linux-gnueabihf-gcc []"},
		{"arm 7", arm("7,hardfloat", ""), host("arm-linux-gnueabihf-gcc arm-linux-gnueabi-gcc"), "CC=arm-linux-gnueabihf-gcc []"},
		{"arm 6", arm("6", "glibc"), host("arm-linux-gnueabihf-gcc"), "CC=arm-linux-gnueabihf-gcc [Debian's is for ARMv7]"},
		{"arm 6, soft", arm("6,softfloat", "glibc"), host("arm-linux-gnueabihf-gcc arm-linux-gnueabi-gcc"), "CC=arm-linux-gnueabi-gcc []"},
		{"arm 5", arm("5", "glibc"), host("arm-linux-gnueabihf-gcc arm-linux-gnueabi-gcc"), "CC=arm-linux-gnueabi-gcc []"},
		{"arm 5, hard", arm("5,hardfloat", "glibc"), host("arm-linux-gnueabihf-gcc arm-linux-gnueabi-gcc"), "CC=arm-linux-gnueabihf-gcc []"},
		{"arm by zig", arm("7", "glibc"), host("zig"), "CXX=zig c++ -target arm-linux-gnueabihf CC=zig cc -target arm-linux-gnueabihf [zig]"},
		{"riscv64", linux("riscv64", ""), host("riscv64-linux-gnu-gcc"), "CC=riscv64-linux-gnu-gcc []"},
		{"ppc64le", linux("ppc64le", ""), host("powerpc64le-linux-gnu-gcc"), "CC=powerpc64le-linux-gnu-gcc []"},
		{"s390x, none", linux("s390x", ""), host("gcc"), "!the server is for linux/s390x and this machine is linux/amd64: a C cross-compiler is needed, and s390x-linux-gnu-gcc is not in PATH; install s390x-linux-gnu-gcc, Debian's gcc-s390x-linux-gnu, or name yours in CC; or build on a machine or in an image for linux/s390x"},
		{"loong64, none", linux("loong64", ""), host("gcc"), "!the server is for linux/loong64 and this machine is linux/amd64: a C cross-compiler is needed, and loongarch64-linux-gnu-gcc is not in PATH; install loongarch64-linux-gnu-gcc, Debian's gcc-loongarch64-linux-gnu,"},
		{"amd64, none", linux("amd64", ""), host("gcc", arm64), "!the server is for linux/amd64 and this machine is linux/arm64: a C cross-compiler is needed, and x86_64-linux-gnu-gcc is not in PATH; install x86_64-linux-gnu-gcc, Debian's gcc-x86-64-linux-gnu,"},
		{"C++ without", Want{GOOS: "linux", GOARCH: "arm64", CXX: true}, host("aarch64-linux-gnu-gcc"), "!the server is for linux/arm64 and this machine is linux/amd64: a C cross-compiler is needed, and aarch64-linux-gnu-g++ is not in PATH; install aarch64-linux-gnu-g++, Debian's g++-aarch64-linux-gnu,"},
		{"a processor that C compilers are not known for", linux("mips64", ""), host("gcc"), "!the server is for linux/mips64 and this machine is linux/amd64; build on a machine for linux/mips64, or name a C cross-compiler in CC"},
		{"another system", Want{GOOS: "darwin", GOARCH: "arm64"}, host("gcc zig"), "!the server is for darwin/arm64 and this machine is linux/amd64; build on a machine for darwin/arm64, or name"},
		{"macOS on the other processor", Want{GOOS: "darwin", GOARCH: "amd64"}, host("clang", mac), "[]"},
		{"Linux on macOS", linux("amd64", "musl"), host("clang x86_64-linux-musl-gcc", mac), "CC=x86_64-linux-musl-gcc [musl]"},
	} {
		c, err := Choose(tt.w, tt.h)
		if want, ok := strings.CutPrefix(tt.want, "!"); ok {
			var missing *MissingError
			if !errors.As(err, &missing) || !strings.HasPrefix(missing.Error()+"; "+missing.NextStep(), want) {
				t.Errorf("%s: %+v, %v; want %s", tt.name, c, err, want)
			} else if !strings.Contains(missing.Next, "CC") {
				t.Errorf("%s: the next step does not name CC: %s", tt.name, missing.Next)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		env := c.Env()
		if c.CC != "" {
			env = append(env, "CC="+c.CC)
		}
		want, say, _ := strings.Cut(strings.TrimSuffix(tt.want, "]"), "[")
		if got := strings.Join(env, " "); got != strings.TrimSpace(want) || !strings.Contains(c.Say, say) || (c.Say == "") != (say == "") {
			t.Errorf("%s: %s [%s]; want %s", tt.name, got, c.Say, tt.want)
		}
	}
}

// TestInstall: a name tells which package has the compiler, and no package is made up.
func TestInstall(t *testing.T) {
	t.Parallel()
	for cc, want := range map[string]string{
		"gcc":                             "",
		"my-cc":                           "install my-cc, or name another C compiler",
		"musl-gcc":                        "apt-get install musl-tools",
		"/opt/bin/x86_64-linux-musl-gcc":  "apt-get install musl-tools (Debian, Ubuntu), and set CC=musl-gcc",
		"aarch64-linux-musl-gcc":          "zig or a toolchain of musl.cc",
		"arm-linux-musleabihf-gcc":        "zig or a toolchain of musl.cc",
		"x86_64-alpine-linux-musl-gcc":    "apt-get install musl-tools",
		"aarch64-linux-musl-g++":          "install zig or a toolchain of musl.cc, and name it in CXX",
		"aarch64-linux-gnu-gcc":           "apt-get install gcc-aarch64-linux-gnu ",
		"arm-linux-gnueabihf-gcc":         "apt-get install gcc-arm-linux-gnueabihf ",
		"x86_64-linux-gnu-g++":            "apt-get install g++-x86-64-linux-gnu ",
		"armv7l-linux-gnueabihf-gcc":      "install armv7l-linux-gnueabihf-gcc, or",
		"aarch64-buildroot-linux-gnu-gcc": "install aarch64-buildroot-linux-gnu-gcc, or",
		"x86_64-w64-mingw32-gcc":          "install x86_64-w64-mingw32-gcc, or",
		"zig":                             "install zig",
		"clang":                           "apt-get install clang",
	} {
		how, musl := Install(cc)
		if want == "" && how != "" || !strings.Contains(how, want) || musl != strings.Contains(cc, "musl") {
			t.Errorf("%s: %q, musl %v; want %q", cc, how, musl, want)
		}
		if musl && strings.Contains(how, "install gcc-") {
			t.Errorf("%s: no such package: %s", cc, how)
		}
	}
}
