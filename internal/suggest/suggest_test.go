package suggest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"apply", "check", "server", "server-source", "imports", "imports-file", "conflicts", "vendor", "downgrade", "auto", "uninstall", "completion"}
	for word, want := range map[string]string{
		"aply":          "apply",
		"chekc":         "check",
		"sever":         "server",
		"servers":       "server",
		"SERVER":        "server",
		"imports_file":  "imports-file",
		"imports-fil":   "imports-file",
		"import":        "imports",
		"dowgrade":      "downgrade",
		"comflicst":     "conflicts",
		"comp":          "completion",
		"uninst":        "uninstall",
		"server-a":      "", // a word more
		"server-source": "server-source",
		"x":             "",
		"a":             "", // a letter begins too much
		"colour":        "",
		"xml":           "",
		"":              "",
		"äöü":           "",

		strings.Repeat("x", 500): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := Nearest("im", known); got != "" {
		t.Errorf("two words begin with im; got %q", got)
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"bash", "zsh", "fish"}
	for word, want := range map[string]string{"bsh": " (did you mean bash?)", "powershell": ""} {
		if got := DidYouMean(word, known); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

// TestDistance: the same both ways, and no more than the longer word has letters.
func TestDistance(t *testing.T) {
	words := []string{"", "a", "ab", "ba", "abc", "acb", "vendor", "never", "server"}
	for _, a := range words {
		for _, b := range words {
			d := distance(a, b)
			if d != distance(b, a) || d > max(len(a), len(b)) || (d == 0) != (a == b) {
				t.Errorf("distance(%q, %q) = %d, back %d", a, b, d, distance(b, a))
			}
		}
	}
}
