package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// TestFold: a shell reads the lines as the one that they were, none is too long, and none
// is a command to a CI.
func TestFold(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("abcdefgh/", 12)
	for _, args := range [][]string{
		{"printf", "%s|", "short"},
		{"printf", "%s|", "--server", long, "-C", "a b", "::error::x", "--cap", long + "::x" + long},
		{"printf", "%s|", strings.Repeat("百 ", 40), "it's " + "here", strings.Repeat("x", 37) + ":::" + strings.Repeat("y", 40)},
	} {
		for width := 20; width < 90; width += 7 {
			var words []string
			for _, a := range args {
				words = append(words, Quote(a))
			}
			text := Fold(strings.Join(words, " "), width-10, width, "    ")
			out, err := exec.Command("sh", "-c", text).Output()
			if want := strings.Join(args[2:], "|") + "|"; err != nil || string(out) != want {
				t.Errorf("%s\ngives %q, %v, want %q", text, out, err, want)
			}
			for i, line := range strings.Split(text, "\n") {
				if n := columns(line); n > width || i == 0 && n > width-10 && strings.Contains(text, "\n") {
					t.Errorf("%d columns of %d: %s", n, width, line)
				}
				if strings.HasPrefix(strings.TrimSpace(line), "::") {
					t.Errorf("a line %q", line)
				}
			}
		}
	}
}

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
