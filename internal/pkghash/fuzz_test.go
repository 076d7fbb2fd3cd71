package pkghash

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/metrics"
	"testing"

	"github.com/pinfix/pinfix/internal/objfile"
)

func FuzzELF(f *testing.F) {
	for _, form := range forms {
		m := image{is64: form.is64, order: form.order, syms: []symbol{{name: "malloc"}, undefined("free"), pkg("a/b.v3", "AB345678"), pkg("c", "C2345678")}}
		f.Add(m.bytes())
		for _, named := range []bool{true, false} {
			f.Add(linkedImage{
				is64: form.is64, order: form.order, machine: elf.EM_X86_64, interp: "/lib/ld-musl.so",
				needed: []string{"libc.so.6"}, versions: []string{"GLIBC_2.9", "GLIBC_2.34"}, info: inlineInfo("go1.23.5", "path\tx\n"), named: named,
			}.bytes())
		}
	}
	for _, s := range spoiled {
		f.Add(spoil(s.edit))
	}
	for _, s := range linkedSpoiled {
		f.Add(linkedSpoil(s.edit))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4 {
			copy(data, elf.ELFMAG) // the mutator would leave ELF
		}
		facts(t, bytes.NewReader(data), len(data))
	})
}

func FuzzMachO(f *testing.F) {
	for _, form := range forms {
		m := machImage{is64: form.is64, order: form.order, info: inlineInfo("go1.23.5", "path\tx\n"), syms: []symbol{{name: "_malloc"}, under("a/b.v3", "AB345678"), pkg("c", "C2345678")}}
		f.Add(m.bytes())
	}
	for _, s := range machSpoiled {
		f.Add(machSpoil(s.edit))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4 && !objfile.IsMachO([4]byte(data)) {
			copy(data, "\xcf\xfa\xed\xfe")
		}
		facts(t, bytes.NewReader(data), len(data))
	})
}

func FuzzPE(f *testing.F) {
	for _, s := range peSpoiled {
		f.Add(peSpoil(s.edit))
	}
	f.Add(peSpoil(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4 {
			copy(data, peMagic)
		}
		facts(t, bytes.NewReader(data), len(data))
	})
}

