// Package pkghash reads the table of package fingerprints that a Go program
// which can load plugins, and every plugin, carries in its dynamic symbols.
//
// The linker writes one symbol of 8 bytes for each package it links, if the
// output is a plugin or a program that imports package plugin
// (cmd/link/internal/ld/symtab.go); plugin.Open compares them package by
// package (runtime/plugin.go). [Read] and [ReadFile] return that table without
// loading or running anything, whatever the machine the file was built for.
//
// Files may be hostile: nothing is read before its size is checked against a
// limit, and memory use does not grow with the size of the file.
package pkghash

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pinfix/pinfix/pinner"
)

var (
	// ErrNotELF reports a file that does not begin as an ELF file.
	ErrNotELF = errors.New("not an ELF file")

	// ErrNoTable reports a whole ELF file without fingerprints: no plugin, and
	// no program that can load one (built without cgo, linked statically, or
	// not importing package plugin).
	ErrNoTable = errors.New("no package fingerprints: neither a plugin nor a program that can load plugins")
)

// A ReadError says which part of an ELF file could not be read, and why: it
// breaks the format, it exceeds a limit of this package, or the disk failed.
type ReadError struct {
	Offset uint64 // in the file
	Part   string // what should stand there, "section 5 (SHT_DYNSYM)"
	Err    error
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("offset %#x: %s: %v", e.Offset, e.Part, e.Err)
}

func (e *ReadError) Unwrap() error { return e.Err }

// Read returns the fingerprint of every package linked into an ELF program or
// plugin, by import path. A program's own main package is "main", a plugin's is
// its plugin path: the import path, or "plugin/unnamed-…" when it was built
// from a list of files.
//
// The error is [ErrNoTable] if there are no fingerprints, and a [*ReadError]
// otherwise, which wraps [ErrNotELF] if the file is of another kind. Read
// returns the whole table or none.
func Read(r io.ReaderAt) (map[string]pinner.Fingerprint, error) {
	f, err := open(r)
	if err != nil {
		return nil, err
	}
	syms, strs, err := f.dynamicSymbols()
	if err != nil {
		return nil, err
	}
	names, err := f.packageNames(strs)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, ErrNoTable
	}
	table, err := f.fingerprints(syms, names)
	if err != nil {
		return nil, err
	}
	if len(table) == 0 {
		return nil, ErrNoTable
	}
	return table, nil
}

// ReadFile is [Read] for a named file; its errors begin with the name.
func ReadFile(name string) (map[string]pinner.Fingerprint, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return table, nil
}
