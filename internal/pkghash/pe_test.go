package pkghash

import (
	"bytes"
	"debug/buildinfo"
	"debug/pe"
	"encoding/binary"
	"errors"
	"math"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/objfile"
	"github.com/pinfix/pinfix/internal/tier"
)

// peParts are those of a minimal PE file: the header of MS-DOS, the PE header,
// and two sections of which the second holds the build info.
type peParts struct {
	at       uint32
	sign     [4]byte
	head     pe.FileHeader
	sections [2]pe.SectionHeader32
	info     string
}

func peSpoil(edit func(*peParts)) []byte {
	p := peParts{at: 64, sign: [4]byte{'P', 'E'}, info: inlineInfo("go1.23.5", "path\tx\n")}
	p.head = pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 2}
	const data = 64 + 4 + 20 + 2*40 + 8 // a multiple of 16
	size := uint32(len(p.info))
	p.sections[0] = pe.SectionHeader32{VirtualAddress: 0x1000, SizeOfRawData: 8, Characteristics: pe.IMAGE_SCN_CNT_CODE}
	p.sections[1] = pe.SectionHeader32{VirtualAddress: 0x2000, VirtualSize: size, SizeOfRawData: size, PointerToRawData: data, Characteristics: peData | 0x00600000}
	if edit != nil {
		edit(&p)
	}
	head := make([]byte, 64)
	copy(head, peMagic)
	binary.LittleEndian.PutUint32(head[peHeader:], p.at)
	w := bytes.NewBuffer(head)
	for _, part := range []any{p.sign, p.head, p.sections, [8]byte{}} {
		_ = binary.Write(w, binary.LittleEndian, part) // a Buffer takes everything
	}
	w.WriteString(p.info)
	return w.Bytes()
}

var peSpoiled = []struct {
	name string
	edit func(*peParts)
	want string
}{
	{"header elsewhere", func(p *peParts) { p.at = math.MaxUint32 }, "PE header: unexpected EOF"},
	{"no signature", func(p *peParts) { p.sign[0] = 'N' }, "no PE signature"},
	{"many sections", func(p *peParts) { p.head.NumberOfSections = math.MaxUint16 }, "65535 sections"},
	{"sections beyond", func(p *peParts) { p.head.SizeOfOptionalHeader = math.MaxUint16 }, "section header 0: unexpected EOF"},
	{"data beyond", func(p *peParts) { p.sections[1].PointerToRawData = math.MaxUint32 }, "data segment: unexpected EOF"},
	{"no data", func(p *peParts) { p.head.NumberOfSections = 1 }, ErrNoBuildInfo.Error()},
	{"empty data", func(p *peParts) { p.sections[1].VirtualSize = 0 }, ErrNoBuildInfo.Error()},
	{"no magic", func(p *peParts) { p.info = strings.Repeat("x", len(p.info)) }, ErrNoBuildInfo.Error()},
}

func TestPESpoiled(t *testing.T) {
	t.Parallel()
	if v, text, err := ReadBuildInfo(bytes.NewReader(peSpoil(nil))); v != "go1.23.5" || text != "path\tx\n" || err != nil {
		t.Errorf("%q, %q, %v", v, text, err)
	}
	for _, s := range peSpoiled {
		v, text, err := ReadBuildInfo(bytes.NewReader(peSpoil(s.edit)))
		if v+text != "" || err == nil || !strings.Contains(err.Error(), s.want) {
			t.Errorf("%s: %q, %q, %v; want error with %q", s.name, v, text, err, s.want)
		}
	}
}

// TestPEReal compares with debug/buildinfo on programs that the linker has made.
func TestPEReal(t *testing.T) {
	t.Parallel()
	dir := writeSource(t)
	for _, i := range tier.Each(t, "architectures", 2, 2, 0) {
		arch := []string{"amd64", "386"}[i]
		data := readAll(t, crossBuild(t, dir, "windows", arch))
		want, err := buildinfo.Read(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		version, text, err := ReadBuildInfo(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", arch, err)
		}
		got, err := debug.ParseBuildInfo(text)
		if err != nil {
			t.Fatal(err)
		}
		if got.GoVersion = version; got.String() != want.String() {
			t.Errorf("%s: got\n%s\nwant\n%s", arch, got, want)
		}
		if _, err := Read(bytes.NewReader(data)); !errors.Is(err, objfile.ErrFormat) {
			t.Errorf("%s: %v", arch, err)
		}
	}
}
