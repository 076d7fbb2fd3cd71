package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/shell"
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

upgrade finds what names the server as apply does. It writes a server.buildinfo again.
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
	refs := slices.DeleteFunc(c.Args().Slice(), plugin.IsWalk)
	switch {
	case len(refs) < c.NArg():
		ref := "REF"
		if len(refs) == 1 {
			ref = shell.Quote(refs[0])
		}
		return &manual.UsageError{Msg: "upgrade is for one plugin, and takes no ./...", Help: "upgrade",
			Next: "run it for each plugin: pinfix upgrade -C DIR " + ref + "; those that share its server follow with pinfix apply ./..."}
	case c.NArg() == 0:
		return &manual.UsageError{Msg: "upgrade needs the new server", Help: "upgrade", Next: "name it: pinfix upgrade REF"}
	case c.NArg() > 1:
		return &manual.UsageError{Msg: fmt.Sprintf("upgrade takes one server, and %d are given", c.NArg()), Help: "upgrade", Next: "leave out all but one; name the plugin with -C DIR"}
	case c.Args().First() == "":
		return &manual.UsageError{Msg: "upgrade: the server has no name", Help: "upgrade"}
	}
	e.servers = slices.Insert(slices.Clone(e.servers), 0, e.typedServer(c, c.Args().First(), "--server"))
	return e.applyOne(c, true)
}
