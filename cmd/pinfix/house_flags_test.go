package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestFlagsAreDocumented: the README or a page of docs/ names each flag, in one of its
// forms.
func TestFlagsAreDocumented(t *testing.T) {
	var text strings.Builder
	add := func(name string) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	add("../../README.md")
	err := filepath.WalkDir("../../docs", func(name string, d fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".md") {
			add(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range withSubcommands((&env{}).app().Commands) {
		for _, f := range c.Flags {
			if !mentions(text.String(), f.Names()) {
				t.Errorf("pinfix %s: neither README.md nor docs/ says what --%s is for", c.Name, f.Names()[0])
			}
		}
	}
}

func withSubcommands(cmds []*cli.Command) []*cli.Command {
	var out []*cli.Command
	for _, c := range cmds {
		out = append(append(out, c), withSubcommands(c.Subcommands)...)
	}
	return out
}

// mentions reports whether text has a flag as a word: "-v" is not in "--verbose".
func mentions(text string, names []string) bool {
	for _, n := range names {
		dashes := "--"
		if len(n) == 1 {
			dashes = "-"
		}
		if regexp.MustCompile(`(?m)(^|[^\w-])` + dashes + regexp.QuoteMeta(n) + `($|[^\w-])`).MatchString(text) {
			return true
		}
	}
	return false
}
