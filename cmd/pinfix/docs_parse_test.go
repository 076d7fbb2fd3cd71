package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v3"

	"github.com/pinfix/pinfix/internal/config"
	"github.com/pinfix/pinfix/internal/manual"
)

// notRun are lines of sh blocks that cannot run in a test, and why. What they
// say to pinfix is parsed all the same.
var notRun = []struct {
	line *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`^go install github\.com/pinfix/`), "it is not released from this tree"},
	{regexp.MustCompile(`^(mkdir tools$|go -C tools )`), "it fetches a release of pinfix; testdata/script/hook_lefthook.txtar has one"},
	{regexp.MustCompile(`\bimage:`), "it needs a registry; testdata/script/image_*.txtar have one on loopback"},
	{regexp.MustCompile(` 'snapshots/`), "it needs snapshots of several servers; testdata/script/many_one.txtar has them"},
	{regexp.MustCompile(`^docker `), "it needs Docker"},
	{regexp.MustCompile(`^git clone `), "it needs the network"},
	{regexp.MustCompile(`^make (test|experiments)\b`), "it runs the tests"},
	{regexp.MustCompile(`^make demo\b`), "the README has it in a console block"},
}

func notRunHere(line string) string {
	for _, n := range notRun {
		if n.line.MatchString(line) {
			return n.why
		}
	}
	return ""
}

// parsesAll checks every call of pinfix in a line of shell.
func parsesAll(line string) error {
	line, _, _ = strings.Cut(line, " # ")
	for _, part := range regexp.MustCompile(`\|\|?|&&|;`).Split(line, -1) {
		part = strings.TrimPrefix(strings.TrimSpace(part), "./")
		if strings.HasPrefix(part, "pinfix ") {
			if err := parses(part); err != nil {
				return err
			}
		}
	}
	return nil
}

// redirection is what a shell does not give to the program.
var redirection = regexp.MustCompile(`\d?>&?\s*\S+`)

// parses says whether pinfix takes a command line. "a|b" in a word stands for
// either, "…" for more words.
func parses(line string) error {
	words := strings.Fields(redirection.ReplaceAllString(line, ""))
	words = slices.DeleteFunc(words, func(w string) bool { return w == "…" || w == "--" })
	for i, w := range words {
		if a, b, ok := strings.Cut(w, "|"); ok {
			for _, one := range []string{a, b} {
				each := slices.Clone(words)
				each[i] = one
				if err := parses(strings.Join(each, " ")); err != nil {
					return err
				}
			}
			return nil
		}
	}
	app := (&env{stderr: io.Discard, stdout: io.Discard}).app()
	app.CommandNotFound = func(*cli.Context, string) {}
	for _, c := range app.Commands {
		doNothing(c)
	}
	if err := app.Run(words); err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return nil
}

// doNothing leaves of a command its flags and their values.
func doNothing(c *cli.Command) {
	c.Before = nil
	if len(c.Subcommands) == 0 {
		c.Action = manual.Chosen
	}
	for _, sub := range c.Subcommands {
		doNothing(sub)
	}
}

// yaml checks that a block is YAML, that pinfix takes what it is told there, and
// a .pinfix.yaml as pinfix does.
func (r *reader) yaml(b *block) {
	text := strings.Join(b.lines, "\n")
	var any any
	r.check(b.line, yaml.Unmarshal([]byte(text), &any))
	if strings.HasPrefix(text, "# .pinfix.yaml") {
		_, err := config.Parse(".pinfix.yaml", []byte(text), settingKeys)
		r.check(b.line, err)
	}
	for i, line := range b.lines {
		if _, cmd, ok := strings.Cut(line, "pinfix "); ok && regexp.MustCompile(`(- |run: )pinfix `).MatchString(line) {
			r.check(b.line+i+1, parsesAll("pinfix "+cmd))
		}
	}
}

// dockerfile checks that a script of testdata/script runs the RUN lines, and
// that pinfix takes them.
func (r *reader) dockerfile(b *block) {
	for i, line := range b.lines {
		if cmd, ok := strings.CutPrefix(line, "RUN "); ok {
			r.check(b.line+i+1, parsesAll(cmd))
		}
	}
	if want := "docrun \\S+ " + regexp.QuoteMeta(r.page.name+" "+b.head) + "\n"; !inScripts(r.t, want) {
		r.t.Errorf("%s:%d: no script runs this Dockerfile: %s", r.page.name, b.line, want)
	}
}

// makefile parses the recipes of a Makefile; a script must run it.
func (r *reader) makefile(b *block) {
	for i, line := range b.lines {
		if cmd, ok := strings.CutPrefix(line, "\t"); ok {
			r.check(b.line+i+1, parsesAll(cmd))
		}
	}
	if want := "docmake \\S+ " + regexp.QuoteMeta(r.page.name+" '"+b.head+"'"); !inScripts(r.t, want) {
		r.t.Errorf("%s:%d: no script runs this Makefile: %s", r.page.name, b.line, want)
	}
}

func TestParses(t *testing.T) {
	for _, line := range []string{"pinfix apply --nonsense", "pinfix aply", "pinfix apply --vendor sometimes", "pinfix hook instal|status", "pinfix"} {
		if parses(line) == nil {
			t.Errorf("%s parses", line)
		}
	}
	for _, line := range []string{"pinfix apply -s x -n", "pinfix hook install|uninstall|status", "pinfix explain …", "pinfix server --format json > x"} {
		if err := parses(line); err != nil {
			t.Error(err)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, m := range []struct {
		want, got string
		ok        bool
	}{
		{"a b", "a b", true},
		{"a b", "a c", false},
		{"a b", "a b\nc", false},
		{"a …", "a b", true},
		{"a … d", "a b\nc d", false},
		{"…", "", true},
		{"a\n…\nd", "a\nb\nc\nd", true},
		{"a\n…\nd", "a\nd", true},
		{"a\n…", "b\na", false},
	} {
		if matches(strings.Split(m.want, "\n"), strings.Split(m.got, "\n")) != m.ok {
			t.Errorf("matches(%q, %q) is not %v", m.want, m.got, m.ok)
		}
	}
}
