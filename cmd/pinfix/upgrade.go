package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func (e *env) upgradeCommand() *cli.Command {
	cmd := &cli.Command{
		Name:      "upgrade",
		Usage:     "move the plugin to another server: snapshot and apply in one",
		ArgsUsage: "REF",
		Description: `Pins the plugin to another server and makes the repository name it: the snapshot,
next to go.mod or above, or the line server: in .pinfix.yaml. Both are written,
or nothing.

   pinfix upgrade -n image:heroiclabs/nakama:3.26.0  # what changes, shown first
   pinfix upgrade image:heroiclabs/nakama:3.26.0
   pinfix upgrade ./nakama

Exit codes: 0 upgraded, or as it should be; 1 -n found a change; 2 it failed.
---
The flags are those of apply. REF is a server reference, as for --server: pinfix help
server.

What names the server is found as apply finds it. A snapshot is written again, the
one that a line server: names as well, if it is in the directory of .pinfix.yaml or
below. Another line server: gets the new reference, if it is a plain line of one
value; else pinfix says what to write. Where nothing names a server, server.buildinfo
is made next to go.mod.

A snapshot above the module is for all plugins below it. It is written too, and
pinfix names the command that pins the others.`,
		Action: e.upgrade,
	}
	for _, f := range e.applyCommand().Flags {
		switch f.Names()[0] {
		case "server", "o":
		case "format":
			cmd.Flags = append(cmd.Flags, formatFlag("text", "json", "patch", "markdown"))
		default:
			cmd.Flags = append(cmd.Flags, f)
		}
	}
	return cmd
}

func (e *env) upgrade(c *cli.Context) error {
	args := c.Args().Slice()
	late := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") })
	switch {
	case late > 0:
		return &usageError{msg: fmt.Sprintf("flag %s comes after the argument %q; put flags first", args[late], args[late-1]), help: "upgrade"}
	case c.NArg() == 0:
		return &usageError{msg: "upgrade needs the new server: pinfix upgrade REF", help: "upgrade"}
	case c.NArg() > 1:
		return &usageError{msg: "upgrade takes one server; " + c.Args().Get(1) + " is a second", help: "upgrade"}
	case c.Args().First() == "":
		return &usageError{msg: "upgrade: the server has no name", help: "upgrade"}
	}
	e.servers = slices.Insert(slices.Clone(e.servers), 0, e.typedServer(c, c.Args().First(), "--server"))
	return e.applyOne(c, true)
}
