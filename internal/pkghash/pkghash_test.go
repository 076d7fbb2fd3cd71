package pkghash

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/pinner"
)

// forms are the four kinds of ELF file; plugins exist for all but the last
// (amd64, s390x, 386 and arm).
var forms = []struct {
	name  string
	is64  bool
	order binary.ByteOrder
}{
	{"64-little", true, binary.LittleEndian},
	{"64-big", true, binary.BigEndian},
	{"32-little", false, binary.LittleEndian},
	{"32-big", false, binary.BigEndian},
}

func TestReadForms(t *testing.T) {
	t.Parallel()
	syms := []symbol{
		{name: "malloc"},
		pkg("fmt", "FMT45678"),
		{name: "go:link.pkghash.fmt"},
		pkg("gopkg.in/yaml.v3", "YAML5678"),
		pkg("example.com/x.v3/p+q~r", "PQR45678"),
		{name: "go.link.pkghashbytes.old", hash: pinner.Fingerprint([]byte("OLD45678"))}, // Go 1.19
		{name: "x:link.pkghashbytes.no"},
		{name: "go:link.pkghashbytes.undefined", edit: func(s *elf.Sym64) { s.Shndx = uint16(elf.SHN_UNDEF) }},
		// GOPATH mode lets a letter of any language through; "%" nothing does.
		pkg("host/café", "CAFE5678"),
	}
	want := map[string]pinner.Fingerprint{
		"fmt":                    pinner.Fingerprint([]byte("FMT45678")),
		"gopkg.in/yaml.v3":       pinner.Fingerprint([]byte("YAML5678")),
		"example.com/x.v3/p+q~r": pinner.Fingerprint([]byte("PQR45678")),
		"old":                    pinner.Fingerprint([]byte("OLD45678")),
		"host/café":              pinner.Fingerprint([]byte("CAFE5678")),
	}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			got, err := Read(bytes.NewReader(image{is64: form.is64, order: form.order, syms: syms}.bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
		})
	}
}

// TestReadTail: a linker may keep a name that ends another one only once.
func TestReadTail(t *testing.T) {
	t.Parallel()
	host := "other." + "go:link.pkghashbytes.a"
	m := image{is64: true, order: binary.LittleEndian, syms: []symbol{
		{name: host},
		{hash: pinner.Fingerprint([]byte("TAIL5678")), edit: func(s *elf.Sym64) { s.Name = 1 + uint32(len("other.")) }},
	}}
	got, err := Read(bytes.NewReader(m.bytes()))
	if err != nil || len(got) != 1 || got["a"] != pinner.Fingerprint([]byte("TAIL5678")) {
		t.Errorf("got %q, %v; want a", got, err)
	}
}

