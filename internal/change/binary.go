package change

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"slices"
)

// base85 is git's alphabet (base85.c). It is neither that of encoding/ascii85
// nor that of RFC 1924.
const base85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"

// lineBytes is what one line of a binary hunk holds at most: its first
// character is the count, A to Z for 1 to 26, a to z for 27 to 52.
const lineBytes = 52

// writeLiteral writes one hunk of a binary patch in its literal form: the
// whole content, deflated. No file and an empty file look alike here, the
// header tells them apart.
func writeLiteral(b *bytes.Buffer, data []byte) {
	fmt.Fprintf(b, "literal %d\n", len(data))
	for line := range slices.Chunk(deflate(data), lineBytes) {
		b.WriteByte(count(len(line)))
		for group := range slices.Chunk(line, 4) {
			b.Write(encode85(group))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n') // the empty line ends the hunk
}

func deflate(data []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(data) // no errors: a bytes.Buffer takes everything
	w.Close()
	return z.Bytes()
}

func count(n int) byte {
	if n <= 26 {
		return byte('A' + n - 1)
	}
	return byte('a' + n - 27)
}

// encode85 writes up to four bytes as five digits, the highest first. Missing
// bytes are zeros; the count in front of the line says how many are real.
func encode85(group []byte) []byte {
	var word [4]byte
	copy(word[:], group)
	n := binary.BigEndian.Uint32(word[:])
	digits := make([]byte, 5)
	for i := range digits {
		digits[4-i] = base85[n%85]
		n /= 85
	}
	return digits
}
