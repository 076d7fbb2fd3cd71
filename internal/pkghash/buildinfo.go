package pkghash

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"

	"github.com/pinfix/pinfix/internal/objfile"
)

// ErrNoBuildInfo reports a file without build info that can be read: no Go
// program, one older than Go 1.18, or a plugin older than Go 1.21, whose linker
// left it to the dynamic loader to fill in.
var ErrNoBuildInfo = errors.New("no Go build info")

// The linker writes (cmd/link/internal/ld/data.go, buildinfo): 14 bytes of
// magic, the pointer size, flags, zeros up to 32 bytes; with flag 2 then the Go
// version and the module text, each after its length.
const (
	infoMagic   = "\xff Go buildinf:"
	infoAlign   = 16
	infoHeader  = 32
	flagInline  = 2
	maxInfo     = 2 << 20   // bytes of build info; one with 3,000 modules has 300 KiB
	maxScanned  = 256 << 20 // bytes of data searched where no section is named
	markerBytes = 16        // before and after the module text (cmd/go/internal/modload/build.go)
)

// A blob is where build info begins, and how far the segment or section goes on.
type blob struct {
	r         io.ReaderAt
	off, size uint64
}

// BuildInfo returns the Go version and the module text that the go command has put
// into the program, in the form of debug.ParseBuildInfo.
//
// It replaces debug/buildinfo.Read, which opens the file with debug/elf,
// debug/macho or debug/pe: these keep every section name and symbol, string
// tables of any size among them, and unpack compressed ones.
func (p *Program) BuildInfo() (goVersion, text string, err error) {
	b, err := p.buildInfo()
	if err != nil {
		return "", "", err
	}
	return b.parse()
}

func (b *blob) parse() (goVersion, text string, err error) {
	const part = "Go build info"
	var head [infoHeader]byte
	if b.size < infoHeader {
		return "", "", ErrNoBuildInfo
	}
	if err := objfile.ReadAt(b.r, head[:], b.off, part); err != nil {
		return "", "", err
	}
	if !bytes.HasPrefix(head[:], []byte(infoMagic)) || head[15]&flagInline == 0 {
		return "", "", ErrNoBuildInfo
	}
	r := io.NewSectionReader(b.r, int64(b.off), int64(min(b.size, maxInfo)))
	if _, err := r.Seek(infoHeader, io.SeekStart); err != nil {
		return "", "", err
	}
	version, err := readInline(r)
	if err != nil {
		return "", "", objfile.At(b.off, part, err)
	}
	mod, err := readInline(r)
	if err != nil {
		return "", "", objfile.At(b.off, part, err)
	}
	if len(mod) > 2*markerBytes && mod[len(mod)-markerBytes-1] == '\n' {
		return string(version), string(mod[markerBytes : len(mod)-markerBytes]), nil
	}
	return string(version), "", nil
}

// readInline reads a length and that many bytes.
func readInline(r *io.SectionReader) ([]byte, error) {
	n, err := binary.ReadUvarint(oneByte{r})
	if err != nil {
		return nil, err
	}
	here, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	if n > uint64(r.Size()-here) {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return b, err
}

type oneByte struct{ io.Reader }

func (r oneByte) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r, b[:])
	return b[0], err
}

// buildInfo finds the section .go.buildinfo, else the magic in the first
// writable segment, as debug/buildinfo does.
func (f *file) buildInfo() (*blob, error) {
	names, err := f.sectionNames()
	if err != nil {
		return nil, err
	}
	for i := range uint32(f.Head.Shnum) {
		s, err := f.Section(i)
		if err != nil {
			return nil, err
		}
		if elf.SectionType(s.Type) == elf.SHT_PROGBITS && f.isNamed(s, names, ".go.buildinfo") {
			if err := f.CheckSection(s, maxScanned); err != nil {
				return nil, err
			}
			return &blob{f.R, s.Off, s.Size}, nil
		}
	}
	for _, p := range f.Loads {
		if elf.ProgFlag(p.Flags)&(elf.PF_X|elf.PF_W) == elf.PF_W {
			return findBlob(f.R, p.Off, p.Filesz)
		}
	}
	return nil, ErrNoBuildInfo
}

// sectionNames returns the string table of section names; none is no error.
func (f *file) sectionNames() (objfile.Section, error) {
	if f.Head.Shstrndx == 0 || f.Head.Shstrndx >= f.Head.Shnum {
		return objfile.Section{}, nil
	}
	return f.Section(uint32(f.Head.Shstrndx))
}

func (f *file) isNamed(s, names objfile.Section, name string) bool {
	b := make([]byte, len(name)+1)
	if uint64(s.Name)+uint64(len(b)) > names.Size {
		return false
	}
	// What cannot be read is no name.
	return objfile.ReadAt(f.R, b, names.Off+uint64(s.Name), "section name") == nil && string(b) == name+"\x00"
}

// findBlob searches a segment for the magic, which the linker aligns.
func findBlob(r io.ReaderAt, off, size uint64) (*blob, error) {
	size = min(size, maxScanned)
	b := make([]byte, step)
	for at := uint64(0); at < size; at += step {
		b := b[:min(step, size-at)]
		if err := objfile.ReadAt(r, b, off+at, "data segment"); err != nil {
			return nil, err
		}
		for i := 0; ; i += infoAlign {
			j := bytes.Index(b[i:], []byte(infoMagic))
			if j < 0 {
				break
			}
			if i += j; i%infoAlign == 0 {
				return &blob{r, off + at + uint64(i), size - at - uint64(i)}, nil
			}
			i &^= infoAlign - 1
		}
	}
	return nil, ErrNoBuildInfo
}
