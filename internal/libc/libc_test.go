package libc

import (
	"debug/elf"
	"os"
	"regexp"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/mod/semver"
)

// TestMusl compares the list with the musl that is installed here, whichever it is.
func TestMusl(t *testing.T) {
	t.Parallel()
	const file = "/lib/ld-musl-x86_64.so.1"
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the loader looked at is that of linux/amd64")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skip("no musl here (Debian: musl): ", err)
	}
	m := regexp.MustCompile(`\x00(1\.\d+\.\d+)\x00`).FindSubmatch(data)
	if m == nil {
		t.Fatalf("%s does not say its release", file)
	}
	release := string(m[1])
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	syms, err := f.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, s := range syms {
		if s.Section == elf.SHN_UNDEF || elf.ST_BIND(s.Info) == elf.STB_LOCAL || s.Name == "" {
			continue
		}
		has[s.Name] = true
		n, ok := Musl("amd64", s.Name)
		if !ok || semver.Compare("v"+n.Since, "v"+release) > 0 {
			t.Errorf("musl %s exports %s, the list says %+v, %v", release, s.Name, n, ok)
		}
	}
	if len(has) < 1500 {
		t.Errorf("%d symbols in %s", len(has), file)
	}
	for name := range musl() {
		n, ok := Musl("amd64", name)
		missing := ok && !n.Debian && !has[name] && semver.Compare("v"+n.Since, "v"+release) <= 0
		// What Debian's 1.2.3 leaves to libcrypt, and what is no symbol from 1.2.4 on.
		other := slices.Contains([]string{"crypt", "crypt_r", "encrypt", "setkey"}, name) || large.MatchString(name) && semver.Compare("v"+release, "v1.2.4") >= 0
		if missing && !other {
			t.Errorf("the list has %s since %s, musl %s does not", name, n.Since, release)
		}
	}
}

var large = regexp.MustCompile(`64(_r)?$`)

func TestMuslNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		arch, name, since string
		ok                bool
	}{
		{"amd64", "printf", Oldest, true},
		{"amd64", "open64", Oldest, true},
		{"arm64", "readdir64_r", Oldest, true},
		{"amd64", "qsort_r", "1.2.3", true},
		{"amd64", "statx", "1.2.5", true},
		{"amd64", "arch_prctl", Oldest, true},
		{"arm64", "arch_prctl", Oldest, false},
		{"arm", "__clock_gettime64", Oldest, true},
		{"amd64", "__clock_gettime64", Oldest, false},
		{"amd64", "__vfprintf_chk", "", false},
		{"amd64", "backtrace", "", false},
		{"amd64", "crypt", Oldest, true},
		{"amd64", "fts_open", Oldest, true},
	} {
		n, ok := Musl(tt.arch, tt.name)
		if n.Since != tt.since || ok != tt.ok || n.Debian != (tt.name == "fts_open") {
			t.Errorf("Musl(%s, %s) = %+v, %v; want %s, %v", tt.arch, tt.name, n, ok, tt.since, tt.ok)
		}
	}
	for lib, want := range map[string]bool{"libc.so.6": true, "libpthread.so.0": true, "libm.so.6": true, "libmvec.so.1": false, "libresolv.so.2": false, "libcrypt.so.1": false, "ld-linux-x86-64.so.2": false, "libc++.so.1": false} {
		if Reserved(lib) != want {
			t.Errorf("Reserved(%s) = %v", lib, !want)
		}
	}
}
