package report

import (
	"bytes"
	"strings"
	"testing"
)

// TestProblemRows: a table shows so many rows, and says how many more there are.
func TestProblemRows(t *testing.T) {
	t.Parallel()
	for n, more := range map[int]string{maxRows - 1: "", maxRows: "", maxRows + 1: "| … and 1 more |", maxRows + 3: "| … and 3 more |"} {
		c := &Check{Plugins: []Checked{{Dir: "d", Problems: n}}}
		for i := range n {
			c.Problems = append(c.Problems, Problem{Kind: "version", Module: "m", Path: "go.mod", File: "go.mod", Line: i + 1, Dir: "d", Fix: "x"})
		}
		var b bytes.Buffer
		if err := c.Markdown(&b); err != nil {
			t.Fatal(err)
		}
		if rows := strings.Count(b.String(), "| `go.mod:"); rows != min(n, maxRows) || strings.Contains(b.String(), "more |") != (more != "") || !strings.Contains(b.String(), more) {
			t.Errorf("%d problems: %d rows, want %q", n, rows, more)
		}
	}
}

// TestSharedAnswers: neighbours share an answer if it is the same in all parts.
func TestSharedAnswers(t *testing.T) {
	t.Parallel()
	one := Explained{Line: 1, Count: 1, Cause: "version", Why: "why", Fix: "fix"}
	for _, tt := range []struct {
		other   Explained
		answers int
	}{
		{Explained{Line: 2, Count: 1, Cause: "version", Why: "why", Fix: "fix"}, 1},
		{Explained{Line: 2, Count: 1, Cause: "flags", Why: "why", Fix: "fix"}, 2},
		{Explained{Line: 2, Count: 1, Cause: "version", Why: "reason", Fix: "fix"}, 2},
		{Explained{Line: 2, Count: 1, Cause: "version", Why: "why", Fix: "step"}, 2},
	} {
		var b bytes.Buffer
		if err := (&Explain{Findings: []Explained{one, tt.other}}).Text(&b, Style{}); err != nil {
			t.Fatal(err)
		}
		if answers := strings.Count(b.String(), "do: "); answers != tt.answers {
			t.Errorf("%+v: %d answers\n%s", tt.other, answers, b.String())
		}
	}
}
