package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityTables: every test that SECURITY.md names is there, and every row
// that says what foreign input can cause names one, or where it is said.
func TestSecurityTables(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, pattern := range []string{"../../*/*_test.go", "../../internal/*/*_test.go", "*_test.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(data)
		}
	}
	for _, m := range regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(tests.String(), "\nfunc "+m[1]+"(") {
			t.Errorf("there is no test %s", m[1])
		}
	}
	script := regexp.MustCompile("`([a-z_]+\\.txtar)`")
	for _, m := range script.FindAllStringSubmatch(string(text), -1) {
		found := 0
		for _, dir := range []string{"", "race/", "all/"} {
			if _, err := os.Stat("../../testdata/script/" + dir + m[1]); err == nil {
				found++
			}
		}
		if found != 1 {
			t.Errorf("there is no script %s", m[1])
		}
	}
	_, table, ok := strings.Cut(string(text), "\n## What can come from others, and what it can cause\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| comes with") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 3 || !script.MatchString(cells[2]) && !regexp.MustCompile("`(Test|Fuzz)").MatchString(cells[2]) {
			t.Errorf("no test: %s", line)
		}
	}
	if !ok || rows < 20 {
		t.Errorf("%d rows", rows)
	}
}
