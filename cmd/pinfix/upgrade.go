package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
)

func (e *env) upgradeCommand() *cli.Command {
	cmd := &cli.Command{
		Name:      "upgrade",
		Usage:     "move the plugin to another server: snapshot and apply in one step",
		ArgsUsage: "REF",
		Description: `Pins the plugin to another server, and makes the repository name that server: in
the snapshot, next to go.mod or above it, or in the line server: of .pinfix.yaml.
Writes both or nothing.

   pinfix upgrade -n image:heroiclabs/nakama:3.26.0  # show the change first
   pinfix upgrade image:heroiclabs/nakama:3.26.0
   pinfix upgrade ./nakama

Exit codes: 0 upgraded, or already there; 1 -n found a change; 2 it failed.
---
The flags are those of apply. REF is a server reference, as for --server: see pinfix
help server.

upgrade finds what names the server as apply does. A server.buildinfo it writes again.
A line server: of .pinfix.yaml gets the new reference if it is a plain line of one value;
if it is not, pinfix says what to write. If it names several servers, upgrade refuses. If
it names a snapshot in the directory of .pinfix.yaml or below, the line stays and upgrade
writes that snapshot again, but not if its name has the version of another release, or
if REF is itself a snapshot in the repository: then the line changes. If nothing names a
server, upgrade writes server.buildinfo next to go.mod.

A snapshot above the module is for all plugins below it. upgrade writes it too, and
names the command that pins the other plugins.`,
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
	switch {
	case c.NArg() == 0:
		return &manual.UsageError{Msg: "upgrade needs the new server: pinfix upgrade REF", Help: "upgrade"}
	case c.NArg() > 1:
		return &manual.UsageError{Msg: "upgrade takes one server; " + c.Args().Get(1) + " is a second", Help: "upgrade"}
	case c.Args().First() == "":
		return &manual.UsageError{Msg: "upgrade: the server has no name", Help: "upgrade"}
	}
	e.servers = slices.Insert(slices.Clone(e.servers), 0, e.typedServer(c, c.Args().First(), "--server"))
	return e.applyOne(c, true)
}
