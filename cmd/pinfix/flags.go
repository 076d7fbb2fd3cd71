package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/suggest"
)

// A choiceFlag takes one of a few values; the first is the default. Help, man
// page, completion and the check of the command line have them from here.
type choiceFlag struct {
	*cli.StringFlag
	values []string
}

func choice(name, usage string, values ...string) *choiceFlag {
	return &choiceFlag{&cli.StringFlag{Name: name, Value: values[0], Usage: usage}, values}
}

// chosen refuses a value that a choiceFlag of c does not know.
func chosen(c *cli.Context) error {
	for _, f := range c.Command.Flags {
		f, ok := f.(*choiceFlag)
		if !ok {
			continue
		}
		if v := c.String(f.Name); !slices.Contains(f.values, v) {
			return &usageError{msg: notOneOf(dashed(f.Name), v, f.values), help: helpPath(c)}
		}
	}
	return nil
}

// notOneOf says of a value that it must be another.
func notOneOf(what, value string, values []string) string {
	return fmt.Sprintf("%s %q: must be one of %s%s", what, value, strings.Join(values, ", "), suggest.DidYouMean(value, values))
}

// helpFlag is for the tables only: the flag package itself knows -h and --help
// where no one has defined them, and onUsageError answers.
var helpFlag = &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show this help"}

// A flagDoc is what the tables tell of a flag.
type flagDoc struct {
	names       []string // with dashes, short ones first
	placeholder string   // of its value; "" where it takes none
	text        string
	values      []string // all that it takes; nil: anything
	optional    bool     // the value may be missing, and is behind = else
	repeatable  bool
}

// flagDocs are the flags of a command, with --help at the end.
func flagDocs(cmd *cli.Command) []flagDoc {
	var out []flagDoc
	for _, f := range append(slices.Clone(cmd.Flags), helpFlag) {
		out = append(out, docOf(f))
	}
	return out
}

func docOf(f cli.Flag) flagDoc {
	var d flagDoc
	for _, name := range slices.Backward(f.Names()) {
		d.names = append(d.names, dashed(name))
	}
	shown := f.(cli.DocGenerationFlag)
	d.placeholder, d.text = unquote(shown.GetUsage())
	switch f := f.(type) {
	case *choiceFlag:
		d.values = f.values
	case *cli.StringSliceFlag:
		d.repeatable = true
	case *cli.GenericFlag:
		if v, ok := f.Value.(interface{ Values() []string }); ok {
			d.values, d.optional = v.Values(), true
		}
	}
	if !shown.TakesValue() || d.optional {
		d.placeholder = ""
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

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
