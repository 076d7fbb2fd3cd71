package explain

import (
	"os"
	"strings"
	"testing"
)

// BenchmarkFind reads a megabyte: all logs of testdata among lines that say
// nothing.
func BenchmarkFind(b *testing.B) {
	var text strings.Builder
	for text.Len() < 1<<20 {
		for _, name := range caseFiles(b, "*.txt") {
			data, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			text.Write(data)
			text.WriteString(strings.Repeat("{\"level\":\"info\",\"ts\":\"2023-06-04T10:00:00.000Z\",\"caller\":\"main.go:146\",\"msg\":\"GET /v2/account 200\"}\n", 20))
		}
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		Find(text.String(), "")
	}
}