// TestReadWindows moves a name byte by byte over the end of a search window.
func TestReadWindows(t *testing.T) {
	t.Parallel()
	for shift := -overlap; shift <= overlap; shift += 5 {
		fill := symbol{name: strings.Repeat("x", step+shift)}
		m := image{is64: true, order: binary.LittleEndian, syms: []symbol{fill, pkg("a/b", "AB345678"), pkg("c", "C2345678")}}
		got, err := Read(bytes.NewReader(m.bytes()))
		if err != nil || len(got) != 2 || got["a/b"] != pinner.Fingerprint([]byte("AB345678")) {
			t.Fatalf("shift %d: got %q, %v; want a/b and c", shift, got, err)
		}
	}
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	good := image{is64: true, order: binary.LittleEndian}
	noDynsym := good
	noDynsym.editSections = func(s []elf.Section64) { s[symSection].Type = uint32(elf.SHT_SYMTAB) }
	unused := good
	unused.syms = []symbol{{name: "a.go:link.pkghashbytes.b"}}
	undefined := good
	undefined.syms = []symbol{pkg("fmt", "FMT45678")}
	undefined.syms[0].edit = func(s *elf.Sym64) { s.Shndx = 0 }
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, objfile.ErrFormat},
		{"short", []byte("\x7fEL"), objfile.ErrFormat},
		{"text", []byte("#!/bin/sh\n"), objfile.ErrFormat},
		{"PE", []byte("MZ0123456789abcdef"), objfile.ErrFormat},
		{"no symbols", good.bytes(), ErrNoTable},
		{"no dynamic symbols", noDynsym.bytes(), ErrNoTable},
		{"name not used", unused.bytes(), ErrNoTable},
		{"only undefined", undefined.bytes(), ErrNoTable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := Read(bytes.NewReader(tt.data)); got != nil || !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

// spoiled are images with one fault each, and what the error says of it.
var spoiled = []struct {
	name string
	edit func(*image)
	want string
}{
	{"class", head(func(h *elf.Header64) { h.Ident[elf.EI_CLASS] = 3 }), "offset 0x4: ELF identification: unknown class"},
	{"byte order", head(func(h *elf.Header64) { h.Ident[elf.EI_DATA] = 0 }), "offset 0x5: ELF identification: unknown byte order"},
	{"many segments", head(func(h *elf.Header64) { h.Phnum = math.MaxUint16 }), "ELF header: 65535 program headers"},
	{"segment headers", head(func(h *elf.Header64) { h.Phentsize = 0 }), "program headers of 0 bytes"},
	{"segment headers at end", head(func(h *elf.Header64) { h.Phoff = math.MaxUint64 }), "program header 0: unexpected EOF"},
	{"no section headers", head(func(h *elf.Header64) { h.Shoff = 0 }), "no section headers"},
	{"no section count", head(func(h *elf.Header64) { h.Shnum = 0 }), "no section headers"},
	{"section headers", head(func(h *elf.Header64) { h.Shentsize = 1 }), "section headers of 1 bytes"},
	{"section headers at end", head(func(h *elf.Header64) { h.Shoff = 1 << 40 }), "offset 0x10000000000: section header 0: unexpected EOF"},
	{"segment", prog(func(p *elf.Prog64) { p.Off = math.MaxInt64 }), "program header 0: segment 0x7fffffffffffffff"},
	{"segment not loaded", prog(func(p *elf.Prog64) { p.Type = uint32(elf.PT_NOTE) }), "is in no loaded segment"},
	{"segment elsewhere", prog(func(p *elf.Prog64) { p.Vaddr = math.MaxUint64 }), "is in no loaded segment"},
	{"segment too short", prog(func(p *elf.Prog64) { p.Filesz -= 27 }), "is in no loaded segment"},
	{"segment beyond the file", prog(func(p *elf.Prog64) { p.Off = 1 << 40 }), "fingerprint: unexpected EOF"},
	{"symbols compressed", section1(func(s *elf.Section64) { s.Flags = uint64(elf.SHF_COMPRESSED) }), "section 1 (SHT_DYNSYM): compressed"},
	{"symbols of no size", section1(func(s *elf.Section64) { s.Entsize = 0 }), "want entries of 24"},
	{"half a symbol", section1(func(s *elf.Section64) { s.Size-- }), "section 1 (SHT_DYNSYM): 47 bytes in entries of 24"},
	{"too many symbols", section1(func(s *elf.Section64) { s.Size = 24 << 40 }), "want at most 100663296"},
	{"symbols beyond the file", section1(func(s *elf.Section64) { s.Size = 24 << 10 }), "end of section 1 (SHT_DYNSYM): unexpected EOF"},
	{"symbols nowhere", section1(func(s *elf.Section64) { s.Off = math.MaxUint64 }), "no place in a file"},
	{"no strings", section1(func(s *elf.Section64) { s.Link = math.MaxUint32 }), "string table is section 4294967295 of 3"},
	{"strings elsewhere", section1(func(s *elf.Section64) { s.Link = 0 }), "section 0 (SHT_NULL): not a string table"},
	{"too many strings", section2(func(s *elf.Section64) { s.Size = 1 << 62 }), "section 2 (SHT_STRTAB): 4611686018427387904 bytes"},
	{"strings beyond the file", section2(func(s *elf.Section64) { s.Size = 1 << 20 }), "end of section 2 (SHT_STRTAB): unexpected EOF"},
	{"strings compressed", section2(func(s *elf.Section64) { s.Flags = uint64(elf.SHF_COMPRESSED) }), "section 2 (SHT_STRTAB): compressed"},
	{"name without end", section2(func(s *elf.Section64) { s.Size-- }), "does not end within"},
	{"long name", sym(func(s *symbol) { s.name += strings.Repeat("x", maxName) }), "does not end within 1024 bytes"},
	{"no name", sym(func(s *symbol) { s.name = "go:link.pkghashbytes." }), "empty import path"},
	{"escape sequence", sym(func(s *symbol) { s.name += "\x1b[2J" }), `symbol of package "fmt\x1b[2J": import path with unprintable`},
	{"no UTF-8", sym(func(s *symbol) { s.name += "\xff" }), "import path with unprintable"},
	{"function", entry(func(s *elf.Sym64) { s.Info = byte(elf.STT_FUNC) }), `symbol of package "fmt": STT_FUNC of 8 bytes`},
	{"long fingerprint", entry(func(s *elf.Sym64) { s.Size = 32 }), `symbol of package "fmt": STT_OBJECT of 32 bytes`},
	{"address", entry(func(s *elf.Sym64) { s.Value = math.MaxUint64 }), `symbol of package "fmt": address 0xffffffffffffffff is in no`},
	{"twice", func(m *image) { m.syms = append(m.syms, pkg("fmt", "12345678")) }, "defined twice"},
}

func head(f func(*elf.Header64)) func(*image) { return func(m *image) { m.editHead = f } }
func prog(f func(*elf.Prog64)) func(*image)   { return func(m *image) { m.editProg = f } }
func sym(f func(*symbol)) func(*image)        { return func(m *image) { f(&m.syms[0]) } }
func entry(f func(*elf.Sym64)) func(*image)   { return func(m *image) { m.syms[0].edit = f } }

func section1(f func(*elf.Section64)) func(*image) {
	return func(m *image) { m.editSections = func(s []elf.Section64) { f(&s[symSection]) } }
}

func section2(f func(*elf.Section64)) func(*image) {
	return func(m *image) { m.editSections = func(s []elf.Section64) { f(&s[strSection]) } }
}

func spoil(f func(*image)) []byte {
	m := image{is64: true, order: binary.LittleEndian, syms: []symbol{pkg("fmt", "FMT45678")}}
	f(&m)
	return m.bytes()
}

func TestReadSpoiled(t *testing.T) {
	t.Parallel()
	for _, tt := range spoiled {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Read(bytes.NewReader(spoil(tt.edit)))
			if got != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want error with %q", got, err, tt.want)
			}
			if e := (*objfile.ReadError)(nil); !errors.As(err, &e) {
				t.Errorf("%T is no *objfile.ReadError", err)
			}
		})
	}
}

