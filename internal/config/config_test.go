package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pinfix/pinfix/internal/fault"
)

var keys = []Key{
	{Name: "server"}, {Name: "imports-file"}, {Name: "package", Kind: List}, {Name: "offline", Kind: Bool},
	{Name: "vendor", Values: []string{"auto", "always", "never"}},
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want map[string]Value
	}{
		{"", nil},
		{"# nothing but a comment\n", nil},
		{"---\n", nil},
		{"null\n", nil},
		{"{}\n", map[string]Value{}},
		{"server: ./nakama\n", map[string]Value{"server": {"f:1", []string{"./nakama"}}}},
		{"\ufeffserver: x\n", map[string]Value{"server": {"f:1", []string{"x"}}}},
		{"---\nserver: x\r\nvendor: never\r\n", map[string]Value{"server": {"f:2", []string{"x"}}, "vendor": {"f:3", []string{"never"}}}},
		{"server: image:heroiclabs/nakama:3.26.0 # the one\n", map[string]Value{"server": {"f:1", []string{"image:heroiclabs/nakama:3.26.0"}}}},
		{"server: \"1.5\"\n", map[string]Value{"server": {"f:1", []string{"1.5"}}}},
		{"server: |-\n  a b\n", map[string]Value{"server": {"f:1", []string{"a b"}}}},
		{"package: ./cmd/a\n", map[string]Value{"package": {"f:1", []string{"./cmd/a"}}}},
		{"package:\n- ./cmd/a\n- x.go\n", map[string]Value{"package": {"f:1", []string{"./cmd/a", "x.go"}}}},
		{"{package: [a, b], offline: true}", map[string]Value{"package": {"f:1", []string{"a", "b"}}, "offline": {"f:1", []string{"true"}}}},
		{"offline: False\n", map[string]Value{"offline": {"f:1", []string{"false"}}}},
	} {
		got, err := Parse("f", []byte(tt.text), keys)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q:\n%s", tt.text, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"servr: x\n", `f:1: unknown key "servr" (did you mean server?); rename it to server`},
		{"\nPINFIX_SERVER: x\n", `f:2: unknown key "PINFIX_SERVER" (did you mean server?); rename it to server`},
		{"imports_file: x\n", `f:1: unknown key "imports_file" (did you mean imports-file?); rename it to imports-file`},
		{"--vendor: auto\n", `f:1: unknown key "--vendor" (did you mean vendor?); rename it to vendor`},
		{"colour: always\n", `f:1: unknown key "colour"; use one of`},
		{strings.Repeat("x", 500) + ": 1\n", `f:1: unknown key "xxx`},
		{"? [a]\n: b\n", "f:1: a list as a key; use one of"},
		{"<<: {server: x}\n", `f:1: unknown key "<<"; use one of`},
		{"server: x\nvendor: auto\nserver: y\n", "f:3: server is set twice, first in line 1; keep one"},
		{"server:\n", "f:1: server: no value; write text after the key, or remove the line"},
		{"server: ''\n", "f:1: server: no value; write text after the key, or remove the line"},
		{"server: 1.5\n", "f:1: server: must be text, not a number; put it in quotes"},
		{"server: true\n", "f:1: server: must be text, not true or false; put"},
		{"server: [a]\n", "f:1: server: must be text, not a list"},
		{"server: {a: b}\n", "f:1: server: must be text, not a mapping"},
		{"package: &p [a]\nserver: *p\n", "f:2: server: must be text, not an alias"},
		{"server: !!binary eA==\n", "f:1: server: must be text, not a value of another kind"},
		{"package: []\n", "f:1: package: an empty list; remove the line"},
		{"package:\n- a\n- 2\n", "f:3: package: must be text, not a number"},
		{"package: [[a]]\n", "f:1: package: must be text, not a list"},
		{"offline: maybe\n", "f:1: offline: must be true or false, not text; write true or false"},
		{"offline: [true]\n", "f:1: offline: must be true or false, not a list"},
		{"vendor: allways\n", `f:1: vendor: "allways" must be one of auto, always, never (did you mean always?); write always`},
		{"vendor: false\n", `f:1: vendor: "false" must be one of auto, always, never; write never`},
		{"vendor: no\n", `f:1: vendor: "no" must be one of auto, always, never; write never`},
		{"vendor: 'off'\n", `f:1: vendor: "off" must be one of auto, always, never; write never`},
		{"vendor: true\n", `f:1: vendor: "true" must be one of auto, always, never; write one of these`},
		{"vendor: 1\n", `f:1: vendor: "1" must be one of auto, always, never; write one of these`},
		{"vendor:\n", "f:1: vendor: no value; write one of auto, always, never after the key, or remove the line"},
		{"vendor: [never]\n", "f:1: vendor: must be text, not a list; write one of auto, always, never after the key"},
		{"offline:\n", "f:1: offline: no value; write true or false after the key, or remove the line"},
		{"package:\n- a\n- ''\n", "f:3: package: no value; write text after the key"},
		{"vendor: sometimes\n", `f:1: vendor: "sometimes" must be one of auto, always, never; write one of these`},
		{"server: x\n---\nserver: y\n", "f:2: a second document; keep one"},
		{"<<<<<<< HEAD\nserver: x\n=======\nserver: y\n>>>>>>> b\n", "f:1: a merge conflict is not resolved here; resolve it"},
		{"server: x\n=======\nvendor: auto\n", "f:2: a merge conflict is not resolved here; resolve it"},
		{"- server\n", "f:1: must be lines of key: value, not a list; use one of"},
		{"./nakama\n", "f:1: must be lines of key: value, not text"},
		{"server: x\n\tvendor: y\n", "f:2: found a tab character that violates indentation; write it as YAML, one \"key: value\" per line"},
		{"server: 'x\n", "f:"},
		{"server: \xff\n", "f: "},
		{"server: *x\n", "f:"},
		{strings.Repeat("#", MaxSize+1), "f: more than 1 MiB"},
	} {
		got, err := Parse("f", []byte(tt.text), keys)
		if err == nil {
			t.Errorf("%.60q: %v", tt.text, got)
		} else if msg := err.Error() + "; " + fault.Next(err); !strings.HasPrefix(msg, tt.want) {
			t.Errorf("%.60q:\n got %s\nwant %s", tt.text, msg, tt.want)
		}
	}
}

