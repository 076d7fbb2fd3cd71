package pkghash

import (
	"debug/elf"
	"encoding/binary"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/pinner"
)

// maxSymbol is how many bytes the name of a symbol has that is asked for: C++ has long
// ones.
const maxSymbol = 1 << 14

// binary reads what the dynamic loader reads, by the same way: the program
// headers and PT_DYNAMIC. Sections may say otherwise, and it ignores them.
func (f *file) binary() (*pinner.Binary, error) {
	b := &pinner.Binary{Format: "ELF", Arch: f.arch()}
	if f.Interp != nil {
		name, err := f.StringAt(f.Interp.Off, min(f.Interp.Filesz, objfile.MaxLibrary), "interpreter")
		if err != nil {
			return nil, err
		}
		b.Interp = name
	}
	d, err := f.ReadDynamic()
	if err != nil {
		return nil, err
	}
	for _, off := range d.Needed {
		name, err := f.DynamicString(d, off, objfile.MaxLibrary, "needed library")
		if err != nil {
			return nil, err
		}
		b.Needed = append(b.Needed, name)
	}
	versions, err := f.Versions(d)
	if err != nil {
		return nil, err
	}
	b.Glibc = highest(versions)
	return b, nil
}

// arch returns the GOARCH of the machine. Little and big endian, and 32 and 64
// bits, are architectures of their own.
func (f *file) arch() string {
	little := f.Order == binary.LittleEndian
	for _, a := range [...]struct {
		machine      elf.Machine
		is64, little bool
		arch         string
	}{
		{elf.EM_X86_64, true, true, "amd64"},
		{elf.EM_386, false, true, "386"},
		{elf.EM_AARCH64, true, true, "arm64"},
		{elf.EM_ARM, false, true, "arm"},
		{elf.EM_RISCV, true, true, "riscv64"},
		{elf.EM_PPC64, true, true, "ppc64le"},
		{elf.EM_PPC64, true, false, "ppc64"},
		{elf.EM_S390, true, false, "s390x"},
		{elf.EM_LOONGARCH, true, true, "loong64"},
	} {
		if elf.Machine(f.Head.Machine) == a.machine && f.Is64 == a.is64 && little == a.little {
			return a.arch
		}
	}
	return ""
}

// highest returns the highest GLIBC_x.y among versions. GLIBC_PRIVATE and the like are no
// releases, and for semver lower than nothing.
func highest(versions []objfile.Needed) string {
	high := ""
	for _, n := range versions {
		if v, ok := strings.CutPrefix(n.Version, "GLIBC_"); ok && semver.Compare("v"+v, "v"+high) > 0 {
			high = v
		}
	}
	return high
}
