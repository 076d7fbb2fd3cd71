package objfile

import (
	"fmt"
)

// maxVersions bounds the symbol versions that are looked at; a large program
// needs some dozens. It also ends a chain that loops.
const maxVersions = 1 << 12

// A verneed is Elf32_Verneed and Elf64_Verneed of the gABI, a library; a vernaux
// is one of its versions. Aux and Next count from the structure's own address.
type (
	verneed struct {
		Version, Cnt    uint16
		File, Aux, Next uint32
	}
	vernaux struct {
		Hash         uint32
		Flags, Other uint16
		Name, Next   uint32
	}
)

const versionPart = "needed symbol versions"

// A Needed is a symbol version that the file needs, the number that its symbols have for
// it, and the place of the library's name in the strings.
type Needed struct {
	Number  uint16
	Library uint64
	Version string
}

// Versions returns the symbol versions that the file needs (DT_VERNEED: a chain of
// libraries, each with a chain of versions; the structures are the same in both classes).
func (f *ELF) Versions(d Dynamic) ([]Needed, error) {
	var list []Needed
	seen := 0
	for lib, i := d.verneed, uint64(0); i < d.verneeded; i++ {
		var need verneed
		if err := f.decodeAddr(lib, &need); err != nil {
			return nil, err
		}
		for aux, j := lib+uint64(need.Aux), 0; j < int(need.Cnt); j++ {
			if seen++; seen > maxVersions {
				return nil, &ReadError{f.Dynamic.Off, versionPart, fmt.Errorf("more than %d", maxVersions)}
			}
			var version vernaux
			if err := f.decodeAddr(aux, &version); err != nil {
				return nil, err
			}
			name, err := f.DynamicString(d, uint64(version.Name), MaxLibrary, versionPart)
			if err != nil {
				return nil, err
			}
			list = append(list, Needed{version.Other &^ Hidden, uint64(need.File), name})
			if version.Next == 0 {
				break
			}
			aux += uint64(version.Next)
		}
		if seen++; seen > maxVersions {
			return nil, &ReadError{f.Dynamic.Off, versionPart, fmt.Errorf("more than %d", maxVersions)}
		}
		if need.Next == 0 {
			break
		}
		lib += uint64(need.Next)
	}
	return list, nil
}

// Hidden is the bit of a version's number that is no part of it.
const Hidden = 1 << 15

// decodeAddr reads one structure that is loaded at addr.
func (f *ELF) decodeAddr(addr uint64, v any) error {
	at, ok := f.FileOffset(addr, 16) // both structures
	if !ok {
		return &ReadError{f.Dynamic.Off, versionPart, fmt.Errorf("address %#x is in no loaded segment of the file", addr)}
	}
	return f.decodeAt(at, versionPart, v)
}
