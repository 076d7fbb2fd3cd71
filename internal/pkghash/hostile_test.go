package pkghash

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"math"
	"runtime"
	"testing"

	"github.com/pinfix/pinfix/internal/objfile"
)

// A sparse file goes on with zeros, as far as an address reaches.
type sparse struct{ head []byte }

func (s sparse) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	clear(b)
	if off < int64(len(s.head)) {
		copy(b, s.head[off:])
	}
	return len(b), nil
}

// TestHostileMemory is not parallel: it measures what is allocated for files of
// which each size and count is as large as the format can say, and that are
// long enough for all of it. Nothing may panic, and nothing grow with the file.
func TestHostileMemory(t *testing.T) {
	elfSizes := linkedImage{
		is64: true, order: binary.LittleEndian, machine: elf.EM_X86_64, interp: "/lib/ld.so",
		needed: []string{"libc.so.6"}, versions: []string{"GLIBC_2.9", "GLIBC_2.34"}, info: inlineInfo("go1.23.5", "path\tx\n"), named: true,
	}
	hostile := map[string][]byte{}
	for name, edit := range map[string]func(*linkedParts){
		"65535 sections":   func(p *linkedParts) { p.head.Shnum = math.MaxUint16 },
		"1024 segments":    func(p *linkedParts) { p.head.Phnum = objfile.MaxProgs },
		"interpreter":      func(p *linkedParts) { p.progs[1].Filesz = 1 << 40 },
		"dynamic":          func(p *linkedParts) { p.progs[2].Filesz = 1 << 40 },
		"data segment":     func(p *linkedParts) { p.progs[0].Filesz = 1 << 40; p.head.Shstrndx = 0 },
		"overlap":          func(p *linkedParts) { p.progs[1], p.progs[2] = p.progs[0], p.progs[0] },
		"strings":          func(p *linkedParts) { p.dynamic[2][1] = math.MaxUint64 },
		"versions":         func(p *linkedParts) { p.need.Cnt = math.MaxUint16; p.aux[1].Next = 1 },
		"version families": func(p *linkedParts) { p.dynamic[4][1] = math.MaxUint64; p.need.Next = 1; p.need.Cnt = 0 },
	} {
		m := elfSizes
		m.edit = edit
		hostile["ELF "+name] = m.bytes()
	}
	for _, s := range spoiled {
		hostile["ELF symbols "+s.name] = spoil(s.edit)
	}
	for _, s := range machSpoiled {
		hostile["Mach-O "+s.name] = machSpoil(s.edit)
	}
	hostile["Mach-O most strings"] = machSpoil(func(p *machParts) { p.symtab.Strsize = objfile.MaxStrings })
	hostile["Mach-O most symbols"] = machSpoil(func(p *machParts) { p.symtab.Nsyms = objfile.MaxSymbols })
	hostile["Mach-O info"] = machSpoil(func(p *machParts) { p.section.Size = math.MaxInt64 / 2 })
	for _, s := range peSpoiled {
		hostile["PE "+s.name] = peSpoil(s.edit)
	}
	hostile["PE data of 4 GiB"] = peSpoil(func(p *peParts) {
		p.info = ""
		p.sections[1].SizeOfRawData, p.sections[1].VirtualSize = math.MaxUint32, math.MaxUint32
	})
	for name, data := range hostile {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := sparse{data}
		_, _ = Read(r)
		_, _ = ReadBinary(r)
		_, _, _ = ReadBuildInfo(r)
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n >= 16 {
			t.Errorf("%s: %d MiB", name, n)
		}
	}
}
