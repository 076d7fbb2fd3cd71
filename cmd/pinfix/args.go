package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
)

// lateFlags puts the arguments of a command behind the flags that follow them, because
// urfave/cli takes a flag after an argument for another argument. Behind "--" nothing is a
// flag.
func lateFlags(app *cli.App, args []string) []string {
	cmd, at := commandOf(app, args)
	if at == 1 || at >= len(args) {
		return args
	}
	var flags, words []string
	for i := at; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "-")
		switch {
		case args[i] == "--":
			return slices.Concat(args[:at], flags, args[i:i+1], words, args[i+1:])
		case !isFlag || name == "":
			words = append(words, args[i])
		default:
			flags = append(flags, args[i])
			if takesNext(cmd, strings.TrimPrefix(name, "-")) && i+1 < len(args) {
				i++
				flags = append(flags, args[i])
			}
		}
	}
	return slices.Concat(args[:at], flags, words)
}

// commandOf returns the command that args are for, and where what follows it begins.
func commandOf(app *cli.App, args []string) (cmd *cli.Command, at int) {
	cmd = manual.Root(app)
	for at = 1; at < len(args); at++ { // behind the name of the program
		next := cmd.Command(args[at])
		if next == nil {
			break
		}
		cmd = next
	}
	return cmd, at
}

// twice returns an error if args, as lateFlags returns them, name more than one server or
// platform for a command that takes one: other commands take several, and the last would
// count without a word.
func twice(app *cli.App, args []string) error {
	cmd, at := commandOf(app, args)
	name := strings.Join(args[min(1, len(args)):at], " ")
	for _, f := range cmd.Flags {
		if _, one := f.(*cli.StringFlag); !one || !slices.Contains(f.Names(), "server") && !slices.Contains(f.Names(), "platform") {
			continue
		}
		n := 0
		for i := at; i < len(args) && strings.HasPrefix(args[i], "-") && args[i] != "--"; i++ {
			typed, _, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
			if slices.Contains(f.Names(), typed) {
				n++
			}
			if !joined && takesNext(cmd, typed) {
				i++
			}
		}
		if n > 1 {
			return &manual.UsageError{Msg: fmt.Sprintf("%s takes one --%s, and %d are given", name, f.Names()[0], n), Help: name, Next: "leave out all but one; compat and build take several"}
		}
	}
	return nil
}

// takesNext reports whether the value of cmd's flag of that name is the next word.
func takesNext(cmd *cli.Command, name string) bool {
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return f.(cli.DocGenerationFlag).TakesValue() && !manual.FlagOf(f).Optional
		}
	}
	return false
}
