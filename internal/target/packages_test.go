package target

import (
	"testing"

	"golang.org/x/mod/module"
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
