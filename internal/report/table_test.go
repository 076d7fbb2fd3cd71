package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTable: no line is wider than the text, heads and columns stay whole, and nothing is
// lost.
func TestTable(t *testing.T) {
	modules := &table{heads: []string{"MODULE", "VERSION", "REPLACED BY"}}
	modules.row("example.com/a", "v1.0.0", "example.com/fork v1.5.0")
	modules.row("example.com/long/name", "v1.27.0", "")
	causes := &table{heads: []string{"CAUSE", "PACKAGES", "DIFFERS", "PLUGIN HAS", "SERVER HAS"}, under: 2}
	causes.row("replace", "10", "example.com/a", "v1.10.0 => example.com/fork v1.11.0", "v1.11.0")
	causes.row("", "", "example.com/b", "v1.0.0", "-")
	results := &table{heads: []string{"MODULE", "RESULT"}, prose: true}
	results.row("plugin", "skipped: a program, not a plugin")
	for _, tt := range []struct {
		name  string
		table *table
		width int
		want  string
	}{
		{"fits", modules, 60, `
MODULE                 VERSION  REPLACED BY
example.com/a          v1.0.0   example.com/fork v1.5.0
example.com/long/name  v1.27.0
`},
		{"last column below", modules, 40, `
MODULE                 VERSION
example.com/a          v1.0.0
  replaced by example.com/fork v1.5.0
example.com/long/name  v1.27.0
`},
		{"a row that is longer than most", modules, 28, `
MODULE         VERSION
example.com/a  v1.0.0
  replaced by
    example.com/fork v1.5.0
example.com/long/name
  version v1.27.0
`},
		{"below a column that is not the first", causes, 60, `
CAUSE    PACKAGES  DIFFERS        PLUGIN HAS  SERVER HAS
replace  10        example.com/a
                     plugin has v1.10.0 => example.com/fork
                       v1.11.0
                     server has v1.11.0
                   example.com/b  v1.0.0      -
`},
		{"a sentence in its column", results, 30, `
MODULE  RESULT
plugin  skipped: a program,
        not a plugin
`},
	} {
		var b strings.Builder
		newSheet(&b, Style{Width: tt.width}, nil).table(tt.table)
		if d := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), b.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestFoldSentences: what is no terminal gets sentences of the width, and commands and a
// diff as they are.
func TestFoldSentences(t *testing.T) {
	diff := "--- a/go.mod\n+++ b/go.mod\n@@ -1,2 +1,2 @@\n a line of the file that is longer than the width\n-\trequire example.com/x v1.0.0\n+\trequire example.com/x v1.1.0 // pinfix v1.0.0\n"
	for _, tt := range []struct{ name, text, want string }{
		{"sentence", "one two three four five six seven\n", "one two three four five six\n  seven\n"},
		{"command", "  pinfix apply --server ./a/server -C plugin\n", "  pinfix apply --server ./a/server -C plugin\n"},
		{"behind a word", "fix: pinfix apply --server ./a/server -C plugin\n", "fix: pinfix apply --server ./a/server -C plugin\n"},
		{"settings", "keep it pinned: printf '%s\\n' 'package: [a, b]' >> .pinfix.yaml && pinfix snapshot --server x\n", "keep it pinned: printf '%s\\n' 'package: [a, b]' >> .pinfix.yaml && pinfix snapshot --server x\n"},
		{"a file", "fix: rm plugins/a/vendor && pinfix apply -C plugins/a\n", "fix: rm plugins/a/vendor && pinfix apply -C plugins/a\n"},
		{"words behind a command", "fix: pinfix apply, or write 'vendor: never' in it\n", "fix: pinfix apply, or write\n  'vendor: never' in it\n"},
		{"words with an apostrophe", "fix: pinfix apply with the server's, or write it\n", "fix: pinfix apply with the\n  server's, or write it\n"},
		{"at the end", "go-version: pin it: pinfix apply --server ./a/server -C plugin\n", "go-version: pin it:\n  pinfix apply --server ./a/server -C plugin\n"},
		{"diff", diff, diff},
		{"diff in colour", "\x1b[36m@@ -1,1 +0,0 @@\x1b[0m\n\x1b[31m-a line of the file that is longer than it\x1b[0m\n", "\x1b[36m@@ -1,1 +0,0 @@\x1b[0m\n\x1b[31m-a line of the file that is longer than it\x1b[0m\n"},
		{"behind a diff", diff + "one two three four five six seven\n", diff + "one two three four five six\n  seven\n"},
	} {
		if d := cmp.Diff(tt.want, FoldSentences(tt.text, 30)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	got := Fold("go-version: pin it: pinfix apply --server ./a/server -C plugin\n", 30)
	if want := "go-version: pin it:\n  pinfix apply --server \\\n    ./a/server -C plugin\n"; got != want {
		t.Errorf("Fold: %q", got)
	}
	got = Fold("keep it pinned: printf '%s\\n' 'vendor: never' >> .pinfix.yaml && pinfix hook install\n", 60)
	if want := "keep it pinned: printf '%s\\n' 'vendor: never' >> \\\n          .pinfix.yaml && pinfix hook install\n"; got != want {
		t.Errorf("Fold: %q", got)
	}
}

func TestCounted(t *testing.T) {
	for _, tt := range []struct {
		n, all     int
		verb, want string
	}{
		{1, 1, "differ", "1 of 1 package differs"},
		{1, 3, "have", "1 of 3 packages has"},
		{0, 1, "go", "0 of 1 package go"},
		{1, 2, "go", "1 of 2 packages goes"},
		{2, 2, "were", "2 of 2 packages were"},
		{1, 2, "were", "1 of 2 packages was"},
	} {
		if got := Of(tt.n, tt.all, "package") + " " + Verb(tt.n, tt.verb); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
