package pkghash

import (
	"fmt"
	"strings"

	"golang.org/x/mod/semver"
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

// A needed is a symbol version that the file needs, the number that its symbols have for
// it, and the place of the library's name in the strings.
type needed struct {
	number  uint16
	library uint64
	version string
}

// versions returns the symbol versions that the file needs (DT_VERNEED: a chain of
// libraries, each with a chain of versions; the structures are the same in both classes).
func (f *file) versions(d dynamic) ([]needed, error) {
	var list []needed
	seen := 0
	for lib, i := d.verneed, uint64(0); i < d.verneeded; i++ {
		var need verneed
		if err := f.decodeAddr(lib, &need); err != nil {
			return nil, err
		}
		for aux, j := lib+uint64(need.Aux), 0; j < int(need.Cnt); j++ {
			if seen++; seen > maxVersions {
				return nil, &ReadError{f.dynamic.Off, versionPart, fmt.Errorf("more than %d", maxVersions)}
			}
			var version vernaux
			if err := f.decodeAddr(aux, &version); err != nil {
				return nil, err
			}
			name, err := f.dynamicString(d, uint64(version.Name), maxLibrary, versionPart)
			if err != nil {
				return nil, err
			}
			list = append(list, needed{version.Other &^ hidden, uint64(need.File), name})
			if version.Next == 0 {
				break
			}
			aux += uint64(version.Next)
		}
		if seen++; seen > maxVersions {
			return nil, &ReadError{f.dynamic.Off, versionPart, fmt.Errorf("more than %d", maxVersions)}
		}
		if need.Next == 0 {
			break
		}
		lib += uint64(need.Next)
	}
	return list, nil
}

// hidden is the bit of a version's number that is no part of it.
const hidden = 1 << 15

// highest returns the highest GLIBC_x.y among versions. GLIBC_PRIVATE and the like are no
// releases, and for semver lower than nothing.
func highest(versions []needed) string {
	high := ""
	for _, n := range versions {
		if v, ok := strings.CutPrefix(n.version, "GLIBC_"); ok && semver.Compare("v"+v, "v"+high) > 0 {
			high = v
		}
	}
	return high
}

// decodeAddr reads one structure that is loaded at addr.
func (f *file) decodeAddr(addr uint64, v any) error {
	at, ok := f.fileOffset(addr, 16) // both structures
	if !ok {
		return &ReadError{f.dynamic.Off, versionPart, fmt.Errorf("address %#x is in no loaded segment of the file", addr)}
	}
	return f.decodeAt(at, versionPart, v)
}
