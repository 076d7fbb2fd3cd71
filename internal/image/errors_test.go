package image

import (
	"fmt"
	"strings"
	"testing"
)

// Names in an image make no lines of their own in an error.
func TestErrorOneLine(t *testing.T) {
	err := fault("choose one of a\n::b", "%w", fmt.Errorf("its entrypoint /x\n::stop-commands::y"))
	if got := err.Error() + err.(*Error).NextStep(); strings.Contains(got, "\n") || !strings.Contains(got, `/x\n::stop`) {
		t.Errorf("%q", got)
	}
}
