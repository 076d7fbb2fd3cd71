package target

import (
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// TestPackageLines: what the line before was makes no difference.
func TestPackageLines(t *testing.T) {
	t.Parallel()
	paths := []string{"a", "a/b", "a/b/c", "a/-b", "a/b/-c", "-a", "a/", "a//b", "a/b/.c", "a/b/", "/a", "", "a/con", "a/b/con", "a/b c", "a/b/é", "ab/c", "a/b\xff"}
	for _, first := range paths {
		for _, second := range paths {
			var p packageLines
			_ = p.check(first)
			if got, want := p.check(second), module.CheckImportPath(second); (got == nil) != (want == nil) {
				t.Errorf("%q after %q: %v, want %v", second, first, got, want)
			}
		}
	}
}

// TestUnknown: what a reference does not tell, by what it holds.
func TestUnknown(t *testing.T) {
	t.Parallel()
	table := map[string]pinner.Fingerprint{"runtime": {}, "example.com/x": {}}
	for _, tt := range []struct {
		name string
		s    *pinner.Server
		want int
	}{
		{"a program", &pinner.Server{Pins: []pinner.Pin{{}}, Packages: table}, 0},
		{"its text", &pinner.Server{Pins: []pinner.Pin{{}}}, 1},
		{"without modules", &pinner.Server{Packages: table, Settings: map[string]string{"GOOS": "linux"}}, 1},
		{"without modules and settings", &pinner.Server{Packages: table}, 2},
		{"the standard library alone", &pinner.Server{Packages: map[string]pinner.Fingerprint{"runtime": {}}}, 0},
		{"the text of that", &pinner.Server{Settings: map[string]string{"GOOS": "linux"}}, 2},
	} {
		if got := Unknown(tt.s); len(got) != tt.want {
			t.Errorf("%s: %q, want %d", tt.name, got, tt.want)
		}
	}
}
