package edit

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSetServer(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
		line             int
	}{
		{"plain", "server: ../old\n", "server: ./new\n", 1},
		{"with others", "# x\nvendor: never\nserver: image:a/b:1 # why\npackage: [./a]\n", "# x\nvendor: never\nserver: ./new # why\npackage: [./a]\n", 3},
		{"double quotes", "server: \"a b\"\n", "server: ./new\n", 1},
		{"single quotes", "server:   'a b'   \n", "server: ./new   \n", 1},
		{"CRLF", "server: a\r\nvendor: never\r\n", "server: ./new\r\nvendor: never\r\n", 1},
		{"no end of line", "server: a", "server: ./new", 1},
		{"another key", "server-source: a\n", "", 0},
		{"nothing", "", "", 0},
		{"folded", "server: >-\n  a\n", "", 0},
		{"list", "server: [a, b]\n", "", 0},
		{"block list", "server:\n  - a\n  - b\n", "", 0},
		{"continued", "server: a\n  b\n", "", 0},
		{"twice", "server: a\nserver: b\n", "", 0},
		{"an escape", "server: \"a\\\"b\"\n", "", 0},
		{"an anchor", "server: &x a\n", "", 0},
		{"in a flow mapping", "{server: a}\n", "", 0},
		{"in a block of text", "x: |\n  server: a\n", "", 0},
		{"behind a block of text", "path: |\n\nserver: a\n", "path: |\n\nserver: ./new\n", 3},
	} {
		got, line := setServer(tt.text, "./new")
		want := tt.want
		if tt.line == 0 {
			want = tt.text
		}
		if got != want || line != tt.line {
			t.Errorf("%s: line %d\n%q, want line %d\n%q", tt.name, line, got, tt.line, want)
		}
	}
	for _, ref := range []string{"a b", "a: b", "a #b", "- a", "[a", "", "a\nvendor: never", "@a", "*a", "&a", "a'"} {
		if _, line := setServer("server: x\n", ref); line != 0 {
			t.Errorf("%q is written as a plain value", ref)
		}
	}
}

// FuzzSetServer: what is written is the same settings with another server.
func FuzzSetServer(f *testing.F) {
	for _, text := range []string{"server: a\n", "# x\nserver: \"a\" # y\nvendor: never\n", "server: a\n  b\n", "server: |\n a\n", "server: a\r\n", "package:\n- server: a\nserver: b\n", "server: a\n---\nserver: b\n", "? server\n: a\nserver: b\n"} {
		f.Add(text, "image:a/b:1.2")
	}
	f.Fuzz(func(t *testing.T, text, ref string) {
		var before, after map[string]any
		if yaml.Unmarshal([]byte(text), &before) != nil {
			return // pinfix has refused the file before
		}
		got, line := setServer(text, ref)
		if line == 0 {
			if got != text {
				t.Fatalf("changed without a line: %q", got)
			}
			return
		}
		if err := yaml.Unmarshal([]byte(got), &after); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		if s, ok := after["server"].(string); !ok || s != ref {
			t.Fatalf("%q: server is %v, want %q", got, after["server"], ref)
		}
		want := maps.Clone(before)
		want["server"] = ref
		if !reflect.DeepEqual(after, want) {
			t.Fatalf("%q: %v, want %v", got, after, want)
		}
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Fatalf("%q has other lines than %q", got, text)
		}
	})
}
