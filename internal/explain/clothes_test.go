package explain

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clothes are what may happen to a log on its way to pinfix.
var clothes = []struct {
	name string
	wear func(line string) string
}{
	{"crlf", func(l string) string { return l + "\r" }},
	{"package log", func(l string) string { return "2023/06/04 10:00:00 " + l }},
	{"docker build", func(l string) string { return "#12 0.303 " + l }},
	{"docker compose", func(l string) string { return "gateway-1  | " + l }},
	{"kubernetes", func(l string) string { return "2023-06-04T10:00:00.000401021Z stderr F " + l }},
	{"klog", func(l string) string { return "E0604 10:00:00.000000   24628 main.go:29] " + l }},
	{"bracketed time", func(l string) string { return "[2023-06-04 10:00:00] " + l }},
	{"quoted", func(l string) string { return "> " + l }},
	{"indented", func(l string) string { return "    " + l }},
	{"colour", func(l string) string { return "\x1b[31;1m" + l + "\x1b[0m" }},
	{"title", func(l string) string { return "\x1b]0;build\x07" + l }},
	{"json", func(l string) string { return fmt.Sprintf(`{"log":%s,"stream":"stderr"}`, quoted(l+"\n")) }},
	{"json in json", func(l string) string {
		return fmt.Sprintf(`{"log":%s,"stream":"stderr"}`, quoted(fmt.Sprintf(`{"level":"error","error":%s}`, quoted(l))+"\n"))
	}},
	{"logfmt", func(l string) string { return "level=error err=" + quoted(l+"\n") + " caller=main" }},
}

func quoted(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// TestClothes: whatever a log wears, the findings are the same.
func TestClothes(t *testing.T) {
	t.Parallel()
	for _, w := range clothes {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range caseFiles(t, "*.txt") {
				c := readCase(t, name)
				var b strings.Builder
				for line := range strings.Lines(c.text) {
					b.WriteString(w.wear(strings.TrimRight(line, "\r\n")) + "\n")
				}
				want, got := brief(Find(c.text, c.header["own"])), brief(Find(b.String(), c.header["own"]))
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-plain +%s):\n%s", name, w.name, d)
				}
			}
		})
	}
}

// brief is what must not depend on the clothes.
func brief(found []Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, fmt.Sprintf("line %d (%d): %s %s; %s", f.Line, f.Count, f.Cause, f.Package, f.Fix))
	}
	return out
}

// TestAgain: the text of a finding is enough to find it again.
func TestAgain(t *testing.T) {
	t.Parallel()
	for _, name := range caseFiles(t, "*.txt") {
		c := readCase(t, name)
		for _, f := range Find(c.text, c.header["own"]) {
			if f.kind == crash || strings.HasPrefix(f.Why, "the plugin's own") || f.Cause == ServerOwn && strings.Contains(c.text, "main.main(") {
				continue // a traceback is more than its headline
			}
			again := Find(f.Text, c.header["own"])
			if len(again) != 1 || again[0].Cause != f.Cause || again[0].Fix != f.Fix {
				t.Errorf("%s: %q gives %+v", name, f.Text, again)
			}
		}
	}
}
