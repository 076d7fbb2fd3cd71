package manual

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/reference"
)

// Shells are those that completion knows. Each writes a script that asks no one:
// all that it offers it has from the command tables.
var Shells = []string{"bash", "zsh", "fish"}

// A Node is a command as completion and man page see it.
type Node struct {
	Path []string // nil: pinfix itself
	Cmd  *cli.Command
	top  *cli.Command // pinfix
}

// Name is the command line of n without pinfix: "hook install".
func (n Node) Name() string { return strings.Join(n.Path, " ") }

// Nodes are the root of the command table and all below it.
func Nodes(top *cli.Command) []Node { return below(Node{nil, top, top}) }

func below(n Node) []Node {
	out := []Node{n}
	for _, sub := range n.Cmd.Subcommands {
		out = append(out, below(Node{append(slices.Clone(n.Path), sub.Name), sub, n.top})...)
	}
	return out
}

// schemes begin a server reference that is no path alone.
func schemes() []string { return slices.Concat(reference.NameSchemes, reference.PathSchemes) }

// A fill is what a shell can offer for a value.
type fill int

const (
	fillNothing fill = iota
	fillFiles
	fillDirs
	fillRefs // of servers: schemes, and files
	// FillWords: one of a few words.
	FillWords
)

// Fills says what stands for a placeholder of a flag or an argument. A test knows
// that none is missing.
var Fills = map[string]fill{
	"FILE": fillFiles, "[FILE|-]": fillFiles, "PLUGIN.so...": fillFiles, "PKG|FILE": fillFiles, "[PACKAGE | ./...]": fillFiles,
	"DIR": fillDirs, "REF": fillRefs, "[REF...]": fillRefs,
	"PATH": fillNothing, "OS/ARCH": fillNothing, "MODULE": fillNothing, "MODULE@VERSION": fillNothing, "": fillNothing,
}

// fill is what to offer for the value of f, and the words if it is words.
func (f Flag) fill() (fill, []string) {
	if f.Values != nil {
		return FillWords, f.Values
	}
	return Fills[f.Placeholder], nil
}

// Argument is the same for what is behind the flags. A word that is alone
// may be left out; a shell should not put it where nothing is typed.
func (n Node) Argument() (fill, []string) {
	switch {
	case len(n.Cmd.Subcommands) > 0:
		return FillWords, commandNames(n.Cmd)
	case n.Cmd.ArgsUsage == "[COMMAND...]":
		return FillWords, commandNames(n.top)
	}
	if kind, ok := Fills[n.Cmd.ArgsUsage]; ok {
		return kind, nil
	}
	return FillWords, strings.Split(strings.Trim(n.Cmd.ArgsUsage, "[]"), "|")
}

// typed are the words of f as they can be typed: --print is alone or with =.
func (f Flag) typed() []string {
	if !f.Optional {
		return f.Names
	}
	out := slices.Clone(f.Names)
	for _, v := range f.Values {
		out = append(out, f.Names[len(f.Names)-1]+"="+v)
	}
	return out
}
