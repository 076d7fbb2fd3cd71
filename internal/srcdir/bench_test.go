package srcdir

import (
	"bytes"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// A program of 60 MB in which nothing is found, so that all of it is read.
func BenchmarkReadPaths(b *testing.B) {
	some := []byte("\x00net/http.(*conn).serve\x00me@example.com\x00/go/pkg/mod/example.org/b@v1.0.0/x.go\x00/go/src/vendor/x.go\x00")
	data := bytes.Repeat(append(some, make([]byte, 1<<10)...), 60<<10)
	server := &pinner.Server{Main: module.Version{Path: "example.com/host"}, Path: "example.com/host", Pins: []pinner.Pin{pin("example.com/a", "v1.0.0")}, Packages: map[string]pinner.Fingerprint{"example.com/host/api": {}}}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Find(bytes.NewReader(data), server); err != nil {
			b.Fatal(err)
		}
	}
}
