package pkghash

import (
	"debug/macho"
	"fmt"
	"math"

	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/pinner"
)

// A machFile is a Mach-O file.
type machFile struct{ *objfile.MachO }

// binary returns the machine; macOS has one libc.
func (f *machFile) binary() (*pinner.Binary, error) {
	b := &pinner.Binary{Format: "Mach-O"}
	switch f.Cpu {
	case macho.CpuAmd64:
		b.Arch = "amd64"
	case macho.CpuArm64:
		b.Arch = "arm64"
	}
	return b, nil
}

func (f *machFile) buildInfo() (*blob, error) {
	if f.Info == nil || f.Info.Size > math.MaxInt64-f.Info.Off {
		return nil, ErrNoBuildInfo
	}
	return &blob{f.R, f.Info.Off, f.Info.Size}, nil
}

const (
	machSymbols = "symbol table"
	machStrings = "string table"

	typeStab = 0xe0 // n_type: a debugger's symbol
	typeMask = 0x0e
	typeSect = 0x0e // n_type: defined in a section
)

// table reads the symbols of LC_SYMTAB. An nlist begins with the place of its
// name, its type and its section, and ends with its address; it has no size.
func (f *machFile) table() (map[string]pinner.Fingerprint, error) {
	if f.Symtab == nil {
		return nil, ErrNoTable
	}
	size := 12
	if f.Is64 {
		size = 16
	}
	syms := objfile.Region{Off: uint64(f.Symtab.Symoff), Size: uint64(f.Symtab.Nsyms) * uint64(size), Part: machSymbols}
	strs := objfile.Region{Off: uint64(f.Symtab.Stroff), Size: uint64(f.Symtab.Strsize), Part: machStrings}
	if err := objfile.CheckRegion(f.R, syms, objfile.MaxSymbols*uint64(size)); err != nil {
		return nil, err
	}
	if err := objfile.CheckRegion(f.R, strs, objfile.MaxStrings); err != nil {
		return nil, err
	}
	names, err := packageNames(f.R, strs)
	if err != nil || len(names.at) == 0 {
		return nil, err
	}
	table := make(map[string]pinner.Fingerprint, len(names.at))
	err = names.symbols(f.R, syms, size, f.Order, func(off uint64, at uint32, entry []byte) error {
		name, ok := f.name(names.at, strs, at)
		if !ok || entry[4]&typeStab != 0 || entry[4]&typeMask != typeSect {
			return nil // another name, a debugger's note, or a reference
		}
		if err := f.addFingerprint(table, name, objfile.Word(f.Order, f.Is64, entry[8:])); err != nil {
			return objfile.At(off, fmt.Sprintf("symbol of package %q", name), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return table, nil
}

// name returns the package whose symbol's name is at off in the strings: with
// the underscore that C compilers put before every name, or without.
func (f *machFile) name(names map[uint32]string, strs objfile.Region, off uint32) (string, bool) {
	if name, ok := names[off]; ok {
		return name, true
	}
	name, ok := names[off+1]
	if !ok || off+1 == 0 {
		return "", false
	}
	var c [1]byte
	err := objfile.ReadAt(f.R, c[:], strs.Off+uint64(off), machStrings)
	return name, err == nil && c[0] == '_'
}

func (f *machFile) addFingerprint(table map[string]pinner.Fingerprint, name string, addr uint64) error {
	if err := checkNew(table, name); err != nil {
		return err
	}
	var hash pinner.Fingerprint
	off, ok := f.FileOffset(addr, uint64(len(hash)))
	if !ok {
		return fmt.Errorf("address %#x is in no segment of the file", addr)
	}
	err := objfile.ReadAt(f.R, hash[:], off, "fingerprint")
	table[name] = hash
	return err
}