// TestReadCut cuts a good file at every byte: no panic, and never half a table.
func TestReadCut(t *testing.T) {
	t.Parallel()
	whole := image{is64: true, order: binary.BigEndian, syms: []symbol{pkg("fmt", "FMT45678"), pkg("os", "OS345678")}}.bytes()
	for n := range whole {
		if got, err := Read(bytes.NewReader(whole[:n])); err == nil || errors.Is(err, ErrNoTable) {
			t.Errorf("first %d of %d bytes: got %v, %v", n, len(whole), got, err)
		}
	}
}

// TestReadMemory is not parallel: it measures what Read allocates in the worst
// cases, as many names of as many bytes as are allowed, and more of either.
func TestReadMemory(t *testing.T) {
	for _, tt := range []struct {
		name          string
		packages, len int
		ok            bool
	}{
		{"most", maxPackages, maxNames / maxPackages, true},
		{"too many", maxPackages + 1, 8, false},
		{"too long", maxPackages, maxName, false},
	} {
		m := image{is64: true, order: binary.LittleEndian}
		for i := range tt.packages {
			m.syms = append(m.syms, pkg(fmt.Sprintf("%0*d", tt.len, i), "12345678"))
		}
		data := m.bytes()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := Read(bytes.NewReader(data))
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n >= 24 {
			t.Errorf("%s: Read allocated %d MiB for %d packages, %v", tt.name, n, len(got), err)
		}
		if ok := err == nil && len(got) == tt.packages; ok != tt.ok {
			t.Errorf("%s: got %d packages, %v", tt.name, len(got), err)
		}
	}
}

// A badDisk cannot be read from some offset on.
type badDisk struct {
	data []byte
	from int64
}

var errBadDisk = errors.New("input/output error")

func (d badDisk) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > d.from {
		return 0, errBadDisk
	}
	return bytes.NewReader(d.data).ReadAt(b, off)
}

func TestReadBadDisk(t *testing.T) {
	t.Parallel()
	whole := image{is64: true, order: binary.LittleEndian, syms: []symbol{pkg("fmt", "FMT45678")}}.bytes()
	for n := range int64(len(whole)) {
		if _, err := Read(badDisk{whole, n}); !errors.Is(err, errBadDisk) || errors.Is(err, objfile.ErrFormat) {
			t.Errorf("bad at %d: %v", n, err)
		}
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "server")
	if _, err := ReadFile(name); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), name) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := ReadFile(dir); err == nil || errors.Is(err, objfile.ErrFormat) {
		t.Errorf("directory: %v", err)
	}
	if err := os.WriteFile(name, []byte("text"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(name); !errors.Is(err, objfile.ErrFormat) || !strings.HasPrefix(err.Error(), name+": ") {
		t.Errorf("text: %v", err)
	}
}

// BenchmarkRead reads what a server of about 60 MB has: 300,000 symbols with
// names of 40 bytes, and 1,000 packages among them.
func BenchmarkRead(b *testing.B) {
	m := image{is64: true, order: binary.LittleEndian}
	for i := range 300_000 {
		if i%300 == 0 {
			m.syms = append(m.syms, pkg(fmt.Sprintf("example.com/m/p%d", i), "12345678"))
		} else {
			m.syms = append(m.syms, symbol{name: fmt.Sprintf("go:itab.*example.com/m.T%d,example.com/m.I", i)})
		}
	}
	name := filepath.Join(b.TempDir(), "server")
	if err := os.WriteFile(name, m.bytes(), 0o666); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadFile(name); err != nil {
			b.Fatal(err)
		}
	}
}
