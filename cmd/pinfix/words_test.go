package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// wordsOut are the words that the glossary in CONTRIBUTING.md rules out, as they may be
// found in a text. A match that ends in "for" or "-" is a use that is allowed: "it stands
// for a server", "a stand-in".
var wordsOut = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bmend(s|ed|ing)?\b`),
	regexp.MustCompile(`(?i)\bheal(s|ed)?\b`),
	regexp.MustCompile(`(?i)\bcannot be had\b`),
	regexp.MustCompile(`(?i)\bbeside\b`),
	regexp.MustCompile(`(?:^|[\s"(:;,])([Nn]o|[Ss]ome)body(?:'s)?(?:[\s.,;:)"]|$)`),
	regexp.MustCompile(`(?i)\bat hand\b`),
	regexp.MustCompile(`(?i)\bshall\b`),
	regexp.MustCompile(`(?i)\bstands?\b(?: for\b|-)?`),
	regexp.MustCompile(`(?i)\b(take|takes|taken|taking) ((it|them|that|this|one|the \w+) )?out\b(?: of\b)?`),
	regexp.MustCompile(`(?i)\bpass(es|ed)? (it )?by\b`),
	regexp.MustCompile(`(?i)\b(becomes?|became) of\b`),
	regexp.MustCompile(`(?i)\bcould not be told\b|\bcannot be told\b`),
	regexp.MustCompile(`(?i)\bwants to be\b`),
	regexp.MustCompile(`\b(HAD|HAS NOW|SERVER'S)\b`),
	regexp.MustCompile(`(?i)\bnot overwriting\b`),
}

// allowed reports whether a match is a use of the word that the glossary leaves alone.
func allowed(match string) bool {
	match = strings.ToLower(match)
	return strings.HasSuffix(match, " for") || strings.HasSuffix(match, "-") || strings.HasSuffix(match, " of") && strings.HasPrefix(match, "tak")
}

// TestWords: no text of pinfix's own has a word that is out: Go files with their comments,
// documents, the man page, the action, and the comments of scripts. What others print
// (testdata/logs) and what scripts have for a plugin's files is theirs.
func TestWords(t *testing.T) {
	root := filepath.Join("..", "..")
	glossary := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			switch rel {
			case ".git", "bin", "testdata/logs", "testdata/servers", "testdata/real":
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(name) {
		case ".go", ".txtar", ".md", ".1", ".yml", ".yaml", ".html":
		default:
			return nil
		}
		if rel == "cmd/pinfix/words_test.go" || strings.Contains(rel, "/fuzz/") {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		n, table := 0, false
		for line := range strings.Lines(string(data)) {
			n++
			if filepath.Ext(name) == ".txtar" {
				if strings.HasPrefix(line, "-- ") {
					break
				}
				if !strings.HasPrefix(line, "#") {
					continue
				}
			}
			if rel == "CONTRIBUTING.md" {
				table = strings.HasPrefix(line, "| use | not |") || table && strings.HasPrefix(line, "|")
				if table {
					glossary++
					continue
				}
			}
			for _, out := range wordsOut {
				for _, match := range out.FindAllString(line, -1) {
					if !allowed(match) {
						t.Errorf("%s:%d: %q is out, see Words in CONTRIBUTING.md: %s", rel, n, strings.TrimSpace(match), strings.TrimSpace(line))
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if glossary-2 != len(wordsOut) {
		t.Errorf("CONTRIBUTING.md has %d words and this test %d", glossary-2, len(wordsOut))
	}
}
