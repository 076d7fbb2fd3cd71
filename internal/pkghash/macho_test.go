package pkghash

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/tier"
	"github.com/pinfix/pinfix/pinner"
)

// A machImage is a minimal Mach-O file: one segment that holds the whole file,
// with the section of the build info, and a symbol table. edit, if set, spoils
// the parts just before they are written.
type machImage struct {
	is64  bool
	order binary.ByteOrder
	syms  []symbol
	info  string
	edit  func(*machParts)
}

type machParts struct {
	head    macho.FileHeader
	segment macho.Segment64
	section macho.Section64
	symtab  macho.SymtabCmd
	entries []macho.Nlist64
}

const machAddr = 0x1_0000_0000

func (m machImage) bytes() []byte {
	var p machParts
	head, segment, section, entry := 28, 56, 68, 12
	p.head = macho.FileHeader{Magic: macho.Magic32, Cpu: macho.Cpu386, Ncmd: 2}
	addr := uint64(0x1000)
	if m.is64 {
		head, segment, section, entry = 32, 72, 80, 16
		p.head.Magic, p.head.Cpu = macho.Magic64, macho.CpuAmd64
		addr = machAddr
	}
	p.head.Cmdsz = uint32(segment + section + 24)
	info := head + int(p.head.Cmdsz)
	hashes := info + len(m.info)
	syms := hashes + 8*len(m.syms)
	strs := syms + entry*len(m.syms)
	names := []byte{0}
	var data []byte
	for i, s := range m.syms {
		p.entries = append(p.entries, macho.Nlist64{Name: uint32(len(names)), Type: typeSect | 1, Sect: 1, Value: addr + uint64(hashes+8*i)})
		names = append(append(names, s.name...), 0)
		data = append(data, s.hash[:]...)
	}
	size := uint64(strs + len(names))
	p.segment = macho.Segment64{Cmd: macho.LoadCmdSegment64, Len: uint32(segment + section), Addr: addr, Memsz: size, Filesz: size, Nsect: 1}
	if !m.is64 {
		p.segment.Cmd = macho.LoadCmdSegment
	}
	copy(p.section.Name[:], "__go_buildinfo")
	p.section.Offset, p.section.Size = uint32(info), uint64(len(m.info))
	p.symtab = macho.SymtabCmd{Cmd: macho.LoadCmdSymtab, Len: 24, Symoff: uint32(syms), Nsyms: uint32(len(m.syms)), Stroff: uint32(strs), Strsize: uint32(len(names))}
	edit(m.edit, &p)
	return m.write(p, data, names)
}

func (m machImage) write(p machParts, data, names []byte) []byte {
	var w bytes.Buffer
	put := func(v any) { _ = binary.Write(&w, m.order, v) }
	put(p.head)
	if m.is64 {
		put(uint32(0))
		put(p.segment)
		put(p.section)
	} else {
		s := p.segment
		put(macho.Segment32{Cmd: s.Cmd, Len: s.Len, Addr: uint32(s.Addr), Memsz: uint32(s.Memsz), Offset: uint32(s.Offset), Filesz: uint32(s.Filesz), Nsect: s.Nsect})
		put(macho.Section32{Name: p.section.Name, Offset: p.section.Offset, Size: uint32(p.section.Size)})
	}
	put(p.symtab)
	w.WriteString(m.info)
	w.Write(data)
	for _, e := range p.entries {
		if m.is64 {
			put(e)
		} else {
			put(macho.Nlist32{Name: e.Name, Type: e.Type, Sect: e.Sect, Value: uint32(e.Value)})
		}
	}
	w.Write(names)
	return w.Bytes()
}

// under is the symbol that macOS has for a package.
func under(path, hash string) symbol {
	s := pkg(path, hash)
	s.name = "_" + s.name
	return s
}

func TestMachO(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			m := machImage{is64: form.is64, order: form.order, info: inlineInfo("go1.23.5", "path\tx\n"), syms: []symbol{
				{name: "_malloc"}, under("fmt", "FMT45678"), pkg("os", "OS345678"), {name: "xgo:link.pkghashbytes.no"},
				under("debug", "DEBUG678"), under("undefined", "UNDEF678"),
			}}
			m.edit = func(p *machParts) { p.entries[4].Type |= 0x20; p.entries[5].Type = 1 }
			got, err := Read(bytes.NewReader(m.bytes()))
			want := map[string]pinner.Fingerprint{"fmt": pinner.Fingerprint([]byte("FMT45678")), "os": pinner.Fingerprint([]byte("OS345678"))}
			if err != nil || !maps.Equal(got, want) {
				t.Errorf("got %q, %v", got, err)
			}
			version, text, err := ReadBuildInfo(bytes.NewReader(m.bytes()))
			if version != "go1.23.5" || text != "path\tx\n" || err != nil {
				t.Errorf("build info: %q, %q, %v", version, text, err)
			}
			b, err := ReadBinary(bytes.NewReader(m.bytes()))
			if err != nil || b.Format != "Mach-O" || b.Arch == "amd64" != form.is64 {
				t.Errorf("binary: %+v, %v", b, err)
			}
		})
	}
}

