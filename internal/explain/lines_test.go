package explain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       []string // "number indentation|text"
	}{
		{"plain", "a b\nc", []string{"1 |a b", "2 |c"}},
		{"crlf and progress", "a\r\nb 10%\rb 20%\r\n", []string{"1 |a", "2 |b 10%", "2 |b 20%"}},
		{"indented", "\ta\n    b  ", []string{"1 \t|a", "2     |b"}},
		{"times", "2023/06/04 10:00:00.123  a\n2023-06-04T10:00:00Z b\nE0604 10:00:00.000000 7 x.go:1] c", []string{"1 |a", "2 |b", "3 |c"}},
		{"build", "#12 0.303 \ta\n0.303 b\n#7 c", []string{"1 \t|a", "2 |b", "3 |c"}},
		{"several", "web-1  | 2023-06-04T10:00:00Z [2023-06-04 10:00:00] a", []string{"1 |a"}},
		{"colour", "\x1b[31mERRO\x1b[0m a\x1b]8;;http://x\x07b", []string{"1 |ERRO ab"}},
		{"invisible", "a\x00b\u200b\u202ec\u00a0d\xff", []string{"1 |abc d"}},
		{"json", `{"level":"error","msg":"a b","n":1,"in":{"list":["c d"]}}`, []string{"1 |a b", "1 |c d"}},
		{"json with lines", `{"log":"a b:\n\tc d\n"}`, []string{"1 |a b:", "1 \t|c d"}},
		{"json in json", `{"log":"{\"error\":\"a \\\"b\\\" c\"}\n"}`, []string{`1 |a "b" c`}},
		{"json after text", `INFO x {"error": "a b"}`, []string{"1 |a b"}},
		{"json cut off", `{"log":"{\"error\":\"a \\\"b\\\" c`, []string{`1 |a "b" c`}},
		{"logfmt", `level=error err="a \"b\" c" x=y`, []string{`1 |a "b" c`}},
		{"quotes without escapes", `err="a b" x="c d"`, []string{`1 |err="a b" x="c d"`}},
		{"cut out of quotes", `a \"b\" c","d":1`, []string{`1 |a "b" c`}},
		{"unicode", `err="a\u003eb\x20c \"d\""`, []string{`1 |a>b c "d"`}},
		{"a windows path", `open "C:\users\x y" here`, []string{`1 |C:\users\x y`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, l := range split(tt.text) {
				got = append(got, fmt.Sprintf("%d %s|%s", l.no, l.indent, l.text))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestHuge: lines and texts of any size take time in proportion. Nothing here looks
// at a clock: what takes more would take hours.
func TestHuge(t *testing.T) {
	t.Parallel()
	const line = `plugin.Open("a"): plugin was built with a different version of package go.uber.org/zap`
	for _, tt := range []struct {
		name, text string
		findings   int
	}{
		{"one line", strings.Repeat("x", 4<<20) + line + strings.Repeat(" y", 2<<20), 1},
		{"one line of errors", strings.Repeat(line+" ", 20_000), 1},
		{"one line of quotes", strings.Repeat(`plugin.Open("`, 100_000), 0},
		{"one line of escapes", strings.Repeat(`"\`, 1<<20), 0},
		{"one line of braces", strings.Repeat(`{"`, 1<<20), 0},
		{"nested json", strings.Repeat(`{"a":`, 100_000), 0},
		{"indented more and more", staircase(4_000), 0},
		{"panics", strings.Repeat("panic: x\n\ngoroutine 1 [running]:\n", 100_000), 0},
		{"chains", strings.Repeat("go: a imports\n", 200_000), 0},
		{"headers", strings.Repeat("# a/b\nx.go:1:1: y\n", 20_000), 1},
		{"the same error", strings.Repeat(line+"\n", 100_000), 1},
		{"different errors", different(3 * MaxFindings), MaxFindings},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := Find(tt.text, "")
			if len(found) != tt.findings {
				t.Errorf("%d findings, want %d", len(found), tt.findings)
			}
			for _, f := range found {
				checkFinding(t, tt.text, f)
			}
		})
	}
}

func staircase(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "x\n")
	}
	return b.String()
}

func different(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "plugin.Open(\"a\"): plugin was built with a different version of package example.com/p%d\n", i)
	}
	return b.String()
}

// TestTextEnds: what is indented further belongs to an error, and the next line does not.
func TestTextEnds(t *testing.T) {
	t.Parallel()
	for _, indent := range []string{"", "\t", "    "} {
		own := indent + "main.go:3:1: undefined: x\n" + indent + "\thave (int)\n"
		found := Find(own+indent+"make: *** [Makefile:2: plugin] Error 1\n", "example.com/plugin")
		if len(found) != 1 || !strings.HasSuffix(found[0].Text, "have (int)") {
			t.Errorf("indented by %q: %+v", indent, found)
		}
	}
}
