package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// A program is a server or a plugin in one line: fingerprints are the text that
// stands for the package, so another text differs.
type program func(*pinner.Server)

func made(changes ...program) *pinner.Server {
	s := &pinner.Server{
		Ref: "./server", Go: "go1.23.5", Main: module.Version{Path: "example.com/main", Version: "(devel)"},
		Settings: map[string]string{"-trimpath": "true", "CGO_ENABLED": "1", "GOOS": "linux", "GOARCH": "amd64", "GOAMD64": "v1"},
		Packages: map[string]pinner.Fingerprint{},
	}
	packages("runtime=1 net=1 fmt=1")(s)
	for _, c := range changes {
		c(s)
	}
	return s
}

func packages(list string) program {
	return func(s *pinner.Server) {
		for f := range strings.FieldsSeq(list) {
			path, hash, _ := strings.Cut(f, "=")
			var h pinner.Fingerprint
			copy(h[:], hash)
			s.Packages[path] = h
		}
	}
}

// pins takes "path@version[=>path@version][#sum]".
func pins(list string) program {
	return func(s *pinner.Server) {
		for f := range strings.FieldsSeq(list) {
			f, sum, _ := strings.Cut(f, "#")
			old, by, _ := strings.Cut(f, "=>")
			p := pinner.Pin{Sum: sum}
			p.Path, p.Version.Version, _ = strings.Cut(old, "@")
			p.Replace.Path, p.Replace.Version, _ = strings.Cut(by, "@")
			s.Pins = append(s.Pins, p)
		}
	}
}

func set(key, value string) program {
	return func(s *pinner.Server) { s.Settings[key] = value }
}

func goVersion(v string) program { return func(s *pinner.Server) { s.Go = v } }

func binary(b pinner.Binary) program { return func(s *pinner.Server) { s.Binary = &b } }

func noInfo(s *pinner.Server) {
	s.Go, s.Main, s.Pins, s.Settings = "", module.Version{}, nil, map[string]string{}
}

// noModules is what go build says of files of the standard library alone, and in
// a GOPATH.
func noModules(s *pinner.Server) { s.Main, s.Pins = module.Version{}, nil }

func ownMain(path string) program {
	return func(s *pinner.Server) { s.Main.Path = path }
}

