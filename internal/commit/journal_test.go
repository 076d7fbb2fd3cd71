package commit

import (
	"strings"
	"testing"
)

func TestIsID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		strings.Repeat("ab", idSize): true, strings.Repeat("AB", idSize): false, strings.Repeat("ab", idSize-1): false,
		strings.Repeat("ab", idSize) + "c": false, strings.Repeat("x", 2*idSize): false, "": false,
	} {
		if isID(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
