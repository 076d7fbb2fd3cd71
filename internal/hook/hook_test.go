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
		now, rest, ok := Without(got, c)
		if !ok || Checks(now, c) || len(rest) != len(checks(now)) || (now == nil) != (len(rest) == 0) {
			t.Errorf("still there, or not with the others:\n%s\n%q", now, rest)
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

// TestScriptLines: a check of all modules below a directory takes the place of theirs, as
// far as it looks into their directories and has the same flags; to remove one leaves the
// others.
func TestScriptLines(t *testing.T) {
	one := func(dir string, args ...string) Check { return Check{Dir: dir, Args: args} }
	all := func(dir string, args ...string) Check { return Check{Dir: dir, Walk: true, Args: args} }
	for _, tt := range []struct {
		have    []Check
		install *Check
		remove  Check
		want    string // the places that are left
		covered bool   // something else looks at the place
	}{
		{have: []Check{one("a"), one("it's b")}, remove: one("a"), want: "it's b"},
		{have: []Check{one("."), one("a")}, remove: one("."), want: "a"},
		{have: []Check{one("a"), one("b/c"), one("b/d")}, remove: all("b"), want: "a"},
		{have: []Check{one("a"), one("b", "-s", "x")}, remove: all("."), want: ""},
		{have: []Check{one("a"), one("ab"), one("b/testdata/c")}, install: ptr(all(".")), remove: one("vendor"), want: "b/testdata/c, all plugins of the repository"},
		{have: []Check{one("a"), one("ab"), one("b")}, install: ptr(all("a")), remove: one("x"), want: "ab, b, all plugins below a"},
		{have: []Check{one("a", "-s", "x"), all("b/c")}, install: ptr(all(".")), remove: one("vendor"), want: "a, all plugins of the repository"},
		{have: []Check{all(".")}, remove: one("a"), want: "all plugins of the repository", covered: true},
		{have: []Check{all(".", "-s", "x")}, remove: one("a"), want: "all plugins of the repository"},
		{have: []Check{all("a")}, remove: one("ab"), want: "all plugins below a"},
		{have: []Check{all("a")}, remove: one("a"), want: "all plugins below a", covered: true},
		{have: []Check{all(".")}, remove: one("x/_y"), want: "all plugins of the repository"},
		{have: []Check{all(".")}, remove: one(".hidden"), want: "all plugins of the repository"},
		{have: []Check{all(".")}, remove: one("."), want: "all plugins of the repository", covered: true},
	} {
		var hook []byte
		for _, c := range tt.have {
			hook = Script(hook, c)
		}
		if tt.install != nil {
			hook = Script(hook, *tt.install)
		}
		if _, got := Covering(hook, tt.remove); got != tt.covered {
			t.Errorf("%+v: covered: %v", tt, got)
		}
		_, rest, _ := Without(hook, tt.remove)
		if got := strings.Join(rest, ", "); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}

func ptr(c Check) *Check { return &c }

// TestSnippet: with what was there, the snippet is one YAML document.
func TestSnippet(t *testing.T) {
	for _, tt := range []struct{ manager, have, want string }{
		{"pre-commit", "repos: []\n", "repos:\n  - repo: R\n    rev: v1\n    hooks:\n      - id: pinfix\n"},
		{"pre-commit", "repos:\n- repo: x\n  rev: y\n", "- repo: R\n  rev: v1\n  hooks:\n    - id: pinfix\n"},
		{"pre-commit", "# x\nrepos:\n    -   repo: x\n", "    - repo: R\n      rev: v1\n      hooks:\n        - id: pinfix\n"},
		{"lefthook", "", "pre-commit:\n  commands:\n    pinfix:\n      run: pinfix check --staged\n"},
		{"lefthook", "pre-push:\n  commands:\n    x:\n      run: y\n", "pre-commit:\n  commands:\n    pinfix:\n      run: pinfix check --staged\n"},
		{"lefthook", "pre-commit:\n  parallel: true\npre-push:\n  commands:\n", "  commands:\n    pinfix:\n      run: pinfix check --staged\n"},
		{"lefthook", "pre-commit:\n  parallel: true\n\n  commands:\n    x:\n", "    pinfix:\n      run: pinfix check --staged\n"},
	} {
		got := strings.ReplaceAll(Manager{Name: tt.manager}.Snippet(Check{Dir: "."}, "v1", tt.have), "https://github.com/pinfix/pinfix", "R")
		if got != tt.want {
			t.Errorf("%s, %q:\n%s\nwant:\n%s", tt.manager, tt.have, got, tt.want)
		}
	}
}
