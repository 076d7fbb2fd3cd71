package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLinks follows every relative link of the documents: the file is there, and
// so is the heading that an #anchor names.
func TestLinks(t *testing.T) {
	for _, name := range docsOf(t, "CONTRIBUTING.md", "CHANGELOG.md", "testdata/README.md", "testdata/logs/README.md") {
		for _, l := range readPage(t, name).links {
			if regexp.MustCompile(`^[a-z]+:`).MatchString(l.text) {
				continue // elsewhere
			}
			file, anchor, _ := strings.Cut(l.text, "#")
			if file == "" {
				file = path.Base(name)
			}
			target := path.Join(path.Dir(name), file)
			if _, err := os.Stat(filepath.Join("..", "..", target)); err != nil {
				t.Errorf("%s:%d: no %s", name, l.line, target)
				continue
			}
			if anchor != "" && !hasAnchor(readPage(t, target), anchor) {
				t.Errorf("%s:%d: no heading #%s in %s", name, l.line, anchor, target)
			}
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// hasAnchor says whether GitHub gives a heading of the page this anchor.
func hasAnchor(p *docPage, anchor string) bool {
	for _, h := range p.heads {
		if strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(h), ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

var namedPage = regexp.MustCompile(`\b(?:docs/[\w./-]+|[A-Z][A-Z_-]+)\.md\b`)

// TestNamedPages: each document that code, tests, scripts or other documents name, as
// docs/json.md or SECURITY.md, is in the repository.
func TestNamedPages(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "bin"):
			return fs.SkipDir
		case d.IsDir() || !slices.Contains([]string{".go", ".txtar", ".md", ".yaml", ".yml", ""}, filepath.Ext(name)):
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		n := 0
		for line := range strings.Lines(string(data)) {
			n++
			for _, page := range namedPage.FindAllString(line, -1) {
				if _, err := os.Stat(filepath.Join(root, page)); err != nil {
					t.Errorf("%s:%d: there is no %s", name, n, page)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
