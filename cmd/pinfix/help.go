package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/suggest"
)

// helpWidth is that of a terminal; no help is longer than 40 lines.
const helpWidth = 80

// root is the command table as one command.
func root(app *cli.App) *cli.Command {
	return &cli.Command{
		Name: app.Name, Usage: app.Usage, Description: app.Description, ArgsUsage: "COMMAND",
		Subcommands: app.Commands, Flags: []cli.Flag{cli.VersionFlag},
	}
}

// find returns the command that the words lead to, such as hook, install.
func find(app *cli.App, path []string) (*cli.Command, error) {
	cmd := root(app)
	for i, name := range path {
		next := cmd.Command(name)
		if next == nil {
			return nil, unknownCommand(cmd, strings.Join(path[:i], " "), name)
		}
		cmd = next
	}
	return cmd, nil
}

// otherWord is the command line of pinfix that people mean by a word of another tool; ""
// for none.
func otherWord(name string) string {
	switch name {
	case "version":
		return "pinfix --version"
	case "plan", "diff":
		return "pinfix apply -n"
	case "init":
		return "pinfix apply"
	case "status":
		return "pinfix check"
	case "update":
		return "pinfix upgrade REF"
	case "undo", "revert":
		return "pinfix unpin"
	}
	return ""
}

func unknownCommand(parent *cli.Command, path, name string) error {
	hint := suggest.DidYouMean(name, commandNames(parent))
	if line := otherWord(name); line != "" && path == "" {
		hint = " (did you mean " + line + "?)"
	}
	msg := fmt.Sprintf("unknown command %q%s", name, hint)
	if path != "" {
		msg = path + ": " + msg
	}
	if len(parent.Subcommands) == 0 {
		msg = fmt.Sprintf("%s has no command %q", path, name)
	}
	return &usageError{msg: msg, help: path}
}

func commandNames(parent *cli.Command) []string {
	var names []string
	for _, c := range parent.Subcommands {
		names = append(names, c.Name)
	}
	return names
}

// helpPath is the command line of c without flags, as pinfix help takes it.
func helpPath(c *cli.Context) string {
	return strings.TrimPrefix(strings.TrimPrefix(c.Command.HelpName, c.App.Name), " ")
}

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
		Before: noSettings,
		Action: func(c *cli.Context) error { return showHelp(c, c.Args().Slice()) },
	}
}

// noSettings is for commands that no setting touches: they must work where
// .pinfix.yaml is broken.
func noSettings(*cli.Context) error { return nil }

// showHelp prints the help of the command that the words lead to.
func showHelp(c *cli.Context, path []string) error {
	cmd, err := find(c.App, path)
	if err != nil {
		return err
	}
	return writeHelp(c.App.Writer, path, cmd)
}

// writeHelp prints what a screen holds; the man page has the rest.
func writeHelp(w io.Writer, path []string, cmd *cli.Command) error {
	p := parsePage(cmd.Description)
	blocks := [][]string{{"Usage: " + usageLine(path, cmd)}}
	for _, text := range p.lead {
		blocks = append(blocks, wrap(text, helpWidth))
	}
	if rows := commandRows(cmd); rows != nil {
		blocks = append(blocks, append([]string{"Commands:"}, columns(rows)...))
	}
	blocks = append(blocks, append([]string{"Examples:"}, exampleLines(p.examples, helpWidth)...))
	var rows [][2]string
	for _, f := range flagDocs(cmd) {
		rows = append(rows, flagRow(f))
	}
	blocks = append(blocks, append([]string{"Flags:"}, columns(rows)...))
	for _, text := range p.notes {
		blocks = append(blocks, wrap(text, helpWidth))
	}
	var out []string
	for _, b := range blocks {
		out = append(out, strings.Join(b, "\n")+"\n")
	}
	_, err := io.WriteString(w, strings.Join(out, "\n"))
	return err
}

func usageLine(path []string, cmd *cli.Command) string {
	words := append([]string{"pinfix"}, path...)
	if len(cmd.Subcommands) == 0 {
		words = append(words, "[flags]")
	}
	return strings.TrimSpace(strings.Join(append(words, cmd.ArgsUsage), " "))
}

func commandRows(cmd *cli.Command) [][2]string {
	var rows [][2]string
	for _, c := range cmd.Subcommands {
		rows = append(rows, [2]string{c.Name, c.Usage})
	}
	return rows
}

func flagRow(f flagDoc) [2]string {
	left, text := strings.Join(f.names, ", "), f.text
	if f.placeholder != "" {
		left += " " + f.placeholder
	}
	if f.values != nil && !f.optional {
		text += ": " + strings.Join(f.values, ", ")
	}
	return [2]string{left, text}
}

// A helpPage is the Description of a command in its parts.
type helpPage struct {
	lead     []string  // paragraphs
	examples []example // indented lines
	notes    []string  // paragraphs below the examples
	more     []string  // below a line ---: for the man page only
}

// An example is a command line, and behind " # " what it is for.
type example struct{ line, comment string }

func parsePage(description string) helpPage {
	var p helpPage
	shown, more, _ := strings.Cut(description, "\n---\n")
	for _, text := range strings.Split(shown, "\n\n") {
		switch {
		case strings.HasPrefix(text, " "):
			for _, line := range strings.Split(text, "\n") {
				line, comment, _ := strings.Cut(line, " # ")
				p.examples = append(p.examples, example{strings.TrimSpace(line), strings.TrimSpace(comment)})
			}
		case p.examples == nil:
			p.lead = append(p.lead, text)
		default:
			p.notes = append(p.notes, text)
		}
	}
	if more != "" {
		p.more = strings.Split(more, "\n\n")
	}
	return p
}

// exampleLines puts the comments into one column, but for those of lines that are
// too long for the rest: their comments are close, or above.
func exampleLines(examples []example, most int) []string {
	column := 0
	for _, x := range examples {
		if n := utf8.RuneCountInString(x.line); commentsFit(examples, n, most) {
			column = max(column, n)
		}
	}
	var out []string
	for _, x := range examples {
		line := "  " + x.line
		if x.comment != "" {
			line = fmt.Sprintf("  %-*s  # %s", column, x.line, x.comment)
		}
		if x.comment != "" && utf8.RuneCountInString(line) > most {
			out, line = append(out, "  # "+x.comment), "  "+x.line
		}
		out = append(out, line)
	}
	return out
}

// commentsFit reports whether those of all lines up to the column fit behind it.
func commentsFit(examples []example, column, most int) bool {
	for _, x := range examples {
		if utf8.RuneCountInString(x.line) <= column && column+6+utf8.RuneCountInString(x.comment) > most {
			return false
		}
	}
	return true
}

// columns puts texts next to names, and below where a name is too long.
func columns(rows [][2]string) []string {
	const most = 24
	width := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r[0]); n <= most {
			width = max(width, n)
		}
	}
	var out []string
	for _, r := range rows {
		left := r[0]
		if utf8.RuneCountInString(left) > width {
			out, left = append(out, "  "+left), ""
		}
		for _, text := range wrap(r[1], helpWidth-width-4) {
			out, left = append(out, fmt.Sprintf("  %-*s  %s", width, left, text)), ""
		}
	}
	return out
}

// wrap breaks a text into lines of at most width runes.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
