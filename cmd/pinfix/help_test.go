package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
)

func allNodes() []manual.Node { return manual.Nodes(manual.Root((&env{}).app())) }

// TestHelp: the help of each command fits a screen, teaches by example, and names
// all flags; help and --help print the same.
func TestHelp(t *testing.T) {
	for _, n := range allNodes() {
		text := helpOf(t, append(slices.Clone(n.Path), "--help")...)
		if other := helpOf(t, append([]string{"help"}, n.Path...)...); other != text {
			t.Errorf("pinfix help %s differs from its --help:\n%s", n.Name(), other)
		}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) > 40 {
			t.Errorf("the help of %q has %d lines; 40 fit a screen", n.Name(), len(lines))
		}
		for _, line := range lines {
			if w := utf8.RuneCountInString(line); w > manual.HelpWidth || strings.TrimRight(line, " ") != line {
				t.Errorf("the help of %q: %d columns, or space at the end: %q", n.Name(), w, line)
			}
		}
		own := strings.TrimSuffix("  pinfix "+n.Name(), " ")
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, own) }) {
			t.Errorf("the help of %q has no example", n.Name())
		}
		_, flags, _ := strings.Cut(text, "\nFlags:\n")
		for _, f := range manual.Flags(n.Cmd) {
			if !strings.Contains(flags, "  "+strings.TrimSpace(strings.Join(f.Names, ", ")+" "+f.Placeholder)) || f.Text == "" {
				t.Errorf("the help of %q does not tell of %s", n.Name(), f.Names)
			}
		}
		if n.Cmd.Usage == "" && n.Path != nil {
			t.Errorf("%q has no word for the list of commands", n.Name())
		}
	}
}

func helpOf(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), nil, nil, &stdout, &stderr, append([]string{"pinfix"}, args...)); code != 0 || stderr.Len() > 0 {
		t.Errorf("pinfix %s: exit %d\n%s", strings.Join(args, " "), code, stderr.String())
	}
	return stdout.String()
}

// TestExamples: what the examples type exists: commands, flags, their values, and
// arguments only where there are some.
func TestExamples(t *testing.T) {
	count := 0
	for _, n := range allNodes() {
		for _, x := range manual.ParsePage(n.Cmd.Description).Examples {
			for _, line := range pinfixLines(x.Line) {
				count++
				if err := parse(strings.Fields(line)); err != nil {
					t.Errorf("%s: %v", x.Line, err)
				}
			}
		}
	}
	if count < 40 {
		t.Errorf("only %d examples", count)
	}
	for _, wrong := range []string{"pinfix aply", "pinfix apply --sever x", "pinfix check --vendor maybe", "pinfix server x", "pinfix build x.go --out y", "pinfix help nosuch", "pinfix hook nosuch"} {
		if parse(strings.Fields(wrong)) == nil {
			t.Errorf("%s would be a good example", wrong)
		}
	}
}

var pinfixRE = regexp.MustCompile(`(?:^|[ (])(pinfix(?: [^|>)]+)?)`)

// pinfixLines are the command lines of pinfix in an example for a shell.
func pinfixLines(line string) []string {
	var out []string
	for _, m := range pinfixRE.FindAllStringSubmatch(line, -1) {
		out = append(out, m[1])
	}
	return out
}

// parse runs a command line up to where a command would begin its work.
func parse(args []string) error {
	app := (&env{stdout: io.Discard, stderr: io.Discard}).app()
	began := false
	for _, n := range manual.Nodes(manual.Root(app)) {
		if len(n.Cmd.Subcommands) > 0 {
			continue
		}
		help := n.Name() == "help"
		n.Cmd.Before = nil
		n.Cmd.Action = func(c *cli.Context) error {
			began = true
			args := c.Args().Slice()
			late := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") && a != "-" })
			switch {
			case late >= 0:
				return fmt.Errorf("%s is after an argument", args[late])
			case n.Cmd.ArgsUsage == "" && len(args) > 0:
				return fmt.Errorf("%s takes no argument", n.Name())
			case help:
				_, err := manual.Find(app, args)
				return err
			}
			return manual.Chosen(c)
		}
	}
	err := app.RunContext(context.Background(), lateFlags(app, args))
	if err == nil && !began && len(args) > 1 {
		return fmt.Errorf("%q is no command", args)
	}
	return err
}

// TestFills: completion knows what to do for each placeholder.
func TestFills(t *testing.T) {
	word := regexp.MustCompile(`^[a-z./]+$`)
	for _, n := range allNodes() {
		for _, f := range manual.Flags(n.Cmd) {
			if _, ok := manual.Fills[f.Placeholder]; !ok && f.Values == nil {
				t.Errorf("%q %s: fills does not know %s", n.Name(), f.Names, f.Placeholder)
			}
		}
		if kind, values := n.Argument(); kind == manual.FillWords {
			for _, v := range values {
				if !word.MatchString(v) {
					t.Errorf("%q: fills does not know %s", n.Name(), n.Cmd.ArgsUsage)
				}
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"a b\nc", 10, []string{"a b c"}},
		{"aaa bbb ccc", 7, []string{"aaa bbb", "ccc"}},
		{"äää ööö üüü", 7, []string{"äää ööö", "üüü"}},
		{"a toolongword b", 5, []string{"a", "toolongword", "b"}},
	} {
		if got := manual.Wrap(tt.text, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}
