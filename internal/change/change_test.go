package change

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Object names are those of `git hash-object`; git itself differs only in
// leaving out a hunk count of one.
func TestPatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   Change
		want string
	}{
		{
			"text", Change{"go.mod", []byte("module a\n"), []byte("module b\n"), 0o644},
			"diff --git a/go.mod b/go.mod\nindex a32281dc374d..30c51d8503cc 100644\n--- a/go.mod\n+++ b/go.mod\n@@ -1,1 +1,1 @@\n-module a\n+module b\n",
		},
		{
			"no mode known", Change{"x", []byte("a\n"), []byte("b\n"), 0},
			"diff --git a/x b/x\nindex 78981922613b..61780798228d\n--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-a\n+b\n",
		},
		{
			"new program with a space in its name", Change{"a b.sh", nil, []byte("x"), 0o755},
			"diff --git a/a b.sh b/a b.sh\nnew file mode 100755\nindex 000000000000..c1b0730e0133\n--- /dev/null\n+++ b/a b.sh\t\n@@ -0,0 +1,1 @@\n+x\n\\ No newline at end of file\n",
		},
		{
			"removed", Change{"x", []byte("a\r\n"), nil, 0o644},
			"diff --git a/x b/x\ndeleted file mode 100644\nindex 533790e525df..000000000000\n--- a/x\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\r\n",
		},
		{
			"new and empty", Change{"x", nil, []byte{}, 0o644},
			"diff --git a/x b/x\nnew file mode 100644\nindex 000000000000..e69de29bb2d1\n",
		},
		{
			"quoted", Change{"é\"\\\t\x01", []byte{}, []byte("a\n"), 0o644},
			`diff --git "a/\303\251\"\\\t\001" "b/\303\251\"\\\t\001"` + "\nindex e69de29bb2d1..78981922613b 100644\n" +
				`--- "a/\303\251\"\\\t\001"` + "\n" + `+++ "b/\303\251\"\\\t\001"` + "\n@@ -0,0 +1,1 @@\n+a\n",
		},
		{
			"binary", Change{"x", nil, []byte{0}, 0o644},
			"diff --git a/x b/x\nnew file mode 100644\nindex " + strings.Repeat("0", 40) + "..f76dd238ade08917e6712764a16a22005a50573d\n" +
				"GIT binary patch\nliteral 1\n",
		},
		{"no change", Change{"x", []byte("a"), []byte("a"), 0o644}, ""},
		{"no file on either side", Change{"x", nil, nil, 0o644}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := string(tt.in.Patch())
			if isBinary(tt.in.New) { // the rest depends on compress/zlib
				got = got[:min(len(got), len(tt.want))]
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestStat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, old, new string
		added, removed int
	}{
		{"same", "a\n", "a\n", 0, 0},
		{"all new", "", "a\nb\n", 2, 0},
		{"all gone", "a\nb", "", 0, 2},
		{"newline at the end", "a", "a\n", 1, 1},
		{"lines that look like headers", "-- x\n", "++ y\n", 1, 1},
		{"CRLF", "a\r\nb\r\n", "a\nb\n", 2, 2},
		{"binary", "a\n", "\x00\n", 0, 0},
		{"NUL that git does not look for", "", strings.Repeat("a", 8000) + "\x00", 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			added, removed := Stat([]byte(tt.old), []byte(tt.new))
			if added != tt.added || removed != tt.removed {
				t.Errorf("got +%d -%d, want +%d -%d", added, removed, tt.added, tt.removed)
			}
		})
	}
}

func TestUnder(t *testing.T) {
	t.Parallel()
	s := Set{{Path: "go.mod", New: []byte("x\n")}}
	if got := s.Under("plugins/a")[0].Path; got != "plugins/a/go.mod" {
		t.Errorf("got %q", got)
	}
	if s.Under(".")[0].Path != "go.mod" || s[0].Path != "go.mod" {
		t.Error("the top of the repository changes the path, or Under changes its receiver")
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	many := strings.Join(strings.Split("abcdefghijklmnopqrst", ""), "1\n") + "1\n"
	for _, tt := range []struct {
		old, new string
		line     int
		want     int
	}{
		{"a\nb\n", "a\nb\n", 2, 2},
		{"a\nb\n", "a\nnew\nb\n", 1, 1},
		{"a\nb\n", "a\nnew\nb\n", 2, 3},
		{"a\nb\nc\n", "a\nc\n", 2, 0},
		{"a\nb\nc\n", "a\nc\n", 3, 2},
		{"a\nb", "new\na\nb\n", 1, 2},
		{"", "a\n", 7, 8}, // there is no such line
		{"i\n" + many + "end\n", "i\nj\nk\n" + many + "end\n", 22, 24},
		{"i\n" + many + "end\n", "i\nj\nk\n" + many + "end\n", 12, 14},
		{"i\n" + many + "gone\nend\n", "i\nj\nk\n" + many + "end\n", 10, 12},
		{"i\n" + many + "gone\nend\n", "i\nj\nk\n" + many + "end\n", 22, 0},
		{"i\n" + many + "gone\nend\n", "i\nj\nk\n" + many + "end\n", 23, 24},
		{"\x00", "a\n", 3, 3},
	} {
		if got := Line([]byte(tt.old), []byte(tt.new), tt.line); got != tt.want {
			t.Errorf("line %d of %q in %q: got %d, want %d", tt.line, tt.old, tt.new, got, tt.want)
		}
	}
}
