package pkghash

import (
	"debug/elf"
	"fmt"
	"math"
	"strconv"
)

// A section is a section header and its place in the table.
type section struct {
	elf.Section64
	index uint32
}

func (s section) part() string {
	return fmt.Sprintf("section %d (%v)", s.index, elf.SectionType(s.Type))
}

func (s section) errorf(format string, args ...any) error {
	return &ReadError{s.Off, s.part(), fmt.Errorf(format, args...)}
}

// dynamicSymbols finds the dynamic symbol table and its strings.
func (f *file) dynamicSymbols() (syms, strs section, err error) {
	return f.symbolTable(elf.SHT_DYNSYM)
}

// symbolTable finds a symbol table and its strings, and checks that both may be read
// to their end.
//
// The section is found by its type, since section names may be stripped. A file
// has at most one (gABI, "Sections").
func (f *file) symbolTable(typ elf.SectionType) (syms, strs section, err error) {
	syms, err = f.sectionOfType(typ)
	if err != nil {
		return syms, strs, err
	}
	if syms.Entsize != f.symbolSize() || syms.Size%syms.Entsize != 0 {
		return syms, strs, syms.errorf("%d bytes in entries of %d, want entries of %d", syms.Size, syms.Entsize, f.symbolSize())
	}
	if err := f.checkSection(syms, maxSymbols*syms.Entsize); err != nil {
		return syms, strs, err
	}
	if syms.Link >= uint32(f.head.Shnum) {
		return syms, strs, syms.errorf("string table is section %d of %d", syms.Link, f.head.Shnum)
	}
	strs, err = f.section(syms.Link)
	if err != nil {
		return syms, strs, err
	}
	if elf.SectionType(strs.Type) != elf.SHT_STRTAB {
		return syms, strs, strs.errorf("not a string table, but section %d uses it as one", syms.index)
	}
	return syms, strs, f.checkSection(strs, maxStrings)
}

func (f *file) sectionOfType(typ elf.SectionType) (section, error) {
	for i := range uint32(f.head.Shnum) {
		s, err := f.section(i)
		if err != nil {
			return s, err
		}
		if elf.SectionType(s.Type) == typ {
			return s, nil
		}
	}
	return section{}, ErrNoTable
}

func (f *file) section(i uint32) (section, error) {
	b := make([]byte, f.head.Shentsize)
	if err := f.readAt(b, f.head.Shoff+uint64(i)*uint64(len(b)), "section header "+strconv.Itoa(int(i))); err != nil {
		return section{}, err
	}
	d := fields{f, b}
	return section{elf.Section64{
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
	f *file
	b []byte
}

func (d *fields) take(n int) []byte {
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *fields) uint8() uint8   { return d.take(1)[0] }
func (d *fields) uint16() uint16 { return d.f.order.Uint16(d.take(2)) }
func (d *fields) uint32() uint32 { return d.f.order.Uint32(d.take(4)) }

// word reads an address or a size.
func (d *fields) word() uint64 {
	if d.f.is64 {
		return d.f.word(d.take(8))
	}
	return d.f.word(d.take(4))
}

// checkSection reports whether s is plain bytes, at most limit of them, and
// whole in the file.
func (f *file) checkSection(s section, limit uint64) error {
	switch {
	case elf.SectionFlag(s.Flags)&elf.SHF_COMPRESSED != 0:
		// gABI: never on a section that is loaded, and those read here are.
		return s.errorf("compressed")
	case s.Size > limit:
		return s.errorf("%d bytes, want at most %d", s.Size, limit)
	case s.Off > math.MaxInt64-s.Size:
		return s.errorf("offset is no place in a file")
	case s.Size == 0:
		return nil
	}
	return f.readAt(make([]byte, 1), s.Off+s.Size-1, "end of "+s.part())
}

func (f *file) symbolSize() uint64 {
	if f.is64 {
		return elf.Sym64Size
	}
	return elf.Sym32Size
}
