package pkghash

import (
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/pinner"
)

// PE is read for its build info only: no program on Windows loads plugins.
//
// debug/pe is not used: it keeps the symbols and the string table, which may be
// as large as the file.
const (
	peMagic   = "MZ"
	peHeader  = 0x3c // where the place of the signature is
	pePart    = "PE header"
	peMaxSect = 1 << 10 // the format's own limit is 96

	// Of .data: initialised, readable and writable; the alignment says nothing.
	peData  = pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ | pe.IMAGE_SCN_MEM_WRITE
	peAlign = 0x00f00000
)

// A peFile is an object that has build info only.
type peFile struct{ r io.ReaderAt }

func (peFile) table() (map[string]pinner.Fingerprint, error) { return nil, errPE }

func (peFile) binary() (*pinner.Binary, error) { return nil, errPE }

func (f peFile) buildInfo() (*blob, error) { return peBuildInfo(f.r) }

var errPE = objfile.At(0, "first bytes", objfile.ErrFormat)

// peBuildInfo finds the magic in the first writable section, as debug/buildinfo
// does.
func peBuildInfo(r io.ReaderAt) (*blob, error) {
	var at [4]byte
	if err := objfile.ReadAt(r, at[:], peHeader, pePart); err != nil {
		return nil, err
	}
	off := uint64(binary.LittleEndian.Uint32(at[:]))
	var head struct {
		Signature [4]byte
		pe.FileHeader
	}
	if err := objfile.DecodeAt(r, binary.LittleEndian, off, pePart, &head); err != nil {
		return nil, err
	}
	if string(head.Signature[:]) != "PE\x00\x00" {
		return nil, objfile.At(off, pePart, errors.New("no PE signature"))
	}
	if head.NumberOfSections > peMaxSect {
		return nil, objfile.At(off, pePart, fmt.Errorf("%d sections, want at most %d", head.NumberOfSections, peMaxSect))
	}
	off += uint64(binary.Size(head)) + uint64(head.SizeOfOptionalHeader)
	for i := range head.NumberOfSections {
		var s pe.SectionHeader32
		part := fmt.Sprintf("section header %d", i)
		if err := objfile.DecodeAt(r, binary.LittleEndian, off, part, &s); err != nil {
			return nil, err
		}
		if s.VirtualAddress != 0 && s.SizeOfRawData != 0 && s.Characteristics&^peAlign == peData {
			return findBlob(r, uint64(s.PointerToRawData), uint64(min(s.SizeOfRawData, s.VirtualSize)))
		}
		off += uint64(binary.Size(s))
	}
	return nil, ErrNoBuildInfo
}
