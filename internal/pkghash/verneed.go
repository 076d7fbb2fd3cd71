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

// glibc returns the highest GLIBC_x.y among the symbol versions that the file
// needs (DT_VERNEED: a chain of libraries, each with a chain of versions; the
// structures are the same in both classes). GLIBC_PRIVATE and the like are no
// releases, and for semver lower than nothing.
func (f *file) glibc(d dynamic) (string, error) {
	highest, seen := "", 0
	for lib, i := d.verneed, uint64(0); i < d.verneeded; i++ {
		var need verneed
		if err := f.decodeAddr(lib, &need); err != nil {
			return "", err
		}
		for aux, j := lib+uint64(need.Aux), 0; j < int(need.Cnt); j++ {
			if seen++; seen > maxVersions {
				return "", &ReadError{f.dynamic.Off, versionPart, fmt.Errorf("more than %d", maxVersions)}
			}
			var version vernaux
			if err := f.decodeAddr(aux, &version); err != nil {
				return "", err
			}
			name, err := f.dynamicString(d, uint64(version.Name), versionPart)
			if err != nil {
				return "", err
			}
			if v, ok := strings.CutPrefix(name, "GLIBC_"); ok && semver.Compare("v"+v, "v"+highest) > 0 {
				highest = v
			}
			if version.Next == 0 {
				break
			}
			aux += uint64(version.Next)
		}
		if seen++; seen > maxVersions {
			return "", &ReadError{f.dynamic.Off, versionPart, fmt.Errorf("more than %d", maxVersions)}
		}
		if need.Next == 0 {
			break
		}
		lib += uint64(need.Next)
	}
	return highest, nil
}

// decodeAddr reads one structure that is loaded at addr.
func (f *file) decodeAddr(addr uint64, v any) error {
	at, ok := f.fileOffset(addr, 16) // both structures
	if !ok {
		return &ReadError{f.dynamic.Off, versionPart, fmt.Errorf("address %#x is in no loaded segment of the file", addr)}
	}
	return f.decodeAt(at, versionPart, v)
}
