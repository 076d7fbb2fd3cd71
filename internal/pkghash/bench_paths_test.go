package pkghash

import (
	"bytes"
	"testing"

	"github.com/pinfix/pinfix/pinner"
)

// A program of 60 MB in which nothing is found, so that all of it is read.
func BenchmarkReadPaths(b *testing.B) {
	some := []byte("\x00net/http.(*conn).serve\x00me@example.com\x00/go/pkg/mod/example.org/b@v1.0.0/x.go\x00/go/src/vendor/x.go\x00")
	data := bytes.Repeat(append(some, make([]byte, 1<<10)...), 60<<10)
	pins := []pinner.Pin{pin("example.com/a", "v1.0.0")}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadPaths(bytes.NewReader(data), &pinner.Server{Pins: pins}); err != nil {
			b.Fatal(err)
		}
	}
}
