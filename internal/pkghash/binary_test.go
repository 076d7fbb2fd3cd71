package pkghash

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/pinner"
)

// A linkedImage is a minimal ELF file with what the dynamic loader reads: a
// PT_LOAD of the whole file, PT_INTERP and PT_DYNAMIC, needed libraries and
// their symbol versions, and a section with build info.
type linkedImage struct {
	is64     bool
	order    binary.ByteOrder
	machine  elf.Machine
	interp   string
	needed   []string
	versions []string
	info     string
	named    bool // a section names the build info; else only the segment has it

	edit func(*linkedParts)
}

// What DT_VERNEED leads to, as the gABI has it.
type (
	verneed struct {
		Version, Cnt    uint16
		File, Aux, Next uint32
	}
	vernaux struct {
		Hash         uint32
		Flags, Other uint16
		Name, Next   uint32
	}
)

type linkedParts struct {
	head    elf.Header64
	progs   []elf.Prog64
	dynamic [][2]uint64
	need    verneed
	aux     []vernaux
}

func (m linkedImage) bytes() []byte {
	base := image{is64: m.is64, order: m.order}
	var (
		strings = "\x00"
		p       linkedParts
	)
	add := func(s string) uint64 {
		at := uint64(len(strings))
		strings += s + "\x00"
		return at
	}
	for _, n := range m.needed {
		p.dynamic = append(p.dynamic, [2]uint64{uint64(elf.DT_NEEDED), add(n)})
	}
	names := "\x00.go.buildinfo\x00"
	if !m.named {
		names = "\x00.other\x00"
	}
	p.need = verneed{Version: 1, Cnt: uint16(len(m.versions)), Aux: 16}
	for i, v := range m.versions {
		a := vernaux{Name: uint32(add(v)), Next: 16}
		if i == len(m.versions)-1 {
			a.Next = 0
		}
		p.aux = append(p.aux, a)
	}
	word := uint64(4)
	if m.is64 {
		word = 8
	}
	var (
		progs    = base.size(elf.Header64{})
		sections = progs + 3*base.size(elf.Prog64{})
		interp   = sections + 3*base.size(elf.Section64{})
		info     = (interp + uint64(len(m.interp)) + 1 + 15) &^ 15
		versions = info + uint64(len(m.info))
		strs     = versions + 16*uint64(1+len(p.aux))
		shstr    = strs + uint64(len(strings))
		dyn      = shstr + uint64(len(names))
	)
	p.dynamic = append(p.dynamic,
		[2]uint64{uint64(elf.DT_STRTAB), loadAddr + strs}, [2]uint64{uint64(elf.DT_STRSZ), uint64(len(strings))},
		[2]uint64{uint64(elf.DT_VERNEED), loadAddr + versions}, [2]uint64{uint64(elf.DT_VERNEEDNUM), 1}, [2]uint64{})
	dynSize := 2 * word * uint64(len(p.dynamic))
	end := dyn + dynSize
	p.head = base.head(progs, sections)
	p.head.Machine, p.head.Phnum, p.head.Shnum, p.head.Shstrndx = uint16(m.machine), 3, 3, 2
	p.progs = []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Vaddr: loadAddr, Filesz: end, Memsz: end},
		{Type: uint32(elf.PT_INTERP), Off: interp, Filesz: uint64(len(m.interp)) + 1},
		{Type: uint32(elf.PT_DYNAMIC), Off: dyn, Filesz: dynSize},
	}
	if m.interp == "" {
		p.progs[1].Type = uint32(elf.PT_NULL)
	}
	edit(m.edit, &p)

	var w bytes.Buffer
	base.write(&w, p.head)
	for _, prog := range p.progs {
		base.write(&w, prog)
	}
	base.write(&w, elf.Section64{})
	base.write(&w, elf.Section64{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: info, Size: uint64(len(m.info))})
	base.write(&w, elf.Section64{Type: uint32(elf.SHT_STRTAB), Off: shstr, Size: uint64(len(names))})
	w.WriteString(m.interp + "\x00")
	w.Write(make([]byte, info-uint64(w.Len())))
	w.WriteString(m.info)
	_ = binary.Write(&w, m.order, p.need)
	_ = binary.Write(&w, m.order, p.aux)
	w.WriteString(strings)
	w.WriteString(names)
	for _, d := range p.dynamic {
		for _, v := range d {
			if m.is64 {
				_ = binary.Write(&w, m.order, v)
			} else {
				_ = binary.Write(&w, m.order, uint32(v))
			}
		}
	}
	return w.Bytes()
}

