package objfile

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Limits for hostile files. debug/macho.NewFile is not used for the same reason
// as debug/elf's: it keeps all load commands, sections, symbols and names.
const (
	maxCommands = 1 << 12 // dyld itself refuses more than 64 KiB or so of them
	maxSections = 1 << 8  // of a segment; a Mach-O symbol can name only 255
)

const (
	machPart = "Mach-O header"
	infoName = "__go_buildinfo"
)

// IsMachO tells thin and universal files by their first bytes.
func IsMachO(magic [4]byte) bool {
	switch binary.BigEndian.Uint32(magic[:]) {
	case macho.Magic32, macho.Magic64, macho.MagicFat, 0xcefaedfe, 0xcffaedfe:
		return true
	}
	return false
}

// A MachO is an open Mach-O file.
type MachO struct {
	R        io.ReaderAt
	Order    binary.ByteOrder
	Is64     bool
	Cpu      macho.Cpu
	Symtab   *macho.SymtabCmd // or nil
	Info     *Region          // __go_buildinfo, or nil
	segments []segment
}

// OpenMachO reads the header and the load commands of a file that begins with magic.
func OpenMachO(r io.ReaderAt, magic [4]byte) (*MachO, error) {
	f := &MachO{R: r, Order: binary.LittleEndian}
	switch binary.BigEndian.Uint32(magic[:]) {
	case macho.MagicFat:
		return nil, &ReadError{0, machPart, errors.New("a universal file; take the program for one machine out of it with lipo -thin")}
	case macho.Magic32, macho.Magic64:
		f.Order = binary.BigEndian
	}
	f.Is64 = f.Order.Uint32(magic[:]) == macho.Magic64
	var h macho.FileHeader
	if err := f.decodeAt(0, machPart, &h); err != nil {
		return nil, err
	}
	f.Cpu = h.Cpu
	if h.Ncmd > maxCommands {
		return nil, &ReadError{0, machPart, fmt.Errorf("%d load commands, want at most %d", h.Ncmd, maxCommands)}
	}
	return f, f.readCommands(h)
}

// readCommands reads the load commands, which follow the header.
func (f *MachO) readCommands(h macho.FileHeader) error {
	off := uint64(binary.Size(h))
	if f.Is64 {
		off += 4 // reserved
	}
	end := off + uint64(h.Cmdsz)
	for i := range h.Ncmd {
		part := fmt.Sprintf("load command %d", i)
		var head struct{ Cmd, Len uint32 }
		if err := f.decodeAt(off, part, &head); err != nil {
			return err
		}
		if head.Len < 8 || off+uint64(head.Len) > end {
			return &ReadError{off, part, fmt.Errorf("%d bytes do not fit", head.Len)}
		}
		if err := f.readCommand(macho.LoadCmd(head.Cmd), off, uint64(head.Len), part); err != nil {
			return err
		}
		off += uint64(head.Len)
	}
	return nil
}

func (f *MachO) readCommand(cmd macho.LoadCmd, off, size uint64, part string) error {
	switch {
	case cmd == macho.LoadCmdSymtab && f.Symtab == nil:
		f.Symtab = new(macho.SymtabCmd)
		return f.decodeAt(off, part, f.Symtab)
	case cmd == macho.LoadCmdSegment64 && f.Is64:
		var s macho.Segment64
		if err := f.decodeAt(off, part, &s); err != nil {
			return err
		}
		return f.addSegment(s, off, size, part)
	case cmd == macho.LoadCmdSegment && !f.Is64:
		var s macho.Segment32
		if err := f.decodeAt(off, part, &s); err != nil {
			return err
		}
		return f.addSegment(macho.Segment64{Addr: uint64(s.Addr), Offset: uint64(s.Offset), Filesz: uint64(s.Filesz), Nsect: s.Nsect}, off, size, part)
	}
	return nil
}

// addSegment keeps s, and looks for the build info among its sections.
func (f *MachO) addSegment(s macho.Segment64, off, size uint64, part string) error {
	head, each := binary.Size(macho.Segment32{}), binary.Size(macho.Section32{})
	if f.Is64 {
		head, each = binary.Size(s), binary.Size(macho.Section64{})
	}
	switch {
	case s.Offset > math.MaxInt64 || s.Filesz > math.MaxInt64-s.Offset:
		return &ReadError{off, part, fmt.Errorf("segment %#x+%#x is no part of a file", s.Offset, s.Filesz)}
	case s.Nsect > maxSections || uint64(head)+uint64(s.Nsect)*uint64(each) > size:
		return &ReadError{off, part, fmt.Errorf("%d sections do not fit", s.Nsect)}
	}
	f.segments = append(f.segments, segment{s.Addr, s.Filesz, s.Offset})
	for i := range uint64(s.Nsect) {
		sec, err := f.section(off+uint64(head)+i*uint64(each), part)
		if err != nil {
			return err
		}
		if f.Info == nil && cString(sec.Name[:]) == infoName {
			f.Info = &Region{uint64(sec.Offset), sec.Size, infoName}
		}
	}
	return nil
}

func (f *MachO) section(off uint64, part string) (macho.Section64, error) {
	if f.Is64 {
		var s macho.Section64
		err := f.decodeAt(off, part, &s)
		return s, err
	}
	var s macho.Section32
	err := f.decodeAt(off, part, &s)
	return macho.Section64{Name: s.Name, Offset: s.Offset, Size: uint64(s.Size)}, err
}

func cString(b []byte) string {
	before, _, _ := bytes.Cut(b, []byte{0})
	return string(before)
}

// FileOffset returns where the n bytes that are loaded at addr are in the file.
func (f *MachO) FileOffset(addr, n uint64) (uint64, bool) {
	for _, s := range f.segments {
		if off, ok := s.place(addr, n); ok {
			return off, true
		}
	}
	return 0, false
}

func (f *MachO) decodeAt(off uint64, part string, v any) error {
	return DecodeAt(f.R, f.Order, off, part, v)
}
