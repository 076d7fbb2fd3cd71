package pkghash

import (
	"bytes"
	"net/url"
	"slices"
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
	return mainNames(f, region{strs.Off, strs.Size, strs.part()})
}

// mainNames searches the strings for names that end in ".main", each between two
// zero bytes.
func mainNames(f *file, strs region) ([]string, error) {
	var out []string
	sign := []byte(".main\x00")
	window := make([]byte, min(uint64(step+2*maxName), strs.size))
	for off := uint64(0); off < strs.size; off += step {
		b := window[:min(uint64(len(window)), strs.size-off)]
		if err := readAt(f.r, b, strs.off+off, strs.part); err != nil {
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
			if err == nil && checkName(name) == nil && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out, nil
}