func TestBinary(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		for _, named := range []bool{true, false} {
			m := linkedImage{
				is64: form.is64, order: form.order, machine: elf.EM_X86_64, interp: "/lib64/ld-linux-x86-64.so.2",
				needed: []string{"libm.so.6", "libc.so.6"}, versions: []string{"GLIBC_2.9", "GLIBC_PRIVATE", "GLIBC_2.34", "LIBFOO_3.0", "GLIBC_2.17"},
				info: inlineInfo("go1.23.5", "path\tx\n"), named: named,
			}
			b, err := ReadBinary(bytes.NewReader(m.bytes()))
			if err != nil {
				t.Fatalf("%s: %v", form.name, err)
			}
			if b.Format != "ELF" || b.Interp != m.interp || !slices.Equal(b.Needed, m.needed) || b.Glibc != "2.34" || b.Libc() != "glibc" {
				t.Errorf("%s: %+v", form.name, b)
			}
			if want := map[string]string{"64-little": "amd64"}[form.name]; b.Arch != want {
				t.Errorf("%s: arch %q", form.name, b.Arch)
			}
			if v, text, err := ReadBuildInfo(bytes.NewReader(m.bytes())); v != "go1.23.5" || text != "path\tx\n" || err != nil {
				t.Errorf("%s: build info %q, %q, %v", form.name, v, text, err)
			}
		}
	}
}

func TestLibc(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		b    *pinner.Binary
		want string
	}{
		{nil, ""},
		{&pinner.Binary{}, ""},
		{&pinner.Binary{Interp: "/lib/ld-musl-x86_64.so.1"}, "musl"},
		{&pinner.Binary{Needed: []string{"libgcc_s.so.1", "libc.musl-aarch64.so.1"}}, "musl"},
		{&pinner.Binary{Needed: []string{"libc.so.6"}}, "glibc"},
		{&pinner.Binary{Glibc: "2.34"}, "glibc"},
	} {
		if got := tt.b.Libc(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.b, got, tt.want)
		}
	}
}

func TestArch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		machine elf.Machine
		form    int
		want    string
	}{
		{elf.EM_AARCH64, 0, "arm64"}, {elf.EM_RISCV, 0, "riscv64"}, {elf.EM_PPC64, 0, "ppc64le"}, {elf.EM_LOONGARCH, 0, "loong64"},
		{elf.EM_S390, 1, "s390x"}, {elf.EM_386, 2, "386"}, {elf.EM_ARM, 2, "arm"}, {elf.EM_X86_64, 1, ""}, {elf.EM_X86_64, 2, ""}, {elf.EM_AVR, 0, ""},
	} {
		m := linkedImage{is64: forms[tt.form].is64, order: forms[tt.form].order, machine: tt.machine}
		if b, err := ReadBinary(bytes.NewReader(m.bytes())); err != nil || b.Arch != tt.want {
			t.Errorf("%v %s: %+v, %v; want %q", tt.machine, forms[tt.form].name, b, err, tt.want)
		}
	}
}

