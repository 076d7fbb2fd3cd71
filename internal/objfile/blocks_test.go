package objfile

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestBlocks: what is read through blocks is what is read without.
func TestBlocks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 40*blockSize+100)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	plain := bytes.NewReader(data)
	kept := &blocks{r: plain}
	for range 5000 {
		off := r.Int64N(int64(len(data))+200) - 100
		want, got := make([]byte, r.IntN(3*blockSize)), []byte(nil)
		got = make([]byte, len(want))
		n, err := plain.ReadAt(want, off)
		m, again := kept.ReadAt(got, off)
		if n != m || (err == nil) != (again == nil) || !bytes.Equal(want[:n], got[:m]) {
			t.Fatalf("%d bytes at %d: %d, %v in place of %d, %v", len(want), off, m, again, n, err)
		}
	}
}
