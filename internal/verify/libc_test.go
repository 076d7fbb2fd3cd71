package verify

import (
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/pinner"
)

// asking is a plugin that asks for symbols: "printf@GLIBC_2.2.5/libc.so.6", "puts".
func asking(needed, symbols string) *pinner.Server {
	b := pinner.Binary{Format: "ELF", Arch: "amd64", Needed: strings.Fields(needed), Asks: []pinner.Symbol{}}
	for f := range strings.FieldsSeq(symbols) {
		name, from, _ := strings.Cut(f, "@")
		version, lib, _ := strings.Cut(from, "/")
		if version != "" && lib == "" {
			lib = "libc.so.6"
		}
		b.Asks = append(b.Asks, pinner.Symbol{Name: name, Version: version, Library: lib})
		if v, ok := strings.CutPrefix(version, "GLIBC_"); ok && newerGlibc(v, b.Glibc) {
			b.Glibc = v
		}
	}
	return made(binary(b))
}

func TestLibc(t *testing.T) {
	t.Parallel()
	on := func(needed, release string, exports ...string) *pinner.Server {
		return made(binary(pinner.Binary{Format: "ELF", Arch: "amd64", Interp: "/lib/ld-x.so", Needed: strings.Fields(needed), LibcRelease: release, Exports: exports}))
	}
	const alpine, debian, glibc = "libc.musl-x86_64.so.1", "libc.so", "libc.so.6"
	looked := []string{} // the program was looked into, and defines none
	for _, tt := range []struct {
		name           string
		server, plugin *pinner.Server
		lacks          string // names, those that are not sure with "?"
		fix            string
	}{
		{"all in musl", on(alpine, ""), asking(glibc, "printf@GLIBC_2.2.5 pthread_create@GLIBC_2.34 open64@GLIBC_2.2.5"), "", ""},
		{"fortify", on(alpine, "1.2.5"), asking(glibc, "__vfprintf_chk@GLIBC_2.3.4"), "__vfprintf_chk", "CGO_CFLAGS='-O2 -g -U_FORTIFY_SOURCE' pinfix build"},
		{"fortify and more", on(alpine, ""), asking(glibc, "__vfprintf_chk@GLIBC_2.3.4 backtrace@GLIBC_2.2.5"), "__vfprintf_chk backtrace", "the C code of runtime/cgo asks for backtrace, __vfprintf_chk: build the plugin with a C compiler for musl"},
		{"since", on(alpine, "1.2.3"), asking(glibc, "statx@GLIBC_2.28 qsort_r@GLIBC_2.8"), "statx", "with a C compiler for musl 1.2.3"},
		{"since, not known", on(alpine, ""), asking(glibc, "statx@GLIBC_2.28"), "?statx", ""},
		{"since, there", on(alpine, "1.2.6"), asking(glibc, "statx@GLIBC_2.28"), "", ""},
		{"built for a newer musl", on(alpine, "1.2.3"), asking(alpine, "statx"), "statx", ""},
		{"Debian's alone, on Alpine", on(alpine, "1.2.5"), asking(glibc, "fts_open@GLIBC_2.23"), "fts_open", ""},
		{"Debian's alone", on(debian, "1.2.3"), asking(glibc, "fts_open@GLIBC_2.23"), "?fts_open", ""},
		{"the server's", on(alpine, "", "__vfprintf_chk"), asking(glibc, "__vfprintf_chk@GLIBC_2.3.4"), "", ""},
		{"gcompat", on(alpine+" libgcompat.so.0", ""), asking(glibc+" ld-linux-x86-64.so.2", "__vfprintf_chk@GLIBC_2.3.4"), "?ld-linux-x86-64.so.2 ?__vfprintf_chk", ""},
		{"glibc's libraries", on(alpine, ""), asking("libm.so.6 libpthread.so.0 libresolv.so.2 libc.so.6", ""), "libresolv.so.2", ""},
		{"another library's", on(alpine, ""), asking("libstdc++.so.6 libc.so.6", "_ZSt4cout@GLIBCXX_3.4/libstdc++.so.6"), "", ""},
		{"of a library that is not known", on(alpine, ""), asking("libfoo.so libc.so.6", "foo"), "", ""},
		{"of the server's library", on(alpine+" libfoo.so", ""), asking(glibc, "foo"), "", ""},
		{"nowhere, not looked", on(alpine, ""), asking(glibc, "foo"), "?foo", ""},
		{"nowhere", on(alpine, "", looked...), asking(glibc, "foo"), "?foo", ""}, // replaced below
		{"nowhere on glibc, not looked", on(glibc, ""), asking(glibc, "foo printf@GLIBC_2.2.5"), "?foo", ""},
		{"on glibc, the server's", on(glibc, "", "foo"), asking(glibc, "foo"), "", ""},
		{"built for musl on glibc", on(glibc, ""), asking(alpine, "printf"), "libc", "glibc (a Debian one"},
		{"another processor's", on(alpine, ""), asking(glibc, "__clock_gettime64@GLIBC_2.34"), "__clock_gettime64", ""},
	} {
		if tt.name == "nowhere" {
			tt.server.Binary.Exports, tt.lacks = looked, "foo"
		}
		r := Compare(tt.server, tt.plugin, nil)
		var got []string
		for _, l := range lacking(tt.server.Binary, tt.plugin.Binary) {
			if !l.sure {
				got = append(got, "?"+l.Name)
			}
		}
		fix := ""
		for _, f := range r.Findings {
			for _, d := range f.Differences {
				got = append(got, d.What)
			}
			fix = f.Fix
		}
		slices.Sort(got)
		want := strings.Fields(tt.lacks)
		slices.Sort(want)
		if !slices.Equal(got, want) || !strings.Contains(fix, tt.fix) {
			t.Errorf("%s: lacks %q, want %q; fix %q, want %q", tt.name, got, want, fix, tt.fix)
		}
		sure := slices.ContainsFunc(want, func(s string) bool { return !strings.HasPrefix(s, "?") })
		if r.Loads == sure {
			t.Errorf("%s: loads %v", tt.name, r.Loads)
		}
		warned := strings.Contains(strings.Join(r.Warnings, "\n"), "it is not known whether the server has it")
		if unsure := strings.Contains(tt.lacks, "?"); warned != unsure {
			t.Errorf("%s: warnings %q", tt.name, r.Warnings)
		}
	}
}