// linkedSpoiled are images with one fault each, and what the error says of it.
var linkedSpoiled = []struct {
	name string
	edit func(*linkedParts)
	want string
}{
	{"interpreter beyond", func(p *linkedParts) { p.progs[1].Off = 1 << 40 }, "interpreter: EOF"},
	{"interpreter no place", func(p *linkedParts) { p.progs[1].Off = math.MaxUint64 }, "no part of a file"},
	{"interpreter without end", func(p *linkedParts) { p.progs[1].Filesz-- }, "does not end within"},
	{"dynamic beyond", func(p *linkedParts) { p.progs[2].Off = 1 << 40 }, "dynamic section: unexpected EOF"},
	{"library outside", func(p *linkedParts) { p.dynamic[0][1] = math.MaxUint64 }, "needed library: name at"},
	{"library not loaded", func(p *linkedParts) { p.dynamic[1][1] = 1 }, "is in no loaded segment"},
	{"library empty", func(p *linkedParts) { p.dynamic[0][1] = 0 }, "empty name"},
	{"versions outside", func(p *linkedParts) { p.dynamic[3][1] = 5 }, "needed symbol versions: address 0x5"},
	{"version name outside", func(p *linkedParts) { p.aux[0].Name = math.MaxUint32 }, "needed symbol versions: name at"},
	{"versions in a loop", func(p *linkedParts) {
		p.dynamic[4][1], p.need.Next, p.need.Aux = math.MaxUint64, math.MaxUint32, 16
		p.need.Cnt, p.need.Next = math.MaxUint16, 0
		p.aux[1].Next = 0xfffffff0 // no way back: offsets only grow
	}, "needed symbol versions: address"},
}

func linkedSpoil(f func(*linkedParts)) []byte {
	return linkedImage{
		is64: true, order: binary.LittleEndian, machine: elf.EM_X86_64, interp: "/lib/ld.so",
		needed: []string{"libc.so.6"}, versions: []string{"GLIBC_2.9", "GLIBC_2.34"}, info: inlineInfo("go1.23.5", "path\tx\n"), named: true, edit: f,
	}.bytes()
}

func TestBinarySpoiled(t *testing.T) {
	t.Parallel()
	for _, tt := range linkedSpoiled {
		b, err := ReadBinary(bytes.NewReader(linkedSpoil(tt.edit)))
		if b != nil && err == nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v; want error with %q", tt.name, b, err, tt.want)
		}
	}
}

func TestBuildInfoSpoiled(t *testing.T) {
	t.Parallel()
	long := append([]byte(infoMagic), 8, flagInline)
	long = append(long, make([]byte, infoHeader-len(long))...)
	for name, info := range map[string]string{
		"none":     "nothing",
		"pointers": infoMagic + "\x08\x00" + strings.Repeat("\x00", 64),
		"huge":     string(binary.AppendUvarint(long, math.MaxUint64)),
		"no end":   string(append(long, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
	} {
		m := linkedImage{is64: true, order: binary.LittleEndian, info: info, named: true}
		if v, text, err := ReadBuildInfo(bytes.NewReader(m.bytes())); err == nil || v+text != "" {
			t.Errorf("%s: %q, %q, %v", name, v, text, err)
		}
	}
}

// TestBinaryReal reads a real program of this machine, and one without libc.
func TestBinaryReal(t *testing.T) {
	t.Parallel()
	dir := writeSource(t)
	server := build(t, dir, "./server", "-trimpath")
	f := openTest(t, server)
	b, err := ReadBinary(f)
	if err != nil || b.Libc() == "" || b.Interp == "" || b.Arch == "" {
		t.Errorf("%+v, %v", b, err)
	}
	if out, err := exec.Command("readelf", "-V", server).Output(); err == nil && !bytes.Contains(out, []byte("GLIBC_"+b.Glibc)) {
		t.Errorf("glibc %q is not in what readelf -V says", b.Glibc)
	}
	if v, text, err := ReadBuildInfo(f); err != nil || !strings.HasPrefix(v, "go") || !strings.Contains(text, "build\t-trimpath=true\n") {
		t.Errorf("build info: %q, %q, %v", v, text, err)
	}
}

func TestNoBuildInfo(t *testing.T) {
	t.Parallel()
	m := image{is64: true, order: binary.LittleEndian, syms: []symbol{pkg("fmt", "FMT45678")}}
	if _, _, err := ReadBuildInfo(bytes.NewReader(m.bytes())); !errors.Is(err, ErrNoBuildInfo) {
		t.Error(err)
	}
}
