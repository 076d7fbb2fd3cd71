package pkghash

import (
	"bytes"
	"debug/elf"
	"encoding/binary"

	"github.com/pinfix/pinfix/pinner"
)

// loadAddr is where the one segment of an image is loaded.
const loadAddr = 0x40_0000

// The sections of an image.
const (
	_ = iota // SHT_NULL
	symSection
	strSection
	sectionCount
)

// An image is a minimal ELF file with a package table: one PT_LOAD that holds
// the whole file, .dynsym and .dynstr. The edit functions, if set, spoil it just
// before it is written.
type image struct {
	is64  bool
	order binary.ByteOrder
	syms  []symbol

	editHead     func(*elf.Header64)
	editProg     func(*elf.Prog64)
	editSections func([]elf.Section64)
}

// A symbol is one entry of .dynsym, and the bytes that it stands for.
type symbol struct {
	name string
	hash pinner.Fingerprint
	edit func(*elf.Sym64)
}

// pkg is the symbol that the linker writes for a package.
func pkg(path, hash string) symbol {
	return symbol{name: "go:link.pkghashbytes." + path, hash: pinner.Fingerprint([]byte(hash))}
}

// bytes writes the image: header, program header, section headers, symbols,
// fingerprints, strings.
func (m image) bytes() []byte {
	var (
		prog     = m.size(elf.Header64{})
		sections = prog + m.size(elf.Prog64{})
		syms     = sections + sectionCount*m.size(elf.Section64{})
		hashes   = syms + uint64(1+len(m.syms))*m.size(elf.Sym64{})
		strs     = hashes + uint64(len(m.syms))*8
	)
	names := []byte{0}
	var entries, data bytes.Buffer
	m.write(&entries, elf.Sym64{})
	for _, s := range m.syms {
		sym := elf.Sym64{
			Name: uint32(len(names)), Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_OBJECT),
			Shndx: symSection, Value: loadAddr + hashes + uint64(data.Len()), Size: 8,
		}
		edit(s.edit, &sym)
		m.write(&entries, sym)
		data.Write(s.hash[:])
		names = append(append(names, s.name...), 0)
	}
	end := strs + uint64(len(names))

	var w bytes.Buffer
	m.write(&w, m.head(prog, sections))
	load := elf.Prog64{Type: uint32(elf.PT_LOAD), Vaddr: loadAddr, Filesz: end, Memsz: end}
	edit(m.editProg, &load)
	m.write(&w, load)
	table := make([]elf.Section64, sectionCount)
	table[symSection] = elf.Section64{
		Type: uint32(elf.SHT_DYNSYM), Off: syms, Size: hashes - syms,
		Link: strSection, Entsize: m.size(elf.Sym64{}),
	}
	table[strSection] = elf.Section64{Type: uint32(elf.SHT_STRTAB), Off: strs, Size: end - strs}
	if m.editSections != nil {
		m.editSections(table)
	}
	for _, s := range table {
		m.write(&w, s)
	}
	w.Write(entries.Bytes())
	w.Write(data.Bytes())
	w.Write(names)
	return w.Bytes()
}

func (m image) head(prog, sections uint64) elf.Header64 {
	h := elf.Header64{
		Type: uint16(elf.ET_DYN), Version: uint32(elf.EV_CURRENT),
		Phoff: prog, Phnum: 1, Phentsize: uint16(m.size(elf.Prog64{})),
		Shoff: sections, Shnum: sectionCount, Shentsize: uint16(m.size(elf.Section64{})),
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS32)
	if m.is64 {
		h.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	}
	h.Ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	if m.order == binary.BigEndian {
		h.Ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	h.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	edit(m.editHead, &h)
	return h
}

func edit[T any](f func(*T), v *T) {
	if f != nil {
		f(v)
	}
}

func (m image) size(v any) uint64 {
	return uint64(binary.Size(m.narrow(v)))
}

// write cannot fail: a Buffer takes everything, and the structures are of fixed
// size.
func (m image) write(w *bytes.Buffer, v any) {
	_ = binary.Write(w, m.order, m.narrow(v))
}

// narrow turns a 64-bit structure into the one of the image's class.
func (m image) narrow(v any) any {
	if m.is64 {
		return v
	}
	switch v := v.(type) {
	case elf.Header64:
		return elf.Header32{
			Ident: v.Ident, Type: v.Type, Machine: v.Machine, Version: v.Version,
			Phoff: uint32(v.Phoff), Phentsize: v.Phentsize, Phnum: v.Phnum,
			Shoff: uint32(v.Shoff), Shentsize: v.Shentsize, Shnum: v.Shnum, Shstrndx: v.Shstrndx,
		}
	case elf.Prog64:
		return elf.Prog32{
			Type: v.Type, Flags: v.Flags, Off: uint32(v.Off), Vaddr: uint32(v.Vaddr),
			Filesz: uint32(v.Filesz), Memsz: uint32(v.Memsz),
		}
	case elf.Section64:
		return elf.Section32{
			Name: v.Name, Type: v.Type, Flags: uint32(v.Flags), Off: uint32(v.Off), Size: uint32(v.Size),
			Link: v.Link, Entsize: uint32(v.Entsize),
		}
	case elf.Sym64:
		return elf.Sym32{
			Name: v.Name, Value: uint32(v.Value), Size: uint32(v.Size), Info: v.Info, Shndx: v.Shndx,
		}
	default:
		panic("image: unknown structure")
	}
}
