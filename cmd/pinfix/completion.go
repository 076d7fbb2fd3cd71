package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/suggest"
)

func (e *env) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the tab completion for bash, zsh or fish",
		ArgsUsage: "bash|zsh|fish",
		Description: `Prints a script with which the shell completes pinfix's commands, flags, values and
files. Put one of the first three lines into the startup file of your shell. Or run
one of the others, which write a file that the shell finds by itself; run it again
after each update of pinfix.

   eval "$(pinfix completion bash)"  # in ~/.bashrc
   eval "$(pinfix completion zsh)"   # in ~/.zshrc, below compinit
   pinfix completion fish | source   # in ~/.config/fish/config.fish
   pinfix completion bash > ~/.local/share/bash-completion/completions/pinfix
   pinfix completion zsh > "${fpath[1]}/_pinfix"
   pinfix completion fish > ~/.config/fish/completions/pinfix.fish

Exit codes: 0 printed, 2 not a shell that pinfix knows.`,
		Before: manual.NoSettings,
		Action: e.completion,
	}
}

func (e *env) completion(c *cli.Context) error {
	names := strings.Join(manual.Shells, ", ")
	if c.NArg() == 0 {
		return &manual.UsageError{Msg: "completion: no shell", Help: "completion", Next: "name one of " + names}
	}
	shell := c.Args().First()
	write := map[string]func(io.Writer, []manual.Node) error{"bash": manual.Bash, "zsh": manual.Zsh, "fish": manual.Fish}[shell]
	switch {
	case c.NArg() > 1:
		return &manual.UsageError{Msg: fmt.Sprintf("completion takes one shell; %q is a second", c.Args().Get(1)), Help: "completion"}
	case write == nil:
		return &manual.UsageError{Msg: fmt.Sprintf("completion: unknown shell %q%s", shell, suggest.DidYouMean(shell, manual.Shells)), Help: "completion", Next: "name one of " + names}
	}
	return write(e.stdout, manual.Nodes(manual.Root(c.App)))
}