func TestEnviron(t *testing.T) {
	env := map[string]string{"PINFIX_SERVER": "x", "PINFIX_IMPORTS_FILE": "a.go", "PINFIX_OFFLINE": "1", "PINFIX_VENDOR": "", "PINFIX_OTHER": "x"}
	got, err := Environ(func(name string) string { return env[name] }, keys)
	want := map[string]Value{
		"server":       {"PINFIX_SERVER", []string{"x"}},
		"imports-file": {"PINFIX_IMPORTS_FILE", []string{"a.go"}},
		"offline":      {"PINFIX_OFFLINE", []string{"true"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for name, want := range map[string]string{
		"PINFIX_OFFLINE": `PINFIX_OFFLINE: "bad" is neither true nor false`,
		"PINFIX_VENDOR":  `PINFIX_VENDOR: "bad" must be one of auto, always, never`,
	} {
		_, err := Environ(func(n string) string {
			if n == name {
				return "bad"
			}
			return ""
		}, keys)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestMisspelt(t *testing.T) {
	for kv, want := range map[string]string{
		"PINFIX_SEVER=x":        "PINFIX_SEVER: unknown variable (did you mean PINFIX_SERVER?)",
		"PINFIX_IMPORT_FILE=x":  "PINFIX_IMPORT_FILE: unknown variable (did you mean PINFIX_IMPORTS_FILE?)",
		"PINFIX_vendor=never":   "PINFIX_vendor: unknown variable (did you mean PINFIX_VENDOR?)",
		"PINFIX_SERVER=x":       "",
		"PINFIX_SEVER=":         "", // as good as unset
		"PINFIX_VERSION=v1.2.3": "", // anybody's
		"PINFIX_SERVER_A=x":     "",
		"XPINFIX_SEVER=x":       "",
	} {
		got := ""
		if err := Misspelt([]string{"HOME=/", kv}, keys); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", kv, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"server: x\n", "package: [a, b]\nvendor: auto\n", "---\n", "a: &a [*a]\n", "? x\n", "server: !!str 1\n", "{server: x, offline: yes}", "\xff\xfes\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Parse("f", data, keys)
		if err != nil {
			if got != nil || fault.Next(err) == "" || strings.Contains(err.Error(), "yaml: ") {
				t.Fatalf("%v, %v", got, err)
			}
			return
		}
		for name, v := range got {
			if len(v.Values) == 0 || v.Values[0] == "" || !strings.HasPrefix(v.From, "f:") {
				t.Fatalf("%s: %q", name, v)
			}
		}
	})
}