// FuzzProgram writes over real programs: at the place where a section or a table
// begins, and a little behind it.
func FuzzProgram(f *testing.F) {
	programs := realPrograms(f)
	for which := range programs {
		f.Add(uint8(which), uint8(0), uint16(0), []byte{})
		f.Add(uint8(which), uint8(0), uint16(16), []byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
		for i := range programs[which].places {
			f.Add(uint8(which), uint8(i), uint16(i), []byte{0, 1, 0xff})
		}
	}
	f.Fuzz(func(t *testing.T, which, place uint8, behind uint16, patch []byte) {
		p := programs[int(which)%len(programs)]
		off := p.places[int(place)%len(p.places)] + int64(behind)
		facts(t, patched{p.data, off, patch}, len(p.data)+len(patch))
	})
}

// TestRealPrograms: the seeds of FuzzProgram hold what it spoils.
func TestRealPrograms(t *testing.T) {
	t.Parallel()
	for _, p := range realPrograms(t) {
		r := bytes.NewReader(p.data)
		if v, text, err := ReadBuildInfo(r); v == "" || text == "" || err != nil {
			t.Errorf("%s: build info %q, %q, %v", p.name, v, text, err)
		}
		if table, _ := Read(r); len(table) > 0 != p.table {
			t.Errorf("%s: %d packages", p.name, len(table))
		}
		if len(p.places) < 5 {
			t.Errorf("%s: %d places", p.name, len(p.places))
		}
	}
}

// facts reads all there is in a file, and fails unless each fact is whole,
// printable and within the limits, and is read with bounded memory.
func facts(t *testing.T, r io.ReaderAt, size int) {
	t.Helper()
	before := allocated()
	table, err := Read(r)
	b, binaryErr := ReadBinary(r)
	version, text, infoErr := ReadBuildInfo(r)
	mains, _ := ReadMains(r)
	if p, err := Open(r); err == nil {
		asks, _ := p.Asks()
		packages, _ := p.CgoPackages()
		checkAsks(t, asks, packages)
		_, _ = p.IFuncs()
		if _, err := p.Defines([]string{"malloc"}); err != nil && binaryErr == nil && infoErr == nil && len(table) > 0 {
			t.Errorf("which symbols it defines: %v", err)
		}
	}
	if n := (allocated() - before) >> 20; n >= 16 {
		t.Errorf("%d MiB for a file of %d bytes", n, size)
	}
	if (err == nil) != (len(table) > 0) || len(table) > maxPackages {
		t.Errorf("%d packages, %v", len(table), err)
	}
	if len(mains) > maxMains {
		t.Errorf("%d packages with a function main", len(mains))
	}
	for _, name := range mains {
		if err := objfile.CheckName(name); err != nil || len(name) > maxName {
			t.Errorf("%q: %v", name, err)
		}
	}
	for name := range table {
		if err := objfile.CheckName(name); err != nil || len(name) > maxName {
			t.Errorf("%q: %v", name, err)
		}
	}
	if infoErr != nil && version+text != "" || len(version)+len(text) > min(size, maxInfo) {
		t.Errorf("build info: %q, %q, %v", version, text, infoErr)
	}
	if (binaryErr == nil) != (b != nil) {
		t.Fatalf("binary: %v, %v", b, binaryErr)
	}
	if b == nil {
		return
	}
	names := append(b.Needed, "x"+b.Interp, "x"+b.Glibc, b.Format)
	if len(names) > objfile.MaxNeeded+3 {
		t.Errorf("%d libraries", len(b.Needed))
	}
	for _, name := range names {
		if err := objfile.CheckName(name); err != nil || len(name) > objfile.MaxLibrary+1 {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// allocated returns how many bytes the process has allocated in its life. Unlike
// ReadMemStats it does not stop the world.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// A patched file has other bytes at one place.
type patched struct {
	data  []byte
	off   int64
	patch []byte
}

func (p patched) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(p.data)) {
		return 0, io.EOF
	}
	n := copy(b, p.data[off:])
	for i, c := range p.patch {
		if at := p.off + int64(i) - off; at >= 0 && at < int64(n) {
			b[at] = c
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// A program is a file that the linkers have written, and where its parts begin.
type program struct {
	name   string
	data   []byte
	places []int64
	table  bool // it has fingerprints
}

func realPrograms(t testing.TB) []program {
	t.Helper()
	dir := writeSource(t)
	server := program{name: "ELF", table: true, data: readAll(t, build(t, dir, "./server", "-trimpath"))}
	plugin := program{name: "ELF plugin", table: true, data: readAll(t, build(t, dir, "./plugin", "-trimpath", "-buildmode=plugin"))}
	darwin := program{name: "Mach-O", data: readAll(t, crossBuild(t, dir, "darwin", "arm64"))}
	windows := program{name: "PE", data: readAll(t, crossBuild(t, dir, "windows", "amd64"))}
	server.places, plugin.places = elfPlaces(t, server.data), elfPlaces(t, plugin.data)

	m, err := macho.NewFile(bytes.NewReader(darwin.data))
	if err != nil {
		t.Fatal(err)
	}
	darwin.places = []int64{0, int64(m.Symtab.Symoff), int64(m.Symtab.Stroff)}
	for _, s := range m.Sections {
		darwin.places = append(darwin.places, int64(s.Offset))
	}
	w, err := pe.NewFile(bytes.NewReader(windows.data))
	if err != nil {
		t.Fatal(err)
	}
	windows.places = []int64{0, int64(binary.LittleEndian.Uint32(windows.data[peHeader:]))}
	for _, s := range w.Sections {
		windows.places = append(windows.places, int64(s.Offset))
	}
	return []program{server, plugin, darwin, windows}
}

func elfPlaces(t testing.TB, data []byte) []int64 {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	places := []int64{0, 64, int64(binary.LittleEndian.Uint64(data[40:]))} // e_shoff
	for _, s := range f.Sections {
		places = append(places, int64(s.Offset))
	}
	return places
}

func readAll(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// crossBuild builds the server of source for a system that needs no C compiler
// for it. It is no plugin host then.
func crossBuild(t testing.TB, dir, goos, goarch string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), goos+"-"+goarch)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-o", out, "./server")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PWD="+dir, "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}
