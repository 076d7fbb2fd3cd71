package again

import (
	"slices"
	"strconv"
)

// An Index is what an answer depends on of git's index: which names there are below a
// directory, of which kind, and the objects of the files that were read. Nothing else in
// there counts: git writes it anew with every commit, and whenever it looks at a file.
type Index struct {
	File    string            // the index itself
	Below   string            // "" for all, or "dir/"
	Objects map[string]string // what git says of the regular files below it, in hexadecimal
	Read    map[string]bool   // those of them that were read
}

// maxIndex is what is read of an index.
const maxIndex = 64 << 20

// append adds the lines about the index: where it is, how long an object's name is and how
// many entries follow, then the directory, then the entries. ok is false where this package
// does not find in the index what git does.
func (x Index) append(b []byte) (_ []byte, ok bool) {
	if has(x.File+x.Below, '\n') {
		return nil, false
	}
	size := 0
	for _, object := range x.Objects {
		size = len(object) / 2
		break
	}
	data, ok := readFile(x.File, maxIndex, false)
	if !ok {
		return nil, false
	}
	var lines []byte
	n, files := 0, 0
	ok = entries(data, size, func(e entry) bool {
		name, below := cutPrefix(string(e.name), x.Below)
		if !below {
			return true
		}
		if has(name, '\n') {
			return false
		}
		if n++; e.mode>>12 == regular {
			if files++; x.Objects[name] != string(appendHex(nil, e.object)) {
				return false
			}
		}
		lines = append(appendEntry(lines, e, x.Read[name]), '\n')
		return true
	})
	if !ok || files != len(x.Objects) {
		return nil, false
	}
	b = append(b, staged+" "...)
	b = append(strconv.AppendInt(b, int64(size), 10), ' ')
	b = append(strconv.AppendInt(b, int64(n), 10), ' ')
	b = append(append(b, x.File...), '\n')
	b = append(append(b, x.Below...), '\n')
	return append(b, lines...), true
}

// sameIndex reports whether the index that head names has the entries of the lines, and
// returns what follows them.
func sameIndex(head, lines string) (rest string, ok bool) {
	a, head, _ := cut(head, ' ')
	b, file, _ := cut(head, ' ')
	size, err := strconv.Atoi(a)
	if err != nil {
		return "", false
	}
	n, err := strconv.Atoi(b)
	if err != nil {
		return "", false
	}
	below, lines, ok := cut(lines, '\n')
	if !ok {
		return "", false
	}
	data, ok := readFile(file, maxIndex, false)
	if !ok {
		return "", false
	}
	var now []byte
	ok = entries(data, size, func(e entry) bool {
		if len(e.name) < len(below) || string(e.name[:len(below)]) != below {
			return true
		}
		line, after, ok := cut(lines, '\n')
		if n--; !ok || n < 0 {
			return false
		}
		lines = after
		now = appendEntry(now[:0], e, line[:min(1, len(line))] != unread)
		return string(now) == line
	})
	return lines, ok && n == 0
}

// unread begins the line of an entry whose object does not count.
const unread = "-"

// appendEntry adds the line of an entry: its object, its mode and its whole name.
func appendEntry(b []byte, e entry, read bool) []byte {
	if read {
		b = appendHex(b, e.object)
	} else {
		b = append(b, unread...)
	}
	b = strconv.AppendUint(append(b, ' '), uint64(e.mode), 8)
	return append(append(b, ' '), e.name...)
}

func appendHex(b, object []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range object {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

// An entry is a file of an index, or what else git tracks.
type entry struct {
	mode   uint32
	object []byte
	name   []byte
}

// regular is the kind of files in a mode.
const regular = 0o10

// Parts of an index, see gitformat-index(5).
const (
	headSize  = 12
	statSize  = 40 // of an entry, before its object; the mode is in there
	modeAt    = 24
	extended  = 1 << 14 // in an entry's flags: there are two more bytes
	stageMask = 3 << 12 // in an entry's flags: it has conflicts
)

// entries calls f for each entry of an index with objects of a size, until f returns false.
// It reports whether it did for all: an index with conflicts, one that is split or sparse,
// and what is none, have others than these.
func entries(data []byte, size int, f func(entry) bool) bool {
	if len(data) < headSize+size || size <= 0 || string(data[:4]) != "DIRC" {
		return false
	}
	version, n := uint32At(data[4:]), uint32At(data[8:])
	if version < 2 || version > 4 {
		return false
	}
	rest := data[headSize : len(data)-size] // a sum is last
	var name []byte
	for ; n > 0; n-- {
		head := statSize + size + 2
		if len(rest) < head+2 {
			return false
		}
		e := entry{mode: uint32At(rest[modeAt:]), object: rest[statSize : statSize+size]}
		flags := uint32(rest[statSize+size])<<8 | uint32(rest[statSize+size+1])
		if flags&stageMask != 0 {
			return false
		}
		if flags&extended != 0 {
			head += 2
		}
		keep := 0
		if version == 4 {
			drop, length := offset7(rest[head:])
			if length == 0 || drop > len(name) {
				return false
			}
			head, keep = head+length, len(name)-drop
		}
		end := slices.Index(rest[head:], 0)
		if end < 0 {
			return false
		}
		name = append(name[:keep], rest[head:head+end]...)
		e.name = name
		if !f(e) {
			return false
		}
		used := head + end + 1
		if version < 4 {
			used = (head + end + 8) &^ 7 // padded with one to eight zeros
		}
		if used > len(rest) {
			return false
		}
		rest = rest[used:]
	}
	return optionalOnly(rest)
}

// uint32At reads a number. encoding/binary would come with more to make ready.
func uint32At(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// offset7 reads a number as git packs it, and returns its length, 0 for none.
func offset7(b []byte) (n, length int) {
	for i, c := range b {
		if i > 3 {
			return 0, 0
		}
		if n = n<<7 | int(c&0x7f); c < 0x80 {
			return n, i + 1
		}
		n++
	}
	return 0, 0
}

// optionalOnly reports whether extensions are such as need not be understood: their names
// begin with an upper-case letter.
func optionalOnly(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 8 || b[0] < 'A' || b[0] > 'Z' {
			return false
		}
		n := uint64(uint32At(b[4:]))
		if n > uint64(len(b)-8) {
			return false
		}
		b = b[8+n:]
	}
	return true
}
