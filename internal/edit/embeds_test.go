package edit

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnmatchedEmbeds(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a[b]*") // a directory's own name is no pattern
	for _, name := range []string{"here.txt", "site/index.html", "with blank.txt"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, src string
		want      []embedPattern
	}{
		{"there", "package p\n\nimport _ \"embed\"\n\n//go:embed here.txt site all:site *.txt\nvar x string\n", nil},
		{"missing", "package p\n\nimport _ \"embed\"\n\n//go:embed here.txt gone.txt\nvar x string\n", []embedPattern{{5, "gone.txt"}}},
		{"quoted", "package p\n\nvar (\n\t//go:embed \"with blank.txt\"\t`not there`\n\tx string\n)\n", []embedPattern{{4, "not there"}}},
		{"a directory", "package p\n\n//go:embed all:dist\nvar x int\n", []embedPattern{{3, "all:dist"}}},
		{"text", "package p\n\nconst x = `\n//go:embed gone.txt\n`\n\n//go:embedded gone.txt\n", nil},
		{"broken", "package p\n\n//go:embed gone.txt\nvar {\n", nil},
	} {
		got := unmatched(dir, []byte(tt.src))
		if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(embedPattern{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}