// TestLibcFrom: the packages that a symbol comes from, or those with C code.
func TestLibcFrom(t *testing.T) {
	t.Parallel()
	server := made(binary(pinner.Binary{Format: "ELF", Arch: "amd64", Needed: []string{"libc.musl-x86_64.so.1"}}))
	plugin := asking("libc.so.6", "__printf_chk@GLIBC_2.3.4 __memcpy_chk@GLIBC_2.3.4")
	for _, tt := range []struct {
		cgo  []string
		from [2][]string
		want string
	}{
		{nil, [2][]string{}, "the C code of runtime/cgo asks for __printf_chk, __memcpy_chk"},
		{[]string{"e.com/a", "net"}, [2][]string{}, "the C code of one of runtime/cgo, e.com/a, net asks"},
		{[]string{"e.com/a", "net"}, [2][]string{{"net"}, {"e.com/a", "net"}}, "the C code of e.com/a, net asks"},
	} {
		plugin.Binary.Cgo = tt.cgo
		plugin.Binary.Asks[0].From, plugin.Binary.Asks[1].From = tt.from[0], tt.from[1]
		if fix := Compare(server, plugin, nil).Findings[0].Fix; !strings.Contains(fix, tt.want) {
			t.Errorf("%q does not say %q", fix, tt.want)
		}
	}
	if names := Lacking(server, plugin); !slices.Equal(names, []string{"__printf_chk", "__memcpy_chk"}) {
		t.Errorf("%q", names)
	}
	if !AsksForCgo(server, asking("", "__printf_chk@GLIBC_2.3.4")) || AsksForCgo(server, asking("", "printf@GLIBC_2.2.5")) {
		t.Error("AsksForCgo")
	}
	if !AsksForLibc(server, plugin) || AsksForLibc(server, asking("libc.so.6", "printf@GLIBC_2.2.5")) {
		t.Error("AsksForLibc")
	}
}
