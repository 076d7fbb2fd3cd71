package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/report"
)

// TestErrorTable gives each error of the README's table to pinfix explain: it
// finds the cause that is next to it, and says to do what the table says.
func TestErrorTable(t *testing.T) {
	_, table, ok := strings.Cut(readPage(t, "README.md").old, "| The error says | It means | Do this |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")[1:]
	if !ok || len(rows) < 10 {
		t.Fatalf("no table of errors in README.md")
	}
	server, err := filepath.Abs("../../testdata/servers/nakama-3.26.0.buildinfo")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // not in pinfix's own module
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 3 {
			t.Errorf("%q has %d cells", row, len(cells))
			continue
		}
		for _, text := range spans(cells[0]) {
			text = strings.Replace(text, "… different", "plugin was built with a different", 1)
			if !agrees(explained(t, text), cells) && !agrees(explained(t, text, "-s", server), cells) {
				t.Errorf("%s\nwant %s: %s\nexplain says %+v", text, cells[1], cells[2], explained(t, text))
			}
		}
	}
}

// spans returns what is in `code`.
func spans(cell string) []string {
	var out []string
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		out = append(out, strings.TrimSpace(m[1]+m[2]))
	}
	return out
}

// agrees says whether a finding has a cause of the second cell, and a fix with
// every command of the third. Where that is all of the cell, or a comma
// follows it, the fix begins with it, or with words and a colon.
func agrees(findings []report.Explained, cells []string) bool {
	return slices.ContainsFunc(findings, func(f report.Explained) bool {
		for i, cmd := range spans(cells[2]) {
			rest, first := strings.CutPrefix(cells[2], "`"+cmd+"`")
			first = first && i == 0 && (rest == "" || rest[0] == ',')
			if !strings.Contains(f.Fix, cmd) || first && !strings.HasPrefix(f.Fix, cmd) && !strings.Contains(f.Fix, ": "+cmd) {
				return false
			}
		}
		return slices.Contains(spans(cells[1]), f.Cause)
	})
}

func explained(t *testing.T, text string, flags ...string) []report.Explained {
	t.Helper()
	var stdout, stderr strings.Builder
	args := append([]string{"pinfix", "explain", "--format", "json"}, flags...)
	run(t.Context(), nil, strings.NewReader(text+"\n"), &stdout, &stderr, args)
	var r report.Explain
	if err := json.Unmarshal([]byte(stdout.String()), &r); err != nil {
		t.Fatalf("%s: %s", text, stderr.String())
	}
	server := regexp.MustCompile(`--server \S+`)
	for i := range r.Findings {
		r.Findings[i].Fix = server.ReplaceAllString(r.Findings[i].Fix, "--server SERVER")
	}
	return r.Findings
}
