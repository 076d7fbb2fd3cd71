package pkghash

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/pinner"
)

// Limits on the symbols that a plugin needs from other files. A large plugin needs some
// hundreds, with 10 KiB of names.
const (
	maxAsked      = 1 << 14
	maxAskedNames = 4 << 20 // bytes of all names
)

// Asks returns the symbols that a plugin or program takes from the libraries of its
// process, sorted by name. Weak ones are not among them: the loader leaves them undefined
// where none has them. Only ELF files say so; of others there are none.
func (p *Program) Asks() ([]pinner.Symbol, error) {
	f, ok := p.object.(*file)
	if !ok {
		return nil, nil
	}
	d, err := f.ReadDynamic()
	if err != nil {
		return nil, err
	}
	list, err := f.Versions(d)
	if err != nil {
		return nil, err
	}
	versions := map[uint16]objfile.Needed{}
	for _, n := range list {
		versions[n.Number] = n
	}
	asked, size := []pinner.Symbol{}, 0
	err = f.eachSymbol(elf.SHT_DYNSYM, true, func(i uint64, sym elf.Sym64, name func() (string, error)) error {
		s, err := name()
		if err != nil {
			return err
		}
		if len(asked) == maxAsked {
			return fmt.Errorf("asks for more than %d", maxAsked)
		}
		if size += len(s); size > maxAskedNames {
			return fmt.Errorf("asks for more than %d bytes of names", maxAskedNames)
		}
		one := pinner.Symbol{Name: s}
		from, err := f.versionOf(d, versions, i)
		if err != nil {
			return err
		}
		if one.Version = from.Version; from.Version != "" {
			if one.Library, err = f.DynamicString(d, from.Library, objfile.MaxLibrary, "needed symbol versions"); err != nil {
				return err
			}
		}
		asked = append(asked, one)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(asked, func(a, b pinner.Symbol) int { return cmp.Compare(a.Name, b.Name) })
	return asked, nil
}

// versionOf returns the version of symbol i; none for one without.
func (f *file) versionOf(d objfile.Dynamic, versions map[uint16]objfile.Needed, i uint64) (objfile.Needed, error) {
	if d.Versym == 0 || len(versions) == 0 {
		return objfile.Needed{}, nil
	}
	at, ok := f.FileOffset(d.Versym+2*i, 2)
	if !ok {
		return objfile.Needed{}, fmt.Errorf("its version at %#x is in no loaded segment of the file", d.Versym+2*i)
	}
	var b [2]byte
	if err := f.ReadFull(b[:], at, "symbol versions"); err != nil {
		return objfile.Needed{}, err
	}
	return versions[f.Order.Uint16(b[:])&^objfile.Hidden], nil
}

// relative are the relocations, by machine, whose value a function of the file returns
// (R_X86_64_IRELATIVE and its like).
var relative = map[elf.Machine]uint32{
	elf.EM_X86_64: 37, elf.EM_386: 42, elf.EM_AARCH64: 1032, elf.EM_ARM: 160,
	elf.EM_RISCV: 58, elf.EM_PPC64: 248, elf.EM_S390: 61, elf.EM_LOONGARCH: 12,
}

// sttIFunc is the type of a symbol whose value a function of the file returns.
const sttIFunc = elf.SymType(10)

// IFuncs reports whether the file has indirect functions, of which code that runs when it
// is loaded chooses one for the processor: GCC's target_clones and ifunc.
func (p *Program) IFuncs() (bool, error) {
	f, ok := p.object.(*file)
	if !ok {
		return false, nil
	}
	found := false
	err := f.eachSymbol(elf.SHT_DYNSYM, false, func(_ uint64, sym elf.Sym64, _ func() (string, error)) error {
		found = found || elf.ST_TYPE(sym.Info) == sttIFunc
		return nil
	})
	for i := uint32(0); err == nil && !found && i < uint32(f.Head.Shnum); i++ {
		var s objfile.Section
		if s, err = f.Section(i); err == nil {
			found, err = f.relative(s)
		}
	}
	return found, err
}

// relative looks for relocations of that kind in a section.
func (f *file) relative(s objfile.Section) (bool, error) {
	word := uint64(4)
	if f.Is64 {
		word = 8
	}
	size := map[elf.SectionType]uint64{elf.SHT_REL: 2 * word, elf.SHT_RELA: 3 * word}[elf.SectionType(s.Type)]
	want, known := relative[elf.Machine(f.Head.Machine)]
	if size == 0 || !known || elf.SectionFlag(s.Flags)&elf.SHF_ALLOC == 0 {
		return false, nil
	}
	if err := f.CheckSection(s, objfile.MaxSymbols*size); err != nil {
		return false, err
	}
	window := make([]byte, min(step/size*size, s.Size))
	for at := uint64(0); at+size <= s.Size; at += uint64(len(window)) {
		b := window[:min(uint64(len(window)), s.Size-at)]
		if err := f.ReadFull(b, s.Off+at, s.Part()); err != nil {
			return false, err
		}
		for ; uint64(len(b)) >= size; b = b[size:] {
			// The type is in the low bits of the second word: 32 of 64, 8 of 32.
			if info := f.Word(b[word:]); f.Is64 && uint32(info) == want || !f.Is64 && uint32(info&0xff) == want {
				return true, nil
			}
		}
	}
	return false, nil
}

// Defines returns which of names the program defines for the plugins that it loads. It
// knows only ELF files.
func (p *Program) Defines(names []string) ([]string, error) {
	found := []string{}
	f, ok := p.object.(*file)
	if !ok {
		return found, nil
	}
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[n] = true
	}
	err := f.eachSymbol(elf.SHT_DYNSYM, false, func(_ uint64, _ elf.Sym64, name func() (string, error)) error {
		// Go's own names may be anything, and are none of those.
		if s, err := name(); err == nil && wanted[s] {
			found = append(found, s)
			delete(wanted, s)
		}
		return nil
	})
	slices.Sort(found)
	return found, err
}

// eachSymbol calls do with each symbol of a table that must be found elsewhere (undefined;
// weak ones need not), or with each that others can find; with its number and a function
// that reads its name.
func (f *file) eachSymbol(typ elf.SectionType, undefined bool, do func(i uint64, sym elf.Sym64, name func() (string, error)) error) error {
	syms, strs, err := f.SymbolTable(typ)
	if errors.Is(err, objfile.ErrNoSymbols) {
		return nil
	}
	if err != nil {
		return err
	}
	place := 14 // of st_shndx: a large plugin has some hundred thousand symbols of which a hundred are undefined
	if f.Is64 {
		place = 6
	}
	window := make([]byte, min(step/syms.Entsize*syms.Entsize, syms.Size))
	for at := uint64(0); at < syms.Size; at += uint64(len(window)) {
		b := window[:min(uint64(len(window)), syms.Size-at)]
		if err := f.ReadFull(b, syms.Off+at, syms.Part()); err != nil {
			return err
		}
		for i := uint64(0); i < uint64(len(b)); i += syms.Entsize {
			entry := b[i : i+syms.Entsize]
			if (entry[place]|entry[place+1] == 0) != undefined {
				continue
			}
			sym := f.Symbol(entry)
			if bind := elf.ST_BIND(sym.Info); bind == elf.STB_LOCAL || undefined && bind != elf.STB_GLOBAL {
				continue
			}
			err := do((at+i)/syms.Entsize, sym, func() (string, error) { return f.symbolName(strs, sym) })
			if err != nil {
				return objfile.At(syms.Off+at+i, "symbol", err)
			}
		}
	}
	return nil
}

func (f *file) symbolName(strs objfile.Section, sym elf.Sym64) (string, error) {
	if uint64(sym.Name) >= strs.Size {
		return "", fmt.Errorf("name at %#x of %#x bytes of strings", sym.Name, strs.Size)
	}
	return f.StringAt(strs.Off+uint64(sym.Name), min(strs.Size-uint64(sym.Name), maxSymbol), strs.Part())
}

// Cgo's names: in Go, example.com/x._cgo_77133bf98b3a_Cfunc_free is the address of the C
// function _cgo_77133bf98b3a_Cfunc_free.
const (
	cgoMark   = "._cgo_"
	cgoHash   = 12
	cgoBehind = cgoHash + len("_C")
)

// CgoPackages returns the import paths of packages that a plugin links and that call C
// functions, sorted. runtime/cgo, whose C code is in every plugin, is not among them.
func (p *Program) CgoPackages() ([]string, error) {
	f, ok := p.object.(*file)
	if !ok {
		return nil, nil
	}
	_, strs, err := f.dynamicSymbols()
	if err != nil {
		return nil, err
	}
	found, size := map[string]bool{}, 0
	const before = uint64(maxName + 1)
	window := make([]byte, before+step+uint64(len(cgoMark)+cgoBehind))
	for off := uint64(0); off < strs.Size; off += step {
		from := off - min(off, before)
		b := window[:min(uint64(len(window)), strs.Size-from)]
		if err := f.ReadFull(b, strs.Off+from, strs.Part()); err != nil {
			return nil, err
		}
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte(cgoMark))
			if i < 0 {
				break
			}
			i += at
			at = i + len(cgoMark)
			if uint64(i) < off-from || uint64(i) >= off-from+step {
				continue // of the window before, or the next
			}
			path, ok := cgoPackage(b[:i], b[at:])
			if !ok || found[path] {
				continue
			}
			if len(found) == maxPackages {
				return nil, strs.Errorf("more than %d packages with C code", maxPackages)
			}
			if size += len(path); size > maxNames {
				return nil, strs.Errorf("more than %d bytes of import paths", maxNames)
			}
			found[path] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// cgoPackage returns the import path at the end of before, if one of cgo's names follows
// it. In symbol names, paths are escaped as in a URL (cmd/internal/objabi.PathToPrefix).
func cgoPackage(before, behind []byte) (string, bool) {
	if len(behind) < cgoBehind || string(behind[cgoHash:cgoBehind]) != "_C" || len(bytes.Trim(behind[:cgoHash], "0123456789abcdef")) > 0 {
		return "", false
	}
	start := bytes.LastIndexByte(before, 0) + 1
	if len(before)-start > maxName {
		return "", false
	}
	path, err := url.PathUnescape(string(before[start:]))
	return path, err == nil && objfile.CheckName(path) == nil
}
