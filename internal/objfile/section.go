package objfile

import (
	"debug/elf"
	"fmt"
	"math"
	"strconv"
)

// A Section is a section header and its place in the table.
type Section struct {
	elf.Section64
	index uint32
}

// Part names the section in errors.
func (s Section) Part() string {
	return fmt.Sprintf("section %d (%v)", s.index, elf.SectionType(s.Type))
}

// Errorf returns the [*ReadError] of the section.
func (s Section) Errorf(format string, args ...any) error {
	return &ReadError{s.Off, s.Part(), fmt.Errorf(format, args...)}
}

// SymbolTable finds a symbol table and its strings, and checks that both may be read
// to their end.
//
// The section is found by its type, since section names may be stripped. A file
// has at most one (gABI, "Sections").
func (f *ELF) SymbolTable(typ elf.SectionType) (syms, strs Section, err error) {
	syms, err = f.sectionOfType(typ)
	if err != nil {
		return syms, strs, err
	}
	if syms.Entsize != f.symbolSize() || syms.Size%syms.Entsize != 0 {
		return syms, strs, syms.Errorf("%d bytes in entries of %d, want entries of %d", syms.Size, syms.Entsize, f.symbolSize())
	}
	if err := f.CheckSection(syms, MaxSymbols*syms.Entsize); err != nil {
		return syms, strs, err
	}
	if syms.Link >= uint32(f.Head.Shnum) {
		return syms, strs, syms.Errorf("string table is section %d of %d", syms.Link, f.Head.Shnum)
	}
	strs, err = f.Section(syms.Link)
	if err != nil {
		return syms, strs, err
	}
	if elf.SectionType(strs.Type) != elf.SHT_STRTAB {
		return syms, strs, strs.Errorf("not a string table, but section %d uses it as one", syms.index)
	}
	return syms, strs, f.CheckSection(strs, MaxStrings)
}

func (f *ELF) sectionOfType(typ elf.SectionType) (Section, error) {
	for i := range uint32(f.Head.Shnum) {
		s, err := f.Section(i)
		if err != nil {
			return s, err
		}
		if elf.SectionType(s.Type) == typ {
			return s, nil
		}
	}
	return Section{}, ErrNoSymbols
}

// Section reads section header i.
func (f *ELF) Section(i uint32) (Section, error) {
	b := make([]byte, f.Head.Shentsize)
	if err := f.ReadFull(b, f.Head.Shoff+uint64(i)*uint64(len(b)), "section header "+strconv.Itoa(int(i))); err != nil {
		return Section{}, err
	}
	d := fields{f, b}
	return Section{elf.Section64{
		Name:      d.uint32(),
		Type:      d.uint32(),
		Flags:     d.word(),
		Addr:      d.word(),
		Off:       d.word(),
		Size:      d.word(),
		Link:      d.uint32(),
		Info:      d.uint32(),
		Addralign: d.word(),
		Entsize:   d.word(),
	}, i}, nil
}

// fields reads one field of a structure after the other. [encoding/binary]
// decodes whole structures by reflection, which is felt where there are hundreds.
type fields struct {
	f *ELF
	b []byte
}

func (d *fields) take(n int) []byte {
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *fields) uint8() uint8   { return d.take(1)[0] }
func (d *fields) uint16() uint16 { return d.f.Order.Uint16(d.take(2)) }
func (d *fields) uint32() uint32 { return d.f.Order.Uint32(d.take(4)) }

// word reads an address or a size.
func (d *fields) word() uint64 {
	if d.f.Is64 {
		return d.f.Word(d.take(8))
	}
	return d.f.Word(d.take(4))
}

// Symbol decodes one entry of a symbol table.
func (f *ELF) Symbol(entry []byte) elf.Sym64 {
	d := fields{f, entry}
	s := elf.Sym64{Name: d.uint32()}
	if !f.Is64 {
		s.Value, s.Size = d.word(), d.word()
	}
	s.Info, s.Other, s.Shndx = d.uint8(), d.uint8(), d.uint16()
	if f.Is64 {
		s.Value, s.Size = d.word(), d.word()
	}
	return s
}

// CheckSection reports whether s is plain bytes, at most limit of them, and
// whole in the file.
func (f *ELF) CheckSection(s Section, limit uint64) error {
	switch {
	case elf.SectionFlag(s.Flags)&elf.SHF_COMPRESSED != 0:
		// gABI: never on a section that is loaded, and those read here are.
		return s.Errorf("compressed")
	case s.Size > limit:
		return s.Errorf("%d bytes, want at most %d", s.Size, limit)
	case s.Off > math.MaxInt64-s.Size:
		return s.Errorf("offset is no place in a file")
	case s.Size == 0:
		return nil
	}
	return f.ReadFull(make([]byte, 1), s.Off+s.Size-1, "end of "+s.Part())
}

func (f *ELF) symbolSize() uint64 {
	if f.Is64 {
		return elf.Sym64Size
	}
	return elf.Sym32Size
}
