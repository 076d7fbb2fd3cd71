package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// TestQuote: a shell reads back what was quoted, and no line of it is a command
// to a CI.
func TestQuote(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "plain/x-1.so", "a b", "it's", "$(id)", "a\n::add-mask::b", "\n\n::x", "\r::stop-commands::x", "a##[error]b", "###[x", "####vso[y", "'\n'::x",
		"\n :: x", "-n", "\\", "a\n##teamcity[x]",
	} {
		q := Quote(s)
		out, err := exec.Command("sh", "-c", "printf %s "+q).Output()
		if err != nil || string(out) != s {
			t.Errorf("%q: %s gives %q, %v", s, q, out, err)
		}
		for line := range strings.FieldsFuncSeq(q, func(r rune) bool { return r == '\n' || r == '\r' }) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
				t.Errorf("%q: a line %q", s, line)
			}
		}
	}
}
