package pkghash

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/pinner"
)

// asksFiles are a library that asks for symbols, and a program that defines one of them.
func asksFiles(t *testing.T) (plugin, program string) {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no C compiler: ", err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"p.c": "#include <stdio.h>\nextern int nowhere(void), of_server(void);\nextern int maybe(void) __attribute__((weak));\nint f(void) { return printf(\"x%d\", 1) + nowhere() + of_server() + (maybe ? maybe() : 0); }\n",
		"s.c": "int of_server(void) { return 1; }\nint main(void) { return 0; }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	plugin, program = filepath.Join(dir, "p.so"), filepath.Join(dir, "s")
	for _, args := range [][]string{{"-shared", "-fPIC", "-o", plugin, "p.c"}, {"-rdynamic", "-o", program, "s.c"}} {
		cmd := exec.Command("gcc", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return plugin, program
}

func undefined(name string) symbol {
	return symbol{name: name, edit: func(s *elf.Sym64) { s.Shndx = uint16(elf.SHN_UNDEF) }}
}

func TestAsks(t *testing.T) {
	t.Parallel()
	plugin, program := asksFiles(t)
	p, err := Open(openTest(t, plugin))
	if err != nil {
		t.Fatal(err)
	}
	asks, err := p.Asks()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range asks {
		got = append(got, fmt.Sprintf("%s %s %s", s.Name, cutRelease(s.Version), s.Library))
	}
	if want := []string{"nowhere  ", "of_server  ", "printf GLIBC_ libc.so.6"}; !slices.Equal(got, want) {
		t.Errorf("asks for %q, want %q", got, want)
	}
	s, err := Open(openTest(t, program))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Defines([]string{"printf", "of_server", "nowhere"}); !slices.Equal(found, []string{"of_server"}) || err != nil {
		t.Errorf("defines %q, %v", found, err)
	}
}

func cutRelease(v string) string { return strings.TrimRight(v, "0123456789.") }

// TestCgoPackages: of a real plugin, those that call C.
func TestCgoPackages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ symbol, want string }{
		{"net._cgo_77133bf98b3a_Cfunc_free", "net"},
		{"gopkg.in/x%2ev1._cgo_77133bf98b3a_C2func_x", "gopkg.in/x.v1"},
		{"a/b._cgo_77133bf98b3a_Cmacro_x", "a/b"},
		{"_cgo_77133bf98b3a_Cfunc_free", ""},
		{"net._cgo_runtime_cgocall", ""},
		{"net._cgo_77133bf98b3a", ""},
		{"net._cgo_77133bf98b3g_Cfunc_x", ""},
		{"a\x1bb._cgo_77133bf98b3a_Cfunc_free", ""},
		{strings.Repeat("n", 2000) + "._cgo_77133bf98b3a_Cfunc_free", ""},
	} {
		// Names at the end of a window of the search, and across it.
		for _, before := range []int{0, 1, step - len(tt.symbol) - 1, step - 10, step, 3*step - 30} {
			filler := strings.Repeat("f", max(before, 0)+1) + "\x00"
			data := image{syms: []symbol{{name: filler + tt.symbol}}, is64: true, order: forms[0].order}.bytes()
			p, err := Open(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.CgoPackages()
			if strings.Join(got, " ") != tt.want || err != nil {
				t.Errorf("%.60q behind %d bytes: %q, %v, want %q", tt.symbol, before, got, err, tt.want)
			}
		}
	}
}

// member is one of an archive.
func member(name string, data []byte) []byte {
	b := fmt.Appendf(nil, "%-16s%-12d%-6d%-6d%-8d%-10d`\n", name, 0, 0, 0, 644, len(data))
	b = append(b, data...)
	if len(data)%2 == 1 {
		b = append(b, '\n')
	}
	return b
}

func TestArchiveAsks(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no C compiler: ", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.c"), []byte("#include <stdio.h>\nint puts(const char *);\nextern int other(void);\nint f(void) { return puts(\"x\") + other(); }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("gcc", "-O2", "-c", "x.c")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	object := readAll(t, filepath.Join(dir, "x.o"))
	archive := slices.Concat([]byte(archiveMagic), member("__.PKGDEF", []byte("go object \n!\n")), member("x.o", object))
	if got, err := ArchiveAsks(bytes.NewReader(archive), []string{"printf", "puts", "other"}); !slices.Equal(got, []string{"other", "puts"}) || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for name, data := range map[string][]byte{
		"empty":       {},
		"another":     []byte("#!/bin/sh\n"),
		"cut":         archive[:len(archiveMagic)+30],
		"no size":     slices.Concat([]byte(archiveMagic), bytes.Replace(member("x", nil), []byte("0         `"), []byte("x         `"), 1)),
		"half object": slices.Concat([]byte(archiveMagic), member("x.o", object[:100])),
	} {
		if got, err := ArchiveAsks(bytes.NewReader(data), []string{"puts"}); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
	endless := []byte(archiveMagic)
	for range maxMembers + 1 {
		endless = append(endless, member("x", nil)...)
	}
	if _, err := ArchiveAsks(bytes.NewReader(endless), nil); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("%d members: %v", maxMembers+1, err)
	}
}

func FuzzArchiveAsks(f *testing.F) {
	object := image{is64: true, order: forms[0].order, syms: []symbol{{name: "malloc"}}}.bytes()
	f.Add(slices.Concat([]byte(archiveMagic), member("x", []byte("go object")), member("x.o", object)))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := allocated()
		names := []string{"malloc", "free"}
		got, _ := ArchiveAsks(bytes.NewReader(data), names)
		if n := (allocated() - before) >> 20; n >= 64 {
			t.Errorf("%d MiB for %d bytes", n, len(data))
		}
		for _, name := range got {
			if !slices.Contains(names, name) {
				t.Errorf("%q", name)
			}
		}
	})
}

// TestAsksLimits: what asks for more than any plugin does is refused.
func TestAsksLimits(t *testing.T) {
	t.Parallel()
	var many []symbol
	for i := range maxAsked + 1 {
		many = append(many, undefined(fmt.Sprint("x", i)))
	}
	for _, tt := range []struct {
		name string
		syms []symbol
		want string
	}{
		{"many", many, "more than"},
		{"long", []symbol{undefined(strings.Repeat("x", maxSymbol+1))}, "does not end"},
		{"unprintable", []symbol{undefined("a\x1b[2J")}, "unprintable"},
	} {
		data := image{is64: true, order: forms[0].order, syms: tt.syms}.bytes()
		p, err := Open(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Asks(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %d symbols, %v; want %q", tt.name, len(got), err, tt.want)
		}
	}
}

func checkAsks(t *testing.T, asks []pinner.Symbol, packages []string) {
	t.Helper()
	if len(asks) > maxAsked || len(packages) > maxPackages {
		t.Errorf("%d symbols, %d packages", len(asks), len(packages))
	}
	for _, s := range asks {
		for _, name := range []string{s.Name, "x" + s.Version, "x" + s.Library} {
			if err := objfile.CheckName(name); err != nil || len(name) > maxSymbol {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	for _, name := range packages {
		if err := objfile.CheckName(name); err != nil || len(name) > maxName {
			t.Errorf("%q: %v", name, err)
		}
	}
}
