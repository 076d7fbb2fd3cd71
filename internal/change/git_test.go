package change

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestGitApply lets the real git apply one patch of a few hundred files, in
// each kind of place a user may be in, and take it back with -R.
func TestGitApply(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git in PATH: ", err)
	}
	set := append(awkward(), random(300)...)
	tests := []struct {
		name  string
		repo  bool
		sub   string // the module, below the temporary directory
		patch []byte
		flag  string
	}{
		{"top of a repository", true, ".", set.Patch(), ""},
		{"subdirectory, paths from the top", true, "plug ins/a", set.Under("plug ins/a").Patch(), ""},
		{"subdirectory, paths from the module", true, "plug ins/a", set.Patch(), "--directory=plug ins/a"},
		{"outside any repository", false, ".", set.Patch(), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			if tt.repo {
				git(t, top, top, nil, "init", "-q")
			}
			dir := filepath.Join(top, tt.sub)
			write(t, dir, set)
			args := []string{"apply", "--whitespace=nowarn"}
			if tt.flag != "" {
				args = append(args, tt.flag)
			}
			git(t, top, dir, tt.patch, args...)
			compare(t, dir, set, func(c Change) []byte { return c.New })
			git(t, top, dir, tt.patch, append(args, "-R")...)
			compare(t, dir, set, func(c Change) []byte { return c.Old })
		})
	}
}

// git runs git with nothing of the user's or the caller's environment: a test
// run from a hook has GIT_DIR set, and autocrlf would change the content.
func git(t *testing.T, top, dir string, stdin []byte, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "core.autocrlf=false"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GIT_") && !strings.HasPrefix(kv, "PWD=") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	// The ceiling keeps "outside any repository" true even where the
	// temporary directory lies in one.
	cmd.Env = append(cmd.Env, "PWD="+dir, "LC_ALL=C", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CEILING_DIRECTORIES="+filepath.Dir(top))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, head(out))
	}
}

func head(out []byte) []byte { return out[:min(len(out), 2000)] }

func write(t *testing.T, dir string, set Set) {
	t.Helper()
	for _, c := range set {
		file := filepath.Join(dir, filepath.FromSlash(c.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if c.Old == nil {
			continue
		}
		if err := os.WriteFile(file, c.Old, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, c.Mode); err != nil { // past the umask
			t.Fatal(err)
		}
	}
}

func compare(t *testing.T, dir string, set Set, side func(Change) []byte) {
	t.Helper()
	for _, c := range set {
		file := filepath.Join(dir, filepath.FromSlash(c.Path))
		want := side(c)
		got, err := os.ReadFile(file)
		switch {
		case want == nil:
			if err == nil {
				t.Errorf("%q is still there", c.Path)
			}
			continue
		case err != nil:
			t.Error(err)
			continue
		case !bytes.Equal(got, want):
			t.Errorf("%q: got %q, want %q\n%s", c.Path, head(got), head(want), head(c.Patch()))
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Error(err)
		} else if runtime.GOOS != "windows" && info.Mode()&0o100 != c.Mode&0o100 {
			t.Errorf("%q has mode %v, want %v", c.Path, info.Mode(), c.Mode)
		}
	}
}

// awkward is one file for each thing that has broken a patch somewhere.
func awkward() Set {
	long := strings.Repeat("0123456789", 30_000)
	pairs := []struct{ name, old, new string }{
		{"no newline before", "a\nb", "a\nb\n"},
		{"no newline after", "a\nb\n", "a\nb"},
		{"no newline on either side", "a\nb", "a\nc"},
		{"crlf", "a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n"},
		{"crlf to lf", "a\r\nb\r\n", "a\nb\n"},
		{"lone cr", "a\rb\n", "a\rc\r"},
		{"emptied", "a\nb\n", ""},
		{"filled", "", "a\nb\n"},
		{"very long line", long + "\n", long + "x\n"},
		{"binary", "\x00\x01" + long, "\x00\x02" + long},
		{"text to binary", "a\n", "\x00"},
		{"binary to empty", "\x00\xff", ""},
		{"nul behind the first 8000 bytes", strings.Repeat("a\n", 4000) + "\x00\n", strings.Repeat("a\n", 4000) + "\x00b\n"},
		{"latin1 is text", "\xe9\n", "\xe8\n"},
		{"looks like a patch", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "--- a/y\n\\ No newline at end of file\n-- \n"},
		{"ends like the marker", "a", "a\n\\ No newline at end of file\n"},
		{"blank lines at the end", "a\n", "a\n\n\n \t\n"},
		{"b/x b/x", "a\n", "b\n"},
		{"trailing space ", "a\n", "b\n"},
	}
	if runtime.GOOS == "linux" { // elsewhere a file system may refuse or normalise these
		for _, name := range []string{`quote"`, `back\slash`, "tab\tand space", "new\nline", "bell\a\b\v\f\r\x01\x7f", "é", "\xff not utf-8"} {
			pairs = append(pairs, struct{ name, old, new string }{name, "a\n", "b\n"})
		}
	}
	var set Set
	for i, p := range pairs {
		c := Change{Path: fmt.Sprintf("awkward/%02d/%s", i, p.name), Old: []byte(p.old), New: []byte(p.new), Mode: 0o644}
		created, removed := c, c
		created.Path, created.Old, created.Mode = "created/"+c.Path, nil, 0o755
		removed.Path, removed.New = "removed/"+c.Path, nil
		set = append(set, c, created, removed)
	}
	return set
}

// random returns n pairs made of few distinct lines, so that a diff finds many
// matches to go wrong with. The seed is fixed: a failure can be had again.
func random(n int) Set {
	r := rand.New(rand.NewPCG(1, 2))
	var set Set
	for i := range n {
		c := Change{Path: fmt.Sprintf("random/%03d", i), Old: text(r), Mode: []fs.FileMode{0o644, 0o755}[r.IntN(2)]}
		c.New = edit(r, c.Old)
		switch r.IntN(10) {
		case 0:
			c.Old = nil
		case 1:
			c.New = nil
		}
		if !c.same() {
			set = append(set, c)
		}
	}
	return set
}

func text(r *rand.Rand) []byte {
	out := []byte{}
	for range r.IntN(60) {
		out = append(out, line(r)...)
	}
	if len(out) > 0 && r.IntN(4) == 0 {
		out = out[:len(out)-1]
	}
	return out
}

func line(r *rand.Rand) string {
	ends := []string{"\n", "\n", "\n", "\r\n"}
	if r.IntN(400) == 0 {
		return "\x00\n"
	}
	return strings.Repeat(string(rune('a'+r.IntN(6))), r.IntN(3)) + ends[r.IntN(len(ends))]
}

// edit drops, adds and keeps lines of old.
func edit(r *rand.Rand, old []byte) []byte {
	out := []byte{}
	for l := range bytes.Lines(old) {
		switch r.IntN(12) {
		case 0:
		case 1:
			out = append(append(out, line(r)...), l...)
		default:
			out = append(out, l...)
		}
	}
	if r.IntN(4) == 0 {
		out = append(out, line(r)...)
	}
	return out
}

// TestRandomPairs asks the small applier what TestGitApply asks git, so that a
// wrong applier shows before a fuzz run trusts it.
func TestRandomPairs(t *testing.T) {
	t.Parallel()
	for _, c := range append(awkward(), random(300)...) {
		roundTrip(t, c)
	}
}
