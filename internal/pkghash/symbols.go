package pkghash

import (
	"debug/elf"
	"errors"
	"fmt"

	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/pinner"
)

// fingerprints reads the symbols whose names are in names, and the 8 bytes each
// stands for.
//
// A symbol of that name which is not what the linker writes is an error: left
// out, its package would pass as not linked, and a plugin that is refused as one
// that loads.
func (f *file) fingerprints(syms objfile.Section, names *nameTable) (map[string]pinner.Fingerprint, error) {
	table := make(map[string]pinner.Fingerprint, len(names.at))
	err := names.symbols(f.R, objfile.Region{Off: syms.Off, Size: syms.Size, Part: syms.Part()}, int(syms.Entsize), f.Order, func(off uint64, at uint32, entry []byte) error {
		name, ok := names.at[at]
		if !ok {
			return nil
		}
		if err := f.addFingerprint(table, name, entry); err != nil {
			return objfile.At(off, fmt.Sprintf("symbol of package %q", name), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return table, nil
}

func (f *file) addFingerprint(table map[string]pinner.Fingerprint, name string, entry []byte) error {
	sym := f.Symbol(entry)
	if elf.SectionIndex(sym.Shndx) == elf.SHN_UNDEF {
		return nil // a reference to another file's symbol
	}
	if err := checkNew(table, name); err != nil {
		return err
	}
	hash, err := f.fingerprint(sym)
	if err != nil {
		return err
	}
	table[name] = hash
	return nil
}

// checkNew reports whether a package may go into the table.
func checkNew(table map[string]pinner.Fingerprint, name string) error {
	if err := objfile.CheckName(name); err != nil {
		return err
	}
	if _, ok := table[name]; ok {
		return errors.New("defined twice")
	}
	return nil
}

// fingerprint reads the bytes of sym from the segment that is loaded at its
// address. They are bytes: the file's byte order does not matter to them.
func (f *file) fingerprint(sym elf.Sym64) (hash pinner.Fingerprint, err error) {
	if typ := elf.ST_TYPE(sym.Info); typ != elf.STT_OBJECT || sym.Size != uint64(len(hash)) {
		return hash, fmt.Errorf("%v of %d bytes, want %v of %d", typ, sym.Size, elf.STT_OBJECT, len(hash))
	}
	off, ok := f.FileOffset(sym.Value, sym.Size)
	if !ok {
		return hash, fmt.Errorf("address %#x is in no loaded segment of the file", sym.Value)
	}
	err = f.ReadFull(hash[:], off, "fingerprint")
	return hash, err
}
