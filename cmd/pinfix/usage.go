package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/suggest"
)

// onUsageError answers what the flag package could not parse: --help, which
// no one defines, and what is wrong.
func onUsageError(c *cli.Context, err error, _ bool) error {
	path := helpPath(c)
	if errors.Is(err, flag.ErrHelp) {
		return showHelp(c, strings.Fields(path))
	}
	msg := err.Error()
	if name, ok := strings.CutPrefix(msg, "flag provided but not defined: -"); ok {
		msg = unknownFlag(c, name)
	}
	var value, name string
	if n, _ := fmt.Sscanf(msg, "invalid boolean value %q for -%s", &value, &name); n == 2 {
		name = dashed(strings.TrimSuffix(name, ":"))
		for _, f := range flagDocs(c.Command) {
			if f.optional && slices.Contains(f.names, name) {
				msg = notOneOf(name, value, f.values)
			}
		}
	}
	return &usageError{msg: msg, help: path}
}

func unknownFlag(c *cli.Context, name string) string {
	if c.Command.Name == c.App.Name {
		for _, cmd := range c.App.Commands {
			if hasFlag(cmd, name) {
				return "flag " + dashed(name) + " comes before the command; put it after the command"
			}
		}
	}
	near := suggest.Nearest(name, longNames(c.Command))
	if near == "" {
		return "unknown flag " + dashed(name)
	}
	return "unknown flag " + dashed(name) + " (did you mean " + dashed(near) + "?)"
}

// longNames are the names of a command's flags, but for the single letters.
func longNames(cmd *cli.Command) []string {
	var names []string
	for _, f := range append(cmd.Flags[:len(cmd.Flags):len(cmd.Flags)], helpFlag) {
		for _, name := range f.Names() {
			if len(name) > 1 {
				names = append(names, name)
			}
		}
	}
	return names
}
