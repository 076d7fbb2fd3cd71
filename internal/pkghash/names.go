package pkghash

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/pinfix/pinfix/internal/objfile"
)

// Limits on the names of linked packages, which bound the memory that Read
// needs. A large server links some thousand packages, with 100 KiB of names.
const (
	maxPackages = 1 << 15
	maxName     = 1 << 10
	maxNames    = 4 << 20 // bytes of all names
)

// A fingerprint's symbol is "go:link.pkghashbytes." and the import path
// (cmd/link/internal/ld/symtab.go); "go." before Go 1.20. The path is as the
// source has it: unlike other symbol names it never goes through
// cmd/internal/objabi.PathToPrefix, so there is nothing to unescape.
const (
	newSpace   = "go:"
	oldSpace   = "go."
	symbolKind = "link.pkghashbytes."
)

// step is how much of the string table is searched at once; one more name may
// are across its end.
const (
	step    = 64 << 10
	overlap = len(newSpace) + len(symbolKind) + maxName + 1
)

// packageNames finds the symbol names of fingerprints in the string table.
//
// The strings are read before the symbols, so that both are read once from
// front to back: a name for each symbol would be a read at a random place for
// each of a large server's hundred thousands of symbols. A name may be the tail
// of another string (linkers merge them), so it is searched everywhere.
func packageNames(r io.ReaderAt, strs objfile.Region) (*nameTable, error) {
	names := &nameTable{at: map[uint32]string{}}
	window := make([]byte, min(uint64(step+overlap), strs.Size))
	for off := uint64(0); off < strs.Size; off += step {
		b := window[:min(uint64(len(window)), strs.Size-off)]
		if err := objfile.ReadAt(r, b, strs.Off+off, strs.Part); err != nil {
			return nil, err
		}
		if err := names.add(b, off); err != nil {
			return nil, objfile.At(strs.Off+off, strs.Part, err)
		}
	}
	return names, nil
}

// A nameTable is the import paths by the offset of their symbol's name in the
// string table, and the length of all.
type nameTable struct {
	at     map[uint32]string
	size   int
	filter [1024]uint64 // a bit for the lower 16 bits of each offset
}

func (t *nameTable) set(off uint32, path string) {
	t.at[off] = path
	t.mark(off)
	t.mark(off - 1) // an underscore may be before it, see machFile.name
}

func (t *nameTable) mark(off uint32) { t.filter[off>>6&1023] |= 1 << (off & 63) }

// symbols calls do with each symbol that may have one of the names, and its place
// in the file. Symbols of all formats begin with the place of their name, size
// bytes long. A large server has a hundred of them for each package: the filter
// drops most of the others.
func (t *nameTable) symbols(r io.ReaderAt, syms objfile.Region, size int, order binary.ByteOrder, do func(off uint64, name uint32, entry []byte) error) error {
	little := order == binary.LittleEndian
	window := make([]byte, min(uint64(step/size*size), syms.Size))
	for at := uint64(0); at < syms.Size; at += uint64(len(window)) {
		b := window[:min(uint64(len(window)), syms.Size-at)]
		if err := objfile.ReadAt(r, b, syms.Off+at, syms.Part); err != nil {
			return err
		}
		for i := 0; i+size <= len(b); i += size {
			name := binary.LittleEndian.Uint32(b[i:])
			if !little {
				name = bits.ReverseBytes32(name)
			}
			if t.filter[name>>6&1023]&(1<<(name&63)) == 0 {
				continue
			}
			if err := do(syms.Off+at+uint64(i), name, b[i:i+size]); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds the names that begin in the first step bytes of b, which is at
// off in the string table.
func (t *nameTable) add(b []byte, off uint64) error {
	for end := 0; ; {
		i := indexKind(b[end:])
		if i < 0 {
			return nil
		}
		start := end + i - len(newSpace)
		end += i + len(symbolKind)
		if start >= step {
			return nil // the next window has it whole
		}
		if start < 0 || !isSpace(b[start:start+len(newSpace)]) {
			continue // another name, or one that the window before had whole
		}
		n := bytes.IndexByte(b[end:min(len(b), end+maxName+1)], 0)
		if n < 0 {
			return fmt.Errorf("symbol name at %#x does not end within %d bytes", off+uint64(start), maxName)
		}
		if len(t.at) == maxPackages {
			return fmt.Errorf("more than %d packages", maxPackages)
		}
		if t.size += n; t.size > maxNames {
			return fmt.Errorf("more than %d bytes of import paths", maxNames)
		}
		t.set(uint32(off)+uint32(start), string(b[end:end+n]))
	}
}

// indexKind is bytes.Index of symbolKind. It looks for the part from "k" on,
// since bytes.Index goes from one first letter to the next: in the names of a
// server, k is a fifth as often as l.
func indexKind(b []byte) int {
	const head = len("link.p")
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(symbolKind[head:]))
		if i < 0 {
			return -1
		}
		if i += at; i >= head && string(b[i-head:i]) == symbolKind[:head] {
			return i - head
		}
		at = i + 1
	}
}

func isSpace(b []byte) bool {
	return string(b) == newSpace || string(b) == oldSpace
}
