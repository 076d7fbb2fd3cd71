package objfile

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Limits for hostile files. Real files are far below these: a Go
// program has about 12 program headers and 50 sections, and one of 60 MB some
// hundred thousand symbols.
const (
	MaxProgs   = 1 << 10 // kept, and searched for each fingerprint
	MaxSymbols = 1 << 22 // 96 MiB of 64-bit symbols, streamed
	MaxStrings = 1 << 28 // bytes of symbol names, streamed
)

const headerPart = "ELF header"

// An ELF is an open ELF file. Only its loaded segments are kept in memory. The
// 64-bit structures stand for those of 32-bit files too. It has many methods, one for each
// table and each question about it.
type ELF struct {
	R     io.ReaderAt
	Order binary.ByteOrder
	Is64  bool
	Head  elf.Header64
	Loads []elf.Prog64 // PT_LOAD

	Interp, Dynamic *elf.Prog64 // the first PT_INTERP and PT_DYNAMIC, or nil
}

// OpenELF reads the header and the program headers.
func OpenELF(r io.ReaderAt) (*ELF, error) {
	f := &ELF{R: r}
	if err := f.readIdent(); err != nil {
		return nil, err
	}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	if err := f.readLoads(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *ELF) readIdent() error {
	const part = "ELF identification"
	var ident [elf.EI_NIDENT]byte
	if err := f.ReadFull(ident[:], 0, part); err != nil {
		return err
	}
	switch class := elf.Class(ident[elf.EI_CLASS]); class {
	case elf.ELFCLASS32:
	case elf.ELFCLASS64:
		f.Is64 = true
	default:
		return &ReadError{elf.EI_CLASS, part, fmt.Errorf("unknown class %v", class)}
	}
	switch data := elf.Data(ident[elf.EI_DATA]); data {
	case elf.ELFDATA2LSB:
		f.Order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		f.Order = binary.BigEndian
	default:
		return &ReadError{elf.EI_DATA, part, fmt.Errorf("unknown byte order %v", data)}
	}
	return nil
}

func (f *ELF) readHeader() error {
	if f.Is64 {
		if err := f.decodeAt(0, headerPart, &f.Head); err != nil {
			return err
		}
		return f.checkHeader(binary.Size(elf.Prog64{}), binary.Size(elf.Section64{}))
	}
	var h elf.Header32
	if err := f.decodeAt(0, headerPart, &h); err != nil {
		return err
	}
	f.Head = elf.Header64{
		Machine:   h.Machine,
		Phoff:     uint64(h.Phoff),
		Phentsize: h.Phentsize,
		Phnum:     h.Phnum,
		Shoff:     uint64(h.Shoff),
		Shentsize: h.Shentsize,
		Shnum:     h.Shnum,
		Shstrndx:  h.Shstrndx,
	}
	return f.checkHeader(binary.Size(elf.Prog32{}), binary.Size(elf.Section32{}))
}

// checkHeader bounds what the later steps read. A file without section headers
// is not taken for one without symbols: the loader may still find some there
// (by PT_DYNAMIC), so [ErrNoSymbols] would be a guess.
func (f *ELF) checkHeader(progSize, sectionSize int) error {
	h := f.Head
	var err error
	switch {
	case h.Phnum > MaxProgs:
		err = fmt.Errorf("%d program headers, want at most %d", h.Phnum, MaxProgs)
	case h.Phnum > 0 && int(h.Phentsize) != progSize:
		err = fmt.Errorf("program headers of %d bytes, want %d", h.Phentsize, progSize)
	case h.Shoff == 0 || h.Shnum == 0:
		err = errors.New("no section headers")
	case int(h.Shentsize) != sectionSize:
		err = fmt.Errorf("section headers of %d bytes, want %d", h.Shentsize, sectionSize)
	default:
		return nil
	}
	return &ReadError{0, headerPart, err}
}

// readLoads keeps the segments that the loader maps, and the two that it reads.
func (f *ELF) readLoads() error {
	for i := range uint64(f.Head.Phnum) {
		off := f.Head.Phoff + i*uint64(f.Head.Phentsize)
		part := fmt.Sprintf("program header %d", i)
		p, err := f.progAt(off, part)
		if err != nil {
			return err
		}
		typ := elf.ProgType(p.Type)
		if typ != elf.PT_LOAD && typ != elf.PT_INTERP && typ != elf.PT_DYNAMIC {
			continue
		}
		if p.Off > math.MaxInt64 || p.Filesz > math.MaxInt64-p.Off {
			return &ReadError{off, part, fmt.Errorf("segment %#x+%#x is no part of a file", p.Off, p.Filesz)}
		}
		switch {
		case typ == elf.PT_LOAD:
			f.Loads = append(f.Loads, p)
		case typ == elf.PT_INTERP && f.Interp == nil:
			f.Interp = &p
		case typ == elf.PT_DYNAMIC && f.Dynamic == nil:
			f.Dynamic = &p
		}
	}
	return nil
}

func (f *ELF) progAt(off uint64, part string) (elf.Prog64, error) {
	if f.Is64 {
		var p elf.Prog64
		err := f.decodeAt(off, part, &p)
		return p, err
	}
	var p elf.Prog32
	err := f.decodeAt(off, part, &p)
	return elf.Prog64{
		Type:   p.Type,
		Flags:  p.Flags,
		Off:    uint64(p.Off),
		Vaddr:  uint64(p.Vaddr),
		Filesz: uint64(p.Filesz),
	}, err
}

// FileOffset returns where the n bytes that are loaded at addr are in the
// file. Bytes that exist only in memory (the rest of Memsz) have no place.
func (f *ELF) FileOffset(addr, n uint64) (uint64, bool) {
	for _, p := range f.Loads {
		if off, ok := (segment{p.Vaddr, p.Filesz, p.Off}).place(addr, n); ok {
			return off, true
		}
	}
	return 0, false
}

// decodeAt reads one structure of debug/elf.
func (f *ELF) decodeAt(off uint64, part string, v any) error {
	return DecodeAt(f.R, f.Order, off, part, v)
}

// ReadFull fills b with what is at off, or says which part of the file could not be read.
func (f *ELF) ReadFull(b []byte, off uint64, part string) error {
	return ReadAt(f.R, b, off, part)
}
