package pkghash

import (
	"fmt"
	"io"

	"github.com/pinfix/pinfix/pinner"
)

const (
	machSymbols = "symbol table"
	machStrings = "string table"
)

// table reads the symbols of LC_SYMTAB. An nlist begins with the place of its
// name, its type and its section, and ends with its address; it has no size.
func (f *machFile) table() (map[string]pinner.Fingerprint, error) {
	if f.symtab == nil {
		return nil, ErrNoTable
	}
	size := 12
	if f.is64 {
		size = 16
	}
	syms := region{uint64(f.symtab.Symoff), uint64(f.symtab.Nsyms) * uint64(size), machSymbols}
	strs := region{uint64(f.symtab.Stroff), uint64(f.symtab.Strsize), machStrings}
	if err := checkRegion(f.r, syms, maxSymbols*uint64(size)); err != nil {
		return nil, err
	}
	if err := checkRegion(f.r, strs, maxStrings); err != nil {
		return nil, err
	}
	names, err := packageNames(f.r, strs)
	if err != nil || len(names.at) == 0 {
		return nil, err
	}
	table := make(map[string]pinner.Fingerprint, len(names.at))
	err = names.symbols(f.r, syms, size, f.order, func(off uint64, at uint32, entry []byte) error {
		name, ok := f.name(names.at, strs, at)
		if !ok || entry[4]&typeStab != 0 || entry[4]&typeMask != typeSect {
			return nil // another name, a debugger's note, or a reference
		}
		if err := f.addFingerprint(table, name, word(f.order, f.is64, entry[8:])); err != nil {
			return &ReadError{off, fmt.Sprintf("symbol of package %q", name), err}
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
func (f *machFile) name(names map[uint32]string, strs region, off uint32) (string, bool) {
	if name, ok := names[off]; ok {
		return name, true
	}
	name, ok := names[off+1]
	if !ok || off+1 == 0 {
		return "", false
	}
	var c [1]byte
	err := readAt(f.r, c[:], strs.off+uint64(off), machStrings)
	return name, err == nil && c[0] == '_'
}

func (f *machFile) addFingerprint(table map[string]pinner.Fingerprint, name string, addr uint64) error {
	if err := checkNew(table, name); err != nil {
		return err
	}
	var hash pinner.Fingerprint
	for _, s := range f.segments {
		if addr >= s.addr && addr-s.addr < s.size && s.size-(addr-s.addr) >= uint64(len(hash)) {
			err := readAt(f.r, hash[:], s.off+(addr-s.addr), "fingerprint")
			table[name] = hash
			return err
		}
	}
	return fmt.Errorf("address %#x is in no segment of the file", addr)
}

// checkRegion reports whether g is at most limit bytes and whole in the file.
func checkRegion(r io.ReaderAt, g region, limit uint64) error {
	switch {
	case g.size > limit:
		return &ReadError{g.off, g.part, fmt.Errorf("%d bytes, want at most %d", g.size, limit)}
	case g.size == 0:
		return nil
	}
	return readAt(r, make([]byte, 1), g.off+g.size-1, "end of "+g.part)
}
