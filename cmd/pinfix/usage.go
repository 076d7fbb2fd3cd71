package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/suggest"
)

// onUsageError answers what the flag package could not parse: --help, which
// no one defines, and what is wrong.
func onUsageError(c *cli.Context, err error, _ bool) error {
	path := manual.HelpPath(c)
	if errors.Is(err, flag.ErrHelp) {
		return manual.ShowHelp(c, strings.Fields(path))
	}
	msg, next := err.Error(), ""
	if name, ok := strings.CutPrefix(msg, "flag provided but not defined: -"); ok {
		msg, next = unknownFlag(c, name)
	}
	var value, name string
	if n, _ := fmt.Sscanf(msg, "invalid boolean value %q for -%s", &value, &name); n == 2 {
		name = manual.Dashed(strings.TrimSuffix(name, ":"))
		for _, f := range manual.Flags(c.Command) {
			if f.Optional && slices.Contains(f.Names, name) {
				msg = manual.NotOneOf(name, value, f.Values)
			}
		}
	}
	return &manual.UsageError{Msg: msg, Help: path, Next: next}
}

func unknownFlag(c *cli.Context, name string) (wrong, next string) {
	if c.Command.Name == c.App.Name {
		for _, cmd := range c.App.Commands {
			if hasFlag(cmd, name) {
				return "flag " + manual.Dashed(name) + " comes before the command", "put it after the command"
			}
		}
	}
	near := suggest.Nearest(name, longNames(c.Command))
	if near == "" {
		return "unknown flag " + manual.Dashed(name), ""
	}
	return "unknown flag " + manual.Dashed(name) + " (did you mean " + manual.Dashed(near) + "?)", ""
}

// longNames are the names of a command's flags, but for the single letters.
func longNames(cmd *cli.Command) []string {
	var names []string
	for _, f := range append(cmd.Flags[:len(cmd.Flags):len(cmd.Flags)], manual.HelpFlag) {
		for _, name := range f.Names() {
			if len(name) > 1 {
				names = append(names, name)
			}
		}
	}
	return names
}
