package hook

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// FuzzScript: whatever hook of pinfix's own is there and whatever the module's
// directory is called, the hook makes the check, once, and keeps the others.
func FuzzScript(f *testing.F) {
	other := Script(nil, Check{Dir: "plugins/b"})
	for _, dir := range []string{".", "plugins/a", "a b", "it's", "$(touch evil)", "`x`", "-C", "[ ! -f x ] ||"} {
		f.Add(other, dir, "--server", false)
		f.Add([]byte("#!/bin/sh\n"+marker+"\n[ ! -f ./x/go.mod ] || rm -rf /\n"), dir, "x y", true)
	}
	f.Fuzz(func(t *testing.T, old []byte, dir, arg string, walk bool) {
		if dir == "" || strings.ContainsAny(dir+arg, "\n\x00") || bytes.ContainsAny(old, "\x00") {
			return // no such name in the lines of a hook
		}
		c := Check{Dir: dir, Walk: walk, Args: []string{arg}}
		got := Script(old, c)
		if !Ours(got) || !Checks(got, c) {
			t.Errorf("not the hook of the check:\n%s", got)
		}
		if again := Script(got, c); !bytes.Equal(again, got) {
			t.Errorf("not the same again:\n%s\n%s", got, again)
		}
		if n := bytes.Count(got, []byte("\n"+c.guard())); n != 1 {
			t.Errorf("the check is there %d times:\n%s", n, got)
		}
	})
}

// TestScriptShell: a shell takes the names as they are, and starts nothing in
// them.
func TestScriptShell(t *testing.T) {
	for _, dir := range []string{".", "a b", "it's", "$(exit 7)", "`exit 7`", "a;exit 7", "a\texit", "*"} {
		c := Check{Dir: dir, Args: []string{"-s", "x'$(exit 7)"}}
		line := "pinfix() { printf '%s\\n' \"$@\"; }\n" + c.Line()
		out, err := exec.Command("sh", "-c", line).Output()
		want := "check\n--staged\n-C\n" + dir + "\n-s\nx'$(exit 7)\n"
		if dir == "." {
			want = strings.Replace(want, "-C\n.\n", "", 1)
		}
		if err != nil || string(out) != want {
			t.Errorf("%q: %q, %v; want %q", dir, out, err, want)
		}
		if out, err := exec.Command("sh", "-n", "-c", string(Script(nil, c))).CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", dir, err, out)
		}
	}
}
