package image

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/fault"
)

// Names in an image make no lines of their own in an error.
func TestErrorOneLine(t *testing.T) {
	err := oneLine(fault.New("choose one of a\n::b", "%w", fmt.Errorf("its entrypoint /x\n::stop-commands::y")))
	if got := err.Error() + fault.Next(err); strings.Contains(got, "\n") || !strings.Contains(got, `/x\n::stop`) {
		t.Errorf("%q", got)
	}
}
