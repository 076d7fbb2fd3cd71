// Package objfile reads ELF and Mach-O files within limits: where segments, sections,
// symbols and strings are, and what the dynamic loader is told ([OpenELF], [OpenMachO]).
// Of Go it knows no more than the name of the section with build info.
//
// Files may be hostile: nothing is read before its size is checked against a
// limit, and memory use does not grow with the size of the file. The standard
// library's readers do not hold that, behind whatever check of the file's size. Of a
// plugin of 514 MB with 1,005,000 dynamic symbols, debug/elf keeps 400 MiB for the
// symbols, and 300 MiB only to name the libraries, and takes 1.2 s; all that pinfix
// reads of it takes 5 MiB and 0.07 s. Of a file of 500 MB that is nothing but section
// headers, debug/elf and debug/buildinfo keep 2.2 GiB.
package objfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	// ErrFormat reports a file that does not begin as an ELF or Mach-O file.
	ErrFormat = errors.New("neither an ELF nor a Mach-O file")

	// ErrNoSymbols reports a file without a symbol table of the kind.
	ErrNoSymbols = errors.New("no symbol table")
)

// A ReadError says which part of a file could not be read, and why: it
// breaks the format, it exceeds a limit of this package, or the disk failed.
type ReadError struct {
	Offset uint64 // in the file
	Part   string // what should be there, "section 5 (SHT_DYNSYM)"
	Err    error
}

func (e *ReadError) Error() string {
	if errors.Is(e.Err, ErrFormat) {
		return e.Err.Error() // the place is always the first bytes
	}
	return fmt.Sprintf("offset %#x: %s: %v", e.Offset, e.Part, e.Err)
}

// At returns the [*ReadError] of a part of the file.
func At(off uint64, part string, err error) error { return &ReadError{off, part, err} }

func (e *ReadError) Unwrap() error { return e.Err }

// A Region is a stretch of the file, checked to be in it.
type Region struct {
	Off, Size uint64
	Part      string
}

// CheckRegion reports whether g is at most limit bytes and whole in the file.
func CheckRegion(r io.ReaderAt, g Region, limit uint64) error {
	switch {
	case g.Size > limit:
		return &ReadError{g.Off, g.Part, fmt.Errorf("%d bytes, want at most %d", g.Size, limit)}
	case g.Size == 0:
		return nil
	}
	return ReadAt(r, make([]byte, 1), g.Off+g.Size-1, "end of "+g.Part)
}

// Word decodes an address or a size.
func Word(order binary.ByteOrder, is64 bool, b []byte) uint64 {
	if is64 {
		return order.Uint64(b)
	}
	return uint64(order.Uint32(b))
}

// DecodeAt reads one structure that is at off.
func DecodeAt(r io.ReaderAt, order binary.ByteOrder, off uint64, part string, v any) error {
	b := make([]byte, binary.Size(v))
	if err := ReadAt(r, b, off, part); err != nil {
		return err
	}
	_, err := binary.Decode(b, order, v)
	return err
}

// ReadAt fills b, or says which part of the file could not be read.
func ReadAt(r io.ReaderAt, b []byte, off uint64, part string) error {
	if off > math.MaxInt64-uint64(len(b)) {
		return &ReadError{off, part, io.ErrUnexpectedEOF}
	}
	n, err := r.ReadAt(b, int64(off))
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &ReadError{off, part, err}
}

// CheckName keeps out what no import path holds and what would do harm in a
// terminal or a line of text.
func CheckName(name string) error {
	if name == "" {
		return errors.New("empty import path")
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("import path with unprintable characters")
	}
	return nil
}

// A segment is the part of a loaded segment that is in the file.
type segment struct{ addr, size, off uint64 }

// place returns where the n bytes that are loaded at addr are in the file; false if they are
// not all in s.
func (s segment) place(addr, n uint64) (off uint64, ok bool) {
	// Subtractions only: both addresses may be anything.
	if addr < s.addr || addr-s.addr >= s.size || s.size-(addr-s.addr) < n {
		return 0, false
	}
	return s.off + (addr - s.addr), true
}