// edges are the imports whose source is available: "b:a,fmt c:".
func edges(list string) Imports {
	m := map[string][]string{}
	for f := range strings.FieldsSeq(list) {
		path, imports, _ := strings.Cut(f, ":")
		m[path] = strings.Split(imports, ",")
	}
	return func(_ pinner.Pin, pkg string) ([]string, bool) {
		imports, ok := m[pkg]
		return imports, ok
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	glibc := pinner.Binary{Format: "ELF", Arch: "amd64", Needed: []string{"libc.so.6"}, Glibc: "2.17"}
	at := func(needs, release string) pinner.Binary {
		return pinner.Binary{Format: "ELF", Arch: "amd64", Needed: []string{"libc.so.6"}, Glibc: needs, LibcRelease: release}
	}
	glibc299, glibc217, glibc236, glibc2100 := at("2.99", ""), at("2.17", "2.17"), at("2.34", "2.36"), at("2.34", "2.100")
	musl125 := pinner.Binary{Format: "ELF", Arch: "amd64", Needed: []string{"libc.musl-x86_64.so.1"}, LibcRelease: "1.2.5"}
	musl := pinner.Binary{Format: "ELF", Arch: "amd64", Needed: []string{"libc.musl-x86_64.so.1"}}
	for _, tt := range []struct {
		name           string
		server, plugin *pinner.Server
		imports        Imports
		want           string // package=cause[<through], then cause:count
		fix            string // in the first fix
	}{
		{"same", made(), made(), nil, "", ""},
		{"go version", made(), made(goVersion("go1.22.4"), packages("runtime=2 net=2")), nil,
			"net=go-version runtime=go-version go-version:2", "GOTOOLCHAIN=go1.23.5"},
		{"go version without a mismatch", made(), made(goVersion("go1.23.6")), nil, "go-version:0", ""},
		{"vendor's suffix", made(), made(goVersion("go1.23.5-vendor")), nil, "", ""},
		{"vendor's suffix that matters", made(), made(goVersion("go1.23.5 (vendor)"), packages("fmt=2")), nil, "fmt=go-version go-version:1", ""},
		{"experiments", made(goVersion("go1.23.5 X:arenas"), set("GOEXPERIMENT", "arenas")), made(goVersion("go1.23.5-X:arenas"), set("GOEXPERIMENT", "arenas")), nil, "", ""},
		{"go version and module", made(pins("e.com/a@v1.0.0"), packages("e.com/a=1")), made(goVersion("go1.22.4"), pins("e.com/a@v1.1.0"), packages("e.com/a=2 runtime=2")), nil,
			"e.com/a=version runtime=go-version go-version:1 version:1", ""},
		{"platform", made(), made(set("GOARCH", "arm64")), nil, "platform:0", "GOOS=linux GOARCH=amd64"},
		{"platform of the file", made(binary(glibc)), made(noInfo, goVersion(""), binary(pinner.Binary{Format: "Mach-O", Arch: "arm64"})), nil, "platform:0", ""},
		{"musl", made(binary(glibc)), made(binary(musl)), nil, "libc:0", "Debian"},
		{"a newer glibc than the server's image has", made(binary(glibc236)), made(binary(glibc299)), nil, "libc:0", "glibc 2.36 or older (a Debian one, such as golang:bookworm;"},
		{"a newer glibc than an old image has", made(binary(glibc217)), made(binary(glibc299)), nil, "libc:0", "golang:buster;"},
		{"no newer glibc than the server's image has", made(binary(glibc2100)), made(binary(glibc299)), nil, "", ""},
		{"musl server's image", made(binary(musl125)), made(binary(glibc299)), nil, "libc:0", "musl 1.2.5 (an Alpine one"},
		{"musl server", made(binary(musl)), made(binary(glibc), packages("net=2")), nil, "net=libc libc:1", "Alpine"},
		{"no cgo", made(set("CGO_ENABLED", "0"), func(s *pinner.Server) { s.Packages = map[string]pinner.Fingerprint{} }), made(), nil, "flags:0", "CGO_ENABLED=1"},
		{"no plugin support", made(func(s *pinner.Server) { s.Packages = map[string]pinner.Fingerprint{} }), made(), nil, "platform:0", "calls plugin.Open"},
		{"trimpath", made(), made(set("-trimpath", ""), packages("runtime=2 fmt=2 net=2")), nil,
			"fmt=trimpath net=trimpath runtime=trimpath trimpath:3", "with -trimpath"},
		{"flags", made(set("-race", "true"), set("-gcflags", "all=-N -l")), made(set("GOEXPERIMENT", "arenas"), packages("runtime=2")), nil,
			"runtime=flags flags:1", "build the plugin with -race -gcflags='all=-N -l' and without GOEXPERIMENT, as the server was"},
		{"flags and content, and the standard library is another one", made(pins("e.com/b@v1.0.0#h1:a"), packages("e.com/b=1")), made(set("GOEXPERIMENT", "arenas"), pins("e.com/b@v1.0.0#h1:b"), packages("runtime=2 e.com/b=2")), nil,
			"e.com/b=flags runtime=flags flags:2", ""},
		{"flags and content, and the standard library is the same", made(pins("e.com/b@v1.0.0#h1:a"), packages("e.com/b=1")), made(set("GOEXPERIMENT", "arenas"), pins("e.com/b@v1.0.0#h1:b"), packages("e.com/b=2")), nil, "e.com/b=content content:1", ""},
		{"flags of the main package", made(set("-gcflags", "-trimpath /src")), made(), nil, "", ""},
		{"fips sets a tag", made(set("-tags", "fips140v1.0"), set("GOFIPS140", "v1.0.0-c2097c7c")), made(packages("runtime=2")), nil,
			"runtime=flags flags:1", "GOFIPS140=v1.0.0-c2097c7c"},
		{"tags", made(set("-tags", "b,a")), made(packages("net=2")), nil, "net=tags tags:1", "-tags=a,b"},
		{"tags, through", made(pins("e.com/b@v1.0.0"), packages("e.com/b=1"), set("-tags", "netgo")), made(pins("e.com/b@v1.0.0"), packages("e.com/b=2 net=2")), edges("e.com/b:net"),
			"e.com/b=tags<net net=tags tags:2", ""},
		{"through two", made(pins("e.com/a@v1.0.0 e.com/b@v1.0.0 e.com/c@v1.0.0"), packages("e.com/a=1 e.com/b=1 e.com/c=1")),
			made(pins("e.com/a@v1.0.1 e.com/b@v1.0.0 e.com/c@v1.0.0"), packages("e.com/a=2 e.com/b=2 e.com/c=2")), edges("e.com/b:e.com/a e.com/c:e.com/b"),
			"e.com/a=version e.com/b=version<e.com/a e.com/c=version<e.com/a version:3", "pinfix apply --server ./server"},
		{"without sources", made(pins("e.com/a@v1.0.0 e.com/b@v1.0.0#h"), packages("e.com/a=1 e.com/b=1")),
			made(pins("e.com/a@v1.0.1 e.com/b@v1.0.0#h"), packages("e.com/a=2 e.com/b=2")), nil,
			"e.com/a=version e.com/b=version version:2", ""},
		{"imports in a circle", made(pins("e.com/a@v1.0.0#h e.com/b@v1.0.0#h"), packages("e.com/a=1 e.com/b=1")),
			made(pins("e.com/a@v1.0.0#h e.com/b@v1.0.0#h"), packages("e.com/a=2 e.com/b=2")), edges("e.com/a:e.com/b e.com/b:e.com/a"),
			"e.com/a=unknown<e.com/b e.com/b=unknown unknown:2", "C compiler"},
		{"cgo", made(pins("e.com/a@v1.0.0#h"), packages("e.com/a=1")), made(pins("e.com/a@v1.0.0#h"), packages("e.com/a=2")), edges("e.com/a:C"),
			"e.com/a=content content:1", "CGO_"},
		{"sums", made(pins("e.com/a@v1.0.0#h1:x"), packages("e.com/a=1")), made(pins("e.com/a@v1.0.0#h1:y"), packages("e.com/a=2")), nil,
			"e.com/a=content content:1", "other content"},
		{"directory", made(pins("e.com/a@v1.0.0=>./a"), packages("e.com/a=1")), made(pins("e.com/a@v1.0.0#h1:y"), packages("e.com/a=2")), nil,
			"e.com/a=content content:1", "its directory ./a"},
		{"fork", made(pins("e.com/a@v1.0.0=>e.com/f@v1.5.0"), packages("e.com/a=1")), made(pins("e.com/a@v1.0.0"), packages("e.com/a=2")), nil,
			"e.com/a=replace replace:1", ""},
		{"same source, other label", made(pins("e.com/a@v1.0.0"), packages("e.com/a=1")), made(pins("e.com/a@v1.0.1=>e.com/a@v1.0.0"), packages("e.com/a=2")), nil,
			"e.com/a=replace replace:1", ""},
		{"split module", made(pins("e.com/a/n@v0.1.0"), packages("e.com/a/n=1")), made(pins("e.com/a@v1.0.0"), packages("e.com/a/n=2")), nil,
			"e.com/a/n=version version:1", ""},
		{"server's own", made(ownMain("e.com/s"), packages("e.com/s/api=1")), made(pins("e.com/s@v1.0.0"), packages("e.com/s/api=2")), nil,
			"e.com/s/api=server-own server-own:1", "go.work"},
		{"server's own, other commit", made(ownMain("e.com/s"), packages("e.com/s/api=1"), set("vcs.revision", "0123abcd")), made(pins("e.com/s@(devel)"), packages("e.com/s/api=2")), nil,
			"e.com/s/api=server-own server-own:1", "commit 0123abcd"},
		{"server's workspace", made(pins("e.com/w@(devel)"), packages("e.com/w=1")), made(pins("e.com/w@v1.0.0"), packages("e.com/w=2")), nil,
			"e.com/w=server-own server-own:1", ""},
		{"plugin's own", made(pins("e.com/p@v1.0.0"), packages("e.com/p/lib=1")), made(ownMain("e.com/p"), packages("e.com/p/lib=2")), nil,
			"e.com/p/lib=already-loaded already-loaded:1", "requires e.com/p v1.0.0"},
		{"cover of the server's own", made(ownMain("e.com/s"), packages("e.com/s/api=1"), set("-cover", "true")), made(pins("e.com/s@(devel)"), packages("e.com/s/api=2")), nil,
			"e.com/s/api=flags flags:1", "-cover"},
		{"paths", made(set("-trimpath", ""), pins("e.com/a@v1.0.0#h"), packages("e.com/a=1")), made(set("-trimpath", ""), pins("e.com/a@v1.0.0#h"), packages("e.com/a=2")), edges("e.com/a:"),
			"e.com/a=trimpath trimpath:1", "GOMODCACHE"},
		{"no build info", made(), made(noInfo, packages("net=2 runtime=2")), nil, "net=go-version runtime=go-version go-version:2", "does not say"},
		{"no build info, same runtime", made(), made(noInfo, packages("net=2")), nil, "net=unknown unknown:1", "does not say"},
		{"no build info, old server", made(goVersion("go1.20.14")), made(noInfo, packages("net=2 runtime=2")), nil, "net=unknown runtime=unknown unknown:2", "does not say"},
		{"no build info, all agree", made(), made(noInfo), nil, "", ""},
		{"no build info, a module", made(pins("e.com/a@v1.0.0")), made(noInfo, packages("e.com/a=2")), nil, "", ""},
		{"no build info, a module differs", made(pins("e.com/a@v1.0.0"), packages("e.com/a=1")), made(noInfo, packages("e.com/a=2")), nil, "e.com/a=unknown unknown:1", "pinfix apply"},
		{"Go release alone", made(), made(noInfo, goVersion("go1.23.5")), nil, "", ""},
		{"Go release alone, another", made(), made(noInfo, goVersion("go1.22.1")), nil, "go-version:0", "GOTOOLCHAIN"},
		{"Go release alone, std differs", made(), made(noInfo, goVersion("go1.23.5"), packages("fmt=2")), nil, "fmt=unknown unknown:1", "does not say"},
		{"server without build info", made(noInfo), made(), nil, "", ""},
		{"server without build info, std differs", made(noInfo), made(packages("fmt=2 e.com/a=2")), nil, "fmt=unknown unknown:1", "build system"},
		{"server of another build system", made(noInfo, goVersion("go1.23.5"), packages("e.com/a=1")), made(pins("e.com/a@v1.0.0"), packages("e.com/a=2")), nil,
			"e.com/a=unknown unknown:1", "build system"},
		{"server without modules", made(noModules, packages("e.com/a=1")), made(pins("e.com/a@v1.0.0"), packages("e.com/a=2")), nil,
			"e.com/a=unknown unknown:1", "GO111MODULE=off"},
		{"server without modules, flags", made(noModules, set("-race", "true")), made(packages("fmt=2")), nil, "fmt=flags flags:1", "-race"},
		{"server of the standard library alone", made(noModules), made(pins("e.com/a@v1.0.0"), packages("e.com/a=2")), nil, "", ""},
		{"C compiler", made(), made(packages("runtime/cgo=2"), packages("net=2")), nil, "net=content content:1", "CGO_"},
		{"nothing known", made(), made(packages("fmt=2")), nil, "fmt=unknown unknown:1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := Compare(tt.server, tt.plugin, tt.imports)
			got := ""
			for _, p := range r.Mismatched {
				got += p.Path + "=" + string(p.Cause)
				if p.Through != "" {
					got += "<" + p.Through
				}
				got += " "
			}
			for _, f := range r.Findings {
				got += fmt.Sprintf("%s:%d ", f.Cause, f.Packages)
				if f.Fix == "" || strings.Contains(f.Fix, "\n") {
					t.Errorf("%s: fix %q", f.Cause, f.Fix)
				}
			}
			if got = strings.TrimSpace(got); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if r.Loads != (tt.want == "") {
				t.Errorf("loads: %v", r.Loads)
			}
			if tt.fix != "" && (len(r.Findings) == 0 || !strings.Contains(r.Findings[0].Fix, tt.fix)) {
				t.Errorf("fix: %+v, want %q", r.Findings, tt.fix)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	old := pinner.Binary{Format: "ELF", Arch: "amd64", Needed: []string{"libc.so.6"}, Glibc: "2.9"}
	young := old
	young.Glibc = "2.34"
	r := Compare(made(binary(old)), made(binary(young), set("GOAMD64", "v3")), nil)
	if !r.Loads || len(r.Warnings) != 2 || !strings.Contains(r.Warnings[0], "GOAMD64=v3") || !strings.Contains(r.Warnings[1], "glibc 2.34 or newer, the server only 2.9") {
		t.Errorf("%+v", r)
	}
	if r := Compare(made(binary(young)), made(binary(old)), nil); len(r.Warnings) != 0 {
		t.Errorf("%q", r.Warnings)
	}
}

// TestLibraries: what only the plugin asks for, and no C library comes with, must be
// on the server's machine.
func TestLibraries(t *testing.T) {
	t.Parallel()
	needs := func(libs ...string) *pinner.Server {
		return made(binary(pinner.Binary{Format: "ELF", Arch: "amd64", Needed: append([]string{"libc.so.6"}, libs...)}))
	}
	macho := needs("/usr/lib/libobjc.A.dylib")
	macho.Binary.Format = "Mach-O"
	for _, tt := range []struct {
		name           string
		server, plugin *pinner.Server
		want           string
	}{
		{"one", needs(), needs("libmy.so"), "needs libmy.so, which"},
		{"two", needs(), needs("libmy.so", "libz.so.1", "libmy.so"), "needs libmy.so and libz.so.1, which"},
		{"the server has one", needs("libz.so.1"), needs("libmy.so", "libz.so.1"), "needs libmy.so, which"},
		{"another version", needs("libssl.so.1.1"), needs("libssl.so.3"), "needs libssl.so.3, which"},
		{"by its path", needs(), needs("/opt/lib/libmy.so"), "needs /opt/lib/libmy.so, which"},
		{"of glibc", needs(), needs("libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2", "ld-linux-x86-64.so.2", "ld64.so.2", "libnss_dns.so.2"), ""},
		{"of gcc", needs(), needs("libgcc_s.so.1", "libstdc++.so.6"), "needs libgcc_s.so.1 and libstdc++.so.6, which"},
		{"like one of libc", needs(), needs("libmy.so", "libcmark.so.0", "libmath.so", "libld-x.so"), "needs libmy.so and libcmark.so.0 and libmath.so and libld-x.so, which"},
		{"the server does not say", made(), needs("libmy.so"), ""},
		{"macOS", macho, macho, ""},
	} {
		r := Compare(tt.server, tt.plugin, nil)
		got := strings.Join(r.Warnings, "\n")
		if !r.Loads || (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: loads %v, %q", tt.name, r.Loads, got)
		}
	}
}

// TestEveryCauseHasItsPlace: a package never ends without one of the causes.
func TestEveryCauseHasItsPlace(t *testing.T) {
	t.Parallel()
	settings := []program{func(*pinner.Server) {}, goVersion("go1.22.4"), set("-trimpath", ""), set("-race", "true"), set("-tags", "x"), set("-cover", "true"), noInfo}
	mods := []string{"", "e.com/a@v1.0.0#h", "e.com/a@v1.0.1", "e.com/a@v1.0.0=>./a", "e.com/a@v1.0.0=>e.com/f@v1.0.0", "e.com/a@(devel)", "e.com/a@v1.0.0#g"}
	for _, ss := range settings[:len(settings)-1] {
		for _, ps := range settings {
			for _, sm := range mods {
				for _, pm := range mods {
					r := Compare(made(pins(sm), packages("e.com/a=1 main=1"), ss), made(pins(pm), packages("e.com/a=2 fmt=2"), ps), edges("e.com/a:fmt"))
					n := 0
					for _, f := range r.Findings {
						n += f.Packages
					}
					if r.Loads || n != 2 || !slices.Equal(slices.Sorted(maps.Keys(map[string]bool{r.Mismatched[0].Path: true, r.Mismatched[1].Path: true})), []string{"e.com/a", "fmt"}) {
						t.Errorf("%q %q: %+v", sm, pm, r)
					}
				}
			}
		}
	}
}

// TestAsksForLibc: the image is looked into only where the verdict hangs on it.
func TestAsksForLibc(t *testing.T) {
	at := func(lib, needs, release string) *pinner.Server {
		return made(binary(pinner.Binary{Format: "ELF", Needed: []string{lib}, Glibc: needs, LibcRelease: release}))
	}
	const glibc, musl = "libc.so.6", "libc.musl-x86_64.so.1"
	for _, tt := range []struct {
		server, plugin *pinner.Server
		want           bool
	}{
		{at(glibc, "2.34", ""), at(glibc, "2.38", ""), true},
		{at(glibc, "2.34", ""), at(glibc, "2.34", ""), false},
		{at(glibc, "2.34", ""), at(glibc, "2.9", ""), false},
		{at(glibc, "2.34", "2.36"), at(glibc, "2.38", ""), false}, // known
		{at(musl, "", ""), at(glibc, "2.38", ""), true},
		{at(glibc, "2.34", ""), at(musl, "", ""), true},
		{at(musl, "", ""), at(musl, "", ""), false},
		{at("libSystem.B.dylib", "", ""), at(glibc, "2.34", ""), false},
		{made(), at(glibc, "2.38", ""), false},
		{at(glibc, "2.34", ""), made(), false},
	} {
		if got := AsksForLibc(tt.server, tt.plugin); got != tt.want {
			t.Errorf("server %+v, plugin %+v: %v", tt.server.Binary, tt.plugin.Binary, got)
		}
	}
}
