package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/suggest"
)

// shells are those that completion knows. Each writes a script that asks no one:
// all that it offers it has from the command tables.
var shells = []string{"bash", "zsh", "fish"}

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
		Before: noSettings,
		Action: e.completion,
	}
}

func (e *env) completion(c *cli.Context) error {
	names := strings.Join(shells, ", ")
	if c.NArg() == 0 {
		return &usageError{msg: "completion: for which shell? name one of " + names, help: "completion"}
	}
	shell := c.Args().First()
	write := map[string]func(io.Writer, []node) error{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[shell]
	switch {
	case c.NArg() > 1:
		return &usageError{msg: fmt.Sprintf("completion takes one shell, not %q as well", c.Args().Get(1)), help: "completion"}
	case write == nil:
		return &usageError{msg: fmt.Sprintf("completion: unknown shell %q%s: it knows %s", shell, suggest.DidYouMean(shell, shells), names), help: "completion"}
	}
	return write(e.stdout, nodes(root(c.App)))
}

// A node is a command as completion and man page see it.
type node struct {
	path []string // nil: pinfix itself
	cmd  *cli.Command
	top  *cli.Command // pinfix
}

func (n node) name() string { return strings.Join(n.path, " ") }

// nodes are the root of the command table and all below it.
func nodes(top *cli.Command) []node { return below(node{nil, top, top}) }

func below(n node) []node {
	out := []node{n}
	for _, sub := range n.cmd.Subcommands {
		out = append(out, below(node{append(slices.Clone(n.path), sub.Name), sub, n.top})...)
	}
	return out
}

// schemes begin a server reference that is no path alone.
func schemes() []string { return slices.Concat(nameSchemes, pathSchemes) }

// A fill is what a shell can offer for a value.
type fill int

const (
	fillNothing fill = iota
	fillFiles
	fillDirs
	fillRefs // of servers: schemes, and files
	fillWords
)

// fills says what stands for a placeholder of a flag or an argument. A test knows
// that none is missing.
var fills = map[string]fill{
	"FILE": fillFiles, "[FILE|-]": fillFiles, "PLUGIN.so...": fillFiles, "PKG|FILE": fillFiles, "[PACKAGE]": fillFiles,
	"DIR": fillDirs, "REF": fillRefs, "[REF...]": fillRefs,
	"PATH": fillNothing, "OS/ARCH": fillNothing, "MODULE": fillNothing, "MODULE@VERSION": fillNothing, "": fillNothing,
}

// fill is what to offer for the value of f, and the words if it is words.
func (f flagDoc) fill() (fill, []string) {
	if f.values != nil {
		return fillWords, f.values
	}
	return fills[f.placeholder], nil
}

// argument is the same for what is behind the flags. A word that is alone
// may be left out; a shell should not put it where nothing is typed.
func (n node) argument() (fill, []string) {
	switch {
	case len(n.cmd.Subcommands) > 0:
		return fillWords, commandNames(n.cmd)
	case n.cmd.ArgsUsage == "[COMMAND...]":
		return fillWords, commandNames(n.top)
	}
	if kind, ok := fills[n.cmd.ArgsUsage]; ok {
		return kind, nil
	}
	return fillWords, strings.Split(strings.Trim(n.cmd.ArgsUsage, "[]"), "|")
}

// typed are the words of f as they can be typed: --print is alone or with =.
func (f flagDoc) typed() []string {
	if !f.optional {
		return f.names
	}
	out := slices.Clone(f.names)
	for _, v := range f.values {
		out = append(out, f.names[len(f.names)-1]+"="+v)
	}
	return out
}
