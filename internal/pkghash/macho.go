package pkghash

import (
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/pinfix/pinfix/pinner"
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

	cpuARM64 = macho.CpuArm64
	typeStab = 0xe0 // n_type: a debugger's symbol
	typeMask = 0x0e
	typeSect = 0x0e // n_type: defined in a section
)

// isMachO tells thin and universal files by their first bytes.
func isMachO(magic [4]byte) bool {
	switch binary.BigEndian.Uint32(magic[:]) {
	case macho.Magic32, macho.Magic64, macho.MagicFat, 0xcefaedfe, 0xcffaedfe:
		return true
	}
	return false
}

// A machFile is an open Mach-O file.
type machFile struct {
	r        io.ReaderAt
	order    binary.ByteOrder
	is64     bool
	cpu      macho.Cpu
	segments []machSegment
	symtab   *macho.SymtabCmd
	info     *region // __go_buildinfo
}

// A machSegment is the part of a segment that is in the file.
type machSegment struct{ addr, off, size uint64 }

func openMachO(r io.ReaderAt, magic [4]byte) (*machFile, error) {
	f := &machFile{r: r, order: binary.LittleEndian}
	switch binary.BigEndian.Uint32(magic[:]) {
	case macho.MagicFat:
		return nil, &ReadError{0, machPart, errors.New("a universal file; take the program for one machine out of it with lipo -thin")}
	case macho.Magic32, macho.Magic64:
		f.order = binary.BigEndian
	}
	f.is64 = f.order.Uint32(magic[:]) == macho.Magic64
	var h macho.FileHeader
	if err := f.decodeAt(0, machPart, &h); err != nil {
		return nil, err
	}
	f.cpu = h.Cpu
	if h.Ncmd > maxCommands {
		return nil, &ReadError{0, machPart, fmt.Errorf("%d load commands, want at most %d", h.Ncmd, maxCommands)}
	}
	return f, f.readCommands(h)
}

// readCommands reads the load commands, which follow the header.
func (f *machFile) readCommands(h macho.FileHeader) error {
	off := uint64(binary.Size(h))
	if f.is64 {
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

func (f *machFile) readCommand(cmd macho.LoadCmd, off, size uint64, part string) error {
	switch {
	case cmd == macho.LoadCmdSymtab && f.symtab == nil:
		f.symtab = new(macho.SymtabCmd)
		return f.decodeAt(off, part, f.symtab)
	case cmd == macho.LoadCmdSegment64 && f.is64:
		var s macho.Segment64
		if err := f.decodeAt(off, part, &s); err != nil {
			return err
		}
		return f.addSegment(s, off, size, part)
	case cmd == macho.LoadCmdSegment && !f.is64:
		var s macho.Segment32
		if err := f.decodeAt(off, part, &s); err != nil {
			return err
		}
		return f.addSegment(macho.Segment64{Addr: uint64(s.Addr), Offset: uint64(s.Offset), Filesz: uint64(s.Filesz), Nsect: s.Nsect}, off, size, part)
	}
	return nil
}

// addSegment keeps s, and looks for the build info among its sections.
func (f *machFile) addSegment(s macho.Segment64, off, size uint64, part string) error {
	head, each := binary.Size(macho.Segment32{}), binary.Size(macho.Section32{})
	if f.is64 {
		head, each = binary.Size(s), binary.Size(macho.Section64{})
	}
	switch {
	case s.Offset > math.MaxInt64 || s.Filesz > math.MaxInt64-s.Offset:
		return &ReadError{off, part, fmt.Errorf("segment %#x+%#x is no part of a file", s.Offset, s.Filesz)}
	case s.Nsect > maxSections || uint64(head)+uint64(s.Nsect)*uint64(each) > size:
		return &ReadError{off, part, fmt.Errorf("%d sections do not fit", s.Nsect)}
	}
	f.segments = append(f.segments, machSegment{s.Addr, s.Offset, s.Filesz})
	for i := range uint64(s.Nsect) {
		sec, err := f.section(off+uint64(head)+i*uint64(each), part)
		if err != nil {
			return err
		}
		if f.info == nil && cString(sec.Name[:]) == infoName {
			f.info = &region{uint64(sec.Offset), sec.Size, infoName}
		}
	}
	return nil
}

func (f *machFile) section(off uint64, part string) (macho.Section64, error) {
	if f.is64 {
		var s macho.Section64
		err := f.decodeAt(off, part, &s)
		return s, err
	}
	var s macho.Section32
	err := f.decodeAt(off, part, &s)
	return macho.Section64{Name: s.Name, Offset: s.Offset, Size: uint64(s.Size)}, err
}

func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// binary returns the machine; macOS has one libc.
func (f *machFile) binary() (*pinner.Binary, error) {
	b := &pinner.Binary{Format: "Mach-O"}
	switch f.cpu {
	case macho.CpuAmd64:
		b.Arch = "amd64"
	case cpuARM64:
		b.Arch = "arm64"
	}
	return b, nil
}

func (f *machFile) buildInfo() (*blob, error) {
	if f.info == nil || f.info.size > math.MaxInt64-f.info.off {
		return nil, ErrNoBuildInfo
	}
	return &blob{f.r, f.info.off, f.info.size}, nil
}

func (f *machFile) decodeAt(off uint64, part string, v any) error {
	return decodeAt(f.r, f.order, off, part, v)
}
