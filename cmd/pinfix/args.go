package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
)

// lateFlags puts the arguments of a command behind the flags that follow them, because
// urfave/cli takes a flag after an argument for another argument. Behind "--" nothing is a
// flag.
func lateFlags(app *cli.App, args []string) []string {
	cmd := manual.Root(app)
	at := 1 // behind the name of the program
	for ; at < len(args); at++ {
		next := cmd.Command(args[at])
		if next == nil {
			break
		}
		cmd = next
	}
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

// takesNext reports whether the value of cmd's flag of that name is the next word.
func takesNext(cmd *cli.Command, name string) bool {
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return f.(cli.DocGenerationFlag).TakesValue() && !manual.FlagOf(f).Optional
		}
	}
	return false
}
