package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
)

func (e *env) helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "show this list, or the help of a command",
		ArgsUsage: "[COMMAND...]",
		Description: `Shows the help of a command, as COMMAND --help does. Without a command, lists the
commands.

   pinfix help
   pinfix help apply
   pinfix help hook install`,
		Before: manual.NoSettings,
		Action: func(c *cli.Context) error { return manual.ShowHelp(c, c.Args().Slice()) },
	}
}
