package pkghash

import (
	"bytes"
	"net/url"
	"slices"

	"github.com/pinfix/pinfix/internal/objfile"
)

// maxMains bounds the packages with a function main; a plugin has one.
const maxMains = 1 << 6

// Mains returns the import paths of the packages whose function main the file
// exports, in the order of its symbol names; none of a file that is not ELF. A
// plugin exports what its main package holds under the path that it was compiled
// with. That is its plugin path, unless the linker was given another one with
// -pluginpath; then plugin.Open finds nothing of what it exports.
func (p *Program) Mains() ([]string, error) {
	f, ok := p.object.(*file)
	if !ok {
		return nil, nil
	}
	_, strs, err := f.dynamicSymbols()
	if err != nil {
		return nil, err
	}
	return mainNames(f, objfile.Region{Off: strs.Off, Size: strs.Size, Part: strs.Part()})
}

// mainNames searches the strings for names that end in ".main", each between two
// zero bytes.
func mainNames(f *file, strs objfile.Region) ([]string, error) {
	var out []string
	sign := []byte(".main\x00")
	window := make([]byte, min(uint64(step+2*maxName), strs.Size))
	for off := uint64(0); off < strs.Size; off += step {
		b := window[:min(uint64(len(window)), strs.Size-off)]
		if err := objfile.ReadAt(f.R, b, strs.Off+off, strs.Part); err != nil {
			return nil, err
		}
		for at := 0; len(out) < maxMains; {
			i := bytes.Index(b[at:], sign)
			if i < 0 {
				break
			}
			i += at
			at = i + len(sign)
			zero := bytes.LastIndexByte(b[max(0, i-maxName):i], 0)
			if zero < 0 {
				continue // too long, or the window before has it whole
			}
			// As cmd/internal/objabi.PathToPrefix escapes it.
			name, err := url.PathUnescape(string(b[max(0, i-maxName)+zero+1 : i]))
			if err == nil && objfile.CheckName(name) == nil && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out, nil
}
