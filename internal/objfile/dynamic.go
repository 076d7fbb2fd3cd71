package objfile

import (
	"debug/elf"
	"fmt"
)

// Limits on what a file tells the dynamic loader; real ones have some dozens.
const (
	maxDynamic = 1 << 12 // entries of PT_DYNAMIC
	MaxNeeded  = 1 << 10 // libraries
	MaxLibrary = 1 << 10 // bytes of a library's or the loader's name
)

// A Dynamic holds the entries of PT_DYNAMIC that pinfix needs. The addresses are those in
// memory.
type Dynamic struct {
	Needed             []uint64 // places in the strings
	strings, size      uint64
	verneed, verneeded uint64 // address and count
	Versym             uint64 // address
}

// ReadDynamic reads PT_DYNAMIC; a file that is linked statically has none, which is no
// error.
func (f *ELF) ReadDynamic() (Dynamic, error) {
	var d Dynamic
	if f.Dynamic == nil {
		return d, nil // linked statically
	}
	word := 4
	if f.Is64 {
		word = 8
	}
	b := make([]byte, 2*word)
	for i := range min(f.Dynamic.Filesz/uint64(2*word), maxDynamic) {
		if err := f.ReadFull(b, f.Dynamic.Off+i*uint64(2*word), "dynamic section"); err != nil {
			return d, err
		}
		value := f.Word(b[word:])
		switch tag := elf.DynTag(f.Word(b)); tag {
		case elf.DT_NULL:
			return d, nil
		case elf.DT_NEEDED:
			if len(d.Needed) == MaxNeeded {
				return d, &ReadError{f.Dynamic.Off, "dynamic section", fmt.Errorf("more than %d libraries", MaxNeeded)}
			}
			d.Needed = append(d.Needed, value)
		case elf.DT_STRTAB:
			d.strings = value
		case elf.DT_STRSZ:
			d.size = value
		case elf.DT_VERNEED:
			d.verneed = value
		case elf.DT_VERNEEDNUM:
			d.verneeded = value
		case elf.DT_VERSYM:
			d.Versym = value
		}
	}
	return d, nil
}

// Word decodes an address or a size of the file.
func (f *ELF) Word(b []byte) uint64 { return Word(f.Order, f.Is64, b) }

// DynamicString returns the string at off in the strings of PT_DYNAMIC, of at most
// limit bytes.
func (f *ELF) DynamicString(d Dynamic, off, limit uint64, part string) (string, error) {
	if off >= d.size {
		return "", &ReadError{f.Dynamic.Off, part, fmt.Errorf("name at %#x of %#x bytes of strings", off, d.size)}
	}
	at, ok := f.FileOffset(d.strings+off, 1)
	if !ok {
		return "", &ReadError{f.Dynamic.Off, part, fmt.Errorf("address %#x is in no loaded segment of the file", d.strings+off)}
	}
	return f.StringAt(at, min(d.size-off, limit), part)
}

// StringAt reads a string that ends in a zero byte within size bytes.
func (f *ELF) StringAt(off, size uint64, part string) (string, error) {
	var b [64]byte
	var s []byte
	for uint64(len(s)) < size {
		chunk := b[:min(uint64(len(b)), size-uint64(len(s)))]
		// The string table may end the file: read less at its end.
		n, err := f.R.ReadAt(chunk, int64(off)+int64(len(s)))
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
	if err := CheckName(name); err != nil {
		return &ReadError{off, part, fmt.Errorf("unprintable name %q", name)}
	}
	return nil
}
