// Package pkghash reads the table of package fingerprints that a Go program
// which can load plugins, and every plugin, carries in its symbols.
//
// The linker writes one symbol of 8 bytes for each package it links, if the
// output is a plugin or a program that imports package plugin
// (cmd/link/internal/ld/symtab.go); plugin.Open compares them package by
// package (runtime/plugin.go). [Program.Fingerprints] returns that table without
// loading or running anything, whatever the machine the file was built for;
// [Program.Binary] and [Program.BuildInfo] return the other facts of the same file.
//
// The tests compare ELF with real loads. They do not do that for Mach-O: its
// reader follows the format and the linker's source, its tests are files made by
// hand, and no test has run on macOS. The reader assumes that the symbols are in
// the symbol table (LC_SYMTAB), with the underscore that the system linker puts
// before each name, and that they stay there in a stripped program, because dyld
// needs them. It refuses a universal file; lipo -thin extracts one. Of PE it reads
// only the build info.
//
// Files may be hostile: they are read by package objfile, and memory use does not grow
// with the size of the file.
package pkghash

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/pinner"
)

// ErrNoTable reports a whole file without fingerprints: no plugin, and
// no program that can load one (built without cgo, linked statically, or
// not importing package plugin).
var ErrNoTable = errors.New("no package fingerprints: neither a plugin nor a program that can load plugins")

// A Program is an open program or plugin.
type Program struct{ object }

// An object is an open file of one of the formats.
type object interface {
	// table returns the fingerprints: all of them, or an error.
	table() (map[string]pinner.Fingerprint, error)
	binary() (*pinner.Binary, error)
	// buildInfo returns what the linker has put aside for debug/buildinfo.
	buildInfo() (*blob, error)
}

// Open reads the headers of a program or plugin. The error is a [*objfile.ReadError],
// which wraps [objfile.ErrFormat] if r is a file of another kind, as those of Binary and
// Fingerprints do of a PE file. r must last as long as the program.
func Open(r io.ReaderAt) (*Program, error) {
	f, err := open(objfile.Cached(r))
	if err != nil {
		return nil, err
	}
	return &Program{f}, nil
}

// open tells the format by the first bytes.
func open(r io.ReaderAt) (object, error) {
	const part = "first bytes"
	var magic [4]byte
	err := objfile.ReadAt(r, magic[:], 0, part)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, objfile.At(0, part, objfile.ErrFormat)
	case err != nil:
		return nil, err
	case string(magic[:]) == elf.ELFMAG:
		f, err := objfile.OpenELF(r)
		return &file{f}, err
	case objfile.IsMachO(magic):
		f, err := objfile.OpenMachO(r, magic)
		return &machFile{f}, err
	case string(magic[:2]) == peMagic:
		return peFile{r}, nil
	}
	return nil, objfile.At(0, part, objfile.ErrFormat)
}

// Fingerprints returns the fingerprint of every package that is linked, by import
// path. A program's own main package is "main", a plugin's is its plugin path: the
// import path, or "plugin/unnamed-…" when it was built from a list of files.
//
// The error is [ErrNoTable] if there are no fingerprints, and a [*objfile.ReadError]
// otherwise. It returns the whole table or none.
func (p *Program) Fingerprints() (map[string]pinner.Fingerprint, error) {
	table, err := p.table()
	if err != nil {
		return nil, err
	}
	if len(table) == 0 {
		return nil, ErrNoTable
	}
	return table, nil
}

// Binary returns the machine and libc facts.
func (p *Program) Binary() (*pinner.Binary, error) { return p.binary() }

// A file is an ELF file.
type file struct{ *objfile.ELF }

// dynamicSymbols finds the dynamic symbol table and its strings.
func (f *file) dynamicSymbols() (syms, strs objfile.Section, err error) {
	syms, strs, err = f.SymbolTable(elf.SHT_DYNSYM)
	if errors.Is(err, objfile.ErrNoSymbols) {
		err = ErrNoTable
	}
	return syms, strs, err
}

func (f *file) table() (map[string]pinner.Fingerprint, error) {
	syms, strs, err := f.dynamicSymbols()
	if err != nil {
		return nil, err
	}
	names, err := packageNames(f.R, objfile.Region{Off: strs.Off, Size: strs.Size, Part: strs.Part()})
	if err != nil || len(names.at) == 0 {
		return nil, err
	}
	return f.fingerprints(syms, names)
}

// ReadFile returns the fingerprints of a named file; errors begin with the name.
func ReadFile(name string) (map[string]pinner.Fingerprint, error) {
	f, err := bounded.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := Open(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	table, err := p.Fingerprints()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return table, nil
}
