package pkghash

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/pinfix/pinfix/internal/objfile"
)

// An archive of ar begins with these 8 bytes; 60 bytes come before each member: its name
// in 16, then 32 of no interest, its size in 10 as a decimal number, and two more.
const (
	archiveMagic  = "!<arch>\n"
	memberHeader  = 60
	memberSize    = 48
	maxMembers    = 1 << 12
	archivePart   = "archive"
	archiveMember = "archive member"
)

// ArchiveAsks returns which of names the ELF objects in an archive take from others,
// sorted. In the archive of a Go package they are what the C compiler has made.
func ArchiveAsks(r io.ReaderAt, names []string) ([]string, error) {
	var magic [len(archiveMagic)]byte
	if err := objfile.ReadAt(r, magic[:], 0, archivePart); err != nil {
		return nil, err
	}
	if string(magic[:]) != archiveMagic {
		return nil, objfile.At(0, archivePart, errors.New("not an archive"))
	}
	found := map[string]bool{}
	for at, n := uint64(len(magic)), 0; ; n++ {
		var head [memberHeader]byte
		switch k, err := r.ReadAt(head[:], int64(at)); {
		case k == 0 && err == io.EOF:
			return slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool { return !found[name] }), nil
		case k < len(head):
			return nil, objfile.At(at, archiveMember, err)
		case n == maxMembers:
			return nil, objfile.At(at, archiveMember, fmt.Errorf("more than %d", maxMembers))
		}
		size, err := strconv.ParseUint(strings.TrimRight(string(head[memberSize:memberSize+10]), " "), 10, 40)
		if err != nil {
			return nil, objfile.At(at, archiveMember, err)
		}
		at += memberHeader
		member := io.NewSectionReader(r, int64(at), int64(size))
		var begin [4]byte
		if _, err := member.ReadAt(begin[:], 0); err == nil && string(begin[:]) == elf.ELFMAG {
			if err := objectAsks(objfile.Cached(member), names, found); err != nil {
				return nil, err
			}
		}
		at += size + size%2 // members begin at even places
	}
}

// objectAsks adds those of names that an object takes from others.
func objectAsks(r io.ReaderAt, names []string, found map[string]bool) error {
	e, err := objfile.OpenELF(r)
	if err != nil {
		return err
	}
	return (&file{e}).eachSymbol(elf.SHT_SYMTAB, true, func(_ uint64, _ elf.Sym64, name func() (string, error)) error {
		s, err := name()
		if slices.Contains(names, s) {
			found[s] = true
		}
		return err
	})
}
