package pkghash

import (
	"debug/elf"
	"encoding/binary"
	"fmt"

	"github.com/pinfix/pinfix/pinner"
)

// Limits on what a file tells the dynamic loader; real ones have some dozens.
const (
	maxDynamic = 1 << 12 // entries of PT_DYNAMIC
	maxNeeded  = 1 << 10 // libraries
	maxLibrary = 1 << 10 // bytes of a library's or the loader's name
	maxSymbol  = 1 << 14 // bytes of the name of a symbol that is asked for: C++ has long ones
)

// binary reads what the dynamic loader reads, by the same way: the program
// headers and PT_DYNAMIC. Sections may say otherwise, and it ignores them.
func (f *file) binary() (*pinner.Binary, error) {
	b := &pinner.Binary{Format: "ELF", Arch: f.arch()}
	if f.interp != nil {
		name, err := f.stringAt(f.interp.Off, min(f.interp.Filesz, maxLibrary), "interpreter")
		if err != nil {
			return nil, err
		}
		b.Interp = name
	}
	d, err := f.readDynamic()
	if err != nil {
		return nil, err
	}
	for _, off := range d.needed {
		name, err := f.dynamicString(d, off, maxLibrary, "needed library")
		if err != nil {
			return nil, err
		}
		b.Needed = append(b.Needed, name)
	}
	versions, err := f.versions(d)
	if err != nil {
		return nil, err
	}
	b.Glibc = highest(versions)
	return b, nil
}

// arch returns the GOARCH of the machine. Little and big endian, and 32 and 64
// bits, are architectures of their own.
func (f *file) arch() string {
	little := f.order == binary.LittleEndian
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
		if elf.Machine(f.head.Machine) == a.machine && f.is64 == a.is64 && little == a.little {
			return a.arch
		}
	}
	return ""
}

// A dynamic holds the entries of PT_DYNAMIC that pinfix needs. The addresses are those in
// memory.
type dynamic struct {
	needed             []uint64 // places in the strings
	strings, size      uint64
	verneed, verneeded uint64 // address and count
	versym             uint64
}

func (f *file) readDynamic() (dynamic, error) {
	var d dynamic
	if f.dynamic == nil {
		return d, nil // linked statically
	}
	word := 4
	if f.is64 {
		word = 8
	}
	b := make([]byte, 2*word)
	for i := range min(f.dynamic.Filesz/uint64(2*word), maxDynamic) {
		if err := f.readAt(b, f.dynamic.Off+i*uint64(2*word), "dynamic section"); err != nil {
			return d, err
		}
		value := f.word(b[word:])
		switch tag := elf.DynTag(f.word(b)); tag {
		case elf.DT_NULL:
			return d, nil
		case elf.DT_NEEDED:
			if len(d.needed) == maxNeeded {
				return d, &ReadError{f.dynamic.Off, "dynamic section", fmt.Errorf("more than %d libraries", maxNeeded)}
			}
			d.needed = append(d.needed, value)
		case elf.DT_STRTAB:
			d.strings = value
		case elf.DT_STRSZ:
			d.size = value
		case elf.DT_VERNEED:
			d.verneed = value
		case elf.DT_VERNEEDNUM:
			d.verneeded = value
		case elf.DT_VERSYM:
			d.versym = value
		}
	}
	return d, nil
}

func (f *file) word(b []byte) uint64 { return word(f.order, f.is64, b) }

// word decodes an address or a size.
func word(order binary.ByteOrder, is64 bool, b []byte) uint64 {
	if is64 {
		return order.Uint64(b)
	}
	return uint64(order.Uint32(b))
}

// dynamicString returns the string at off in the strings of PT_DYNAMIC, of at most
// limit bytes.
func (f *file) dynamicString(d dynamic, off, limit uint64, part string) (string, error) {
	if off >= d.size {
		return "", &ReadError{f.dynamic.Off, part, fmt.Errorf("name at %#x of %#x bytes of strings", off, d.size)}
	}
	at, ok := f.fileOffset(d.strings+off, 1)
	if !ok {
		return "", &ReadError{f.dynamic.Off, part, fmt.Errorf("address %#x is in no loaded segment of the file", d.strings+off)}
	}
	return f.stringAt(at, min(d.size-off, limit), part)
}

// stringAt reads a string that ends in a zero byte within size bytes.
func (f *file) stringAt(off, size uint64, part string) (string, error) {
	var b [64]byte
	var s []byte
	for uint64(len(s)) < size {
		chunk := b[:min(uint64(len(b)), size-uint64(len(s)))]
		// The string table may end the file: read less at its end.
		n, err := f.r.ReadAt(chunk, int64(off)+int64(len(s)))
		for i, c := range chunk[:n] {
			if c == 0 {
				name := string(append(s, chunk[:i]...))
				return name, checkLibrary(off, part, name)
			}
		}
		if n < len(chunk) {
			return "", &ReadError{off, part, err}
		}
		s = append(s, chunk...)
	}
	return "", &ReadError{off, part, fmt.Errorf("does not end within %d bytes", size)}
}

// checkLibrary refuses a name that would do harm in a terminal or a snapshot.
func checkLibrary(off uint64, part, name string) error {
	if name == "" {
		return &ReadError{off, part, fmt.Errorf("empty name")}
	}
	if err := checkName(name); err != nil {
		return &ReadError{off, part, fmt.Errorf("unprintable name %q", name)}
	}
	return nil
}
