package manual

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/suggest"
)

// A ChoiceFlag takes one of a few values; the first is the default. Help, man
// page, completion and the check of the command line have them from here.
type ChoiceFlag struct {
	*cli.StringFlag
	Values []string
}

// Choice is a flag that takes one of values; the first is the default.
func Choice(name, usage string, values ...string) *ChoiceFlag {
	return &ChoiceFlag{&cli.StringFlag{Name: name, Value: values[0], Usage: usage}, values}
}

// Chosen refuses a value that a choiceFlag of c does not know.
func Chosen(c *cli.Context) error {
	for _, f := range c.Command.Flags {
		f, ok := f.(*ChoiceFlag)
		if !ok {
			continue
		}
		if v := c.String(f.Name); !slices.Contains(f.Values, v) {
			return &UsageError{Msg: NotOneOf(Dashed(f.Name), v, f.Values), Help: HelpPath(c)}
		}
	}
	return nil
}

// NotOneOf says of a value that it must be another.
func NotOneOf(what, value string, values []string) string {
	return fmt.Sprintf("%s %q: must be one of %s%s", what, value, strings.Join(values, ", "), suggest.DidYouMean(value, values))
}

// HelpFlag is for the tables only: the flag package itself knows -h and --help
// where no one has defined them, and onUsageError answers.
var HelpFlag = &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show this help"}

// A Flag is what the tables tell of a flag.
type Flag struct {
	Names       []string // with dashes, short ones first
	Placeholder string   // of its value; "" where it takes none
	Text        string
	Values      []string // all that it takes; nil: anything
	Optional    bool     // the value may be missing, and is behind = else
	repeatable  bool
}

// Flags are the flags of a command, with --help at the end.
func Flags(cmd *cli.Command) []Flag {
	var out []Flag
	for _, f := range append(slices.Clone(cmd.Flags), HelpFlag) {
		out = append(out, FlagOf(f))
	}
	return out
}

// FlagOf says what the tables tell of f.
func FlagOf(f cli.Flag) Flag {
	var d Flag
	for _, name := range slices.Backward(f.Names()) {
		d.Names = append(d.Names, Dashed(name))
	}
	shown := f.(cli.DocGenerationFlag)
	d.Placeholder, d.Text = unquote(shown.GetUsage())
	switch f := f.(type) {
	case *ChoiceFlag:
		d.Values = f.Values
	case *cli.StringSliceFlag:
		d.repeatable = true
	case *cli.GenericFlag:
		if v, ok := f.Value.(interface{ Values() []string }); ok {
			d.Values, d.Optional = v.Values(), true
		}
	}
	if !shown.TakesValue() || d.Optional {
		d.Placeholder = ""
	}
	return d
}

// unquote takes the placeholder, which is in backquotes, out of a text: what
// begins with "`X`: " does not name it again.
func unquote(usage string) (placeholder, text string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "", usage
	}
	placeholder, after, _ := strings.Cut(rest, "`")
	if text, ok := strings.CutPrefix(after, ": "); ok && before == "" {
		return placeholder, text
	}
	return placeholder, before + placeholder + after
}

// Dashed is the name of a flag as it is typed.
func Dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