// inlineInfo is what the linker writes since Go 1.18.
func inlineInfo(version, text string) string {
	text = strings.Repeat("<", markerBytes) + text + strings.Repeat(">", markerBytes)
	b := append([]byte(infoMagic), 8, flagInline)
	b = append(b, make([]byte, infoHeader-len(b))...)
	b = append(binary.AppendUvarint(b, uint64(len(version))), version...)
	b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	return string(b)
}

var machSpoiled = []struct {
	name string
	edit func(*machParts)
	want string
}{
	{"many commands", func(p *machParts) { p.head.Ncmd = math.MaxUint32 }, "4294967295 load commands"},
	{"loop", func(p *machParts) { p.segment.Len = 0 }, "load command 0: 0 bytes do not fit"},
	{"command beyond", func(p *machParts) { p.segment.Len = math.MaxUint32 }, "do not fit"},
	{"segment", func(p *machParts) { p.segment.Offset = math.MaxUint64 }, "is no part of a file"},
	{"segment of 4 EiB", func(p *machParts) { p.segment.Filesz = math.MaxUint64 }, "is no part of a file"},
	{"sections", func(p *machParts) { p.segment.Nsect = math.MaxUint32 }, "sections do not fit"},
	{"symbols", func(p *machParts) { p.symtab.Nsyms = math.MaxUint32 }, "want at most"},
	{"symbols outside", func(p *machParts) { p.symtab.Symoff = math.MaxUint32 }, "end of symbol table: unexpected EOF"},
	{"strings of 4 GiB", func(p *machParts) { p.symtab.Strsize = math.MaxUint32 }, "want at most"},
	{"strings outside", func(p *machParts) { p.symtab.Stroff = math.MaxUint32 }, "end of string table: unexpected EOF"},
	{"address outside", func(p *machParts) { p.entries[0].Value = 1 }, "is in no segment of the file"},
	{"segment elsewhere", func(p *machParts) { p.segment.Offset = 1 << 30 }, "fingerprint: unexpected EOF"},
	{"twice", func(p *machParts) { p.entries[1] = p.entries[0] }, "defined twice"},
}

func machSpoil(f func(*machParts)) []byte {
	m := machImage{is64: true, order: binary.LittleEndian, syms: []symbol{under("fmt", "FMT45678"), under("os", "OS345678")}, info: inlineInfo("go1.23.5", "path\tx\n"), edit: f}
	return m.bytes()
}

func TestMachOSpoiled(t *testing.T) {
	t.Parallel()
	for _, tt := range machSpoiled {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Read(bytes.NewReader(machSpoil(tt.edit)))
			if got != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want error with %q", got, err, tt.want)
			}
		})
	}
	if _, err := Read(bytes.NewReader([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x02"))); err == nil || !strings.Contains(err.Error(), "lipo -thin") {
		t.Errorf("universal file: %v", err)
	}
	noSymbols := machSpoil(func(p *machParts) { p.symtab.Nsyms = 0; p.symtab.Strsize = 0 })
	if _, err := Read(bytes.NewReader(noSymbols)); !errors.Is(err, ErrNoTable) {
		t.Errorf("no symbols: %v", err)
	}
}

// TestMachOCut cuts a good file at every byte: no panic, and never half a table.
func TestMachOCut(t *testing.T) {
	t.Parallel()
	whole := machSpoil(nil)
	for n := range whole {
		if got, err := Read(bytes.NewReader(whole[:n])); err == nil || errors.Is(err, ErrNoTable) {
			t.Errorf("first %d of %d bytes: got %v, %v", n, len(whole), got, err)
		}
	}
}

// TestMachODarwin reads a program that the local toolchain has linked for
// macOS. It is no plugin host: that takes Apple's linker.
func TestMachODarwin(t *testing.T) {
	t.Parallel()
	dir := writeSource(t)
	for _, i := range tier.Each(t, "architectures", 2, 2, 1) {
		arch := []string{"amd64", "arm64"}[i]
		f := openTest(t, crossBuild(t, dir, "darwin", arch))
		if b, err := ReadBinary(f); err != nil || b.Format != "Mach-O" || b.Arch != arch {
			t.Errorf("%s: %+v, %v", arch, b, err)
		}
		if v, text, err := ReadBuildInfo(f); err != nil || !strings.HasPrefix(v, "go") || !strings.Contains(text, "build\tGOARCH="+arch+"\n") {
			t.Errorf("%s: %q, %q, %v", arch, v, text, err)
		}
		if table, err := Read(f); !errors.Is(err, ErrNoTable) {
			t.Errorf("%s: %d packages, %v", arch, len(table), err)
		}
	}
}
