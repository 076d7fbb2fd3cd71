// Package manual makes what people read and type of pinfix from its table of commands: help,
// the rows of the man page, tab completion for three shells, and the errors of a command line.
package manual

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/suggest"
)

// HelpWidth is that of a terminal; no help is longer than 40 lines.
const HelpWidth = 80

// Root is the command table as one command.
func Root(app *cli.App) *cli.Command {
	return &cli.Command{
		Name: app.Name, Usage: app.Usage, Description: app.Description, ArgsUsage: "COMMAND",
		Subcommands: app.Commands, Flags: []cli.Flag{cli.VersionFlag},
	}
}

// Find returns the command that the words lead to, such as hook, install.
func Find(app *cli.App, path []string) (*cli.Command, error) {
	cmd := Root(app)
	for i, name := range path {
		next := cmd.Command(name)
		if next == nil {
			return nil, UnknownCommand(cmd, strings.Join(path[:i], " "), name)
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
	case "install":
		return "pinfix hook install"
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

// UnknownCommand is the error of a name that is no command of parent, with what may be meant;
// path is how parent is typed, "" for pinfix itself.
func UnknownCommand(parent *cli.Command, path, name string) error {
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
	return &UsageError{Msg: msg, Help: path}
}

func commandNames(parent *cli.Command) []string {
	var names []string
	for _, c := range parent.Subcommands {
		names = append(names, c.Name)
	}
	return names
}

// HelpPath is the command line of c without flags, as pinfix help takes it.
func HelpPath(c *cli.Context) string {
	return strings.TrimPrefix(strings.TrimPrefix(c.Command.HelpName, c.App.Name), " ")
}

// NoSettings is for commands that no setting touches: they must work where
// .pinfix.yaml is broken.
func NoSettings(*cli.Context) error { return nil }

// ShowHelp prints the help of the command that the words lead to.
func ShowHelp(c *cli.Context, path []string) error {
	cmd, err := Find(c.App, path)
	if err != nil {
		return err
	}
	return WriteHelp(c.App.Writer, path, cmd)
}

// WriteHelp prints what a screen holds; the man page has the rest.
func WriteHelp(w io.Writer, path []string, cmd *cli.Command) error {
	p := ParsePage(cmd.Description)
	blocks := [][]string{{"Usage: " + UsageLine(path, cmd)}}
	for _, text := range p.Lead {
		blocks = append(blocks, Wrap(text, HelpWidth))
	}
	if rows := commandRows(cmd); rows != nil {
		blocks = append(blocks, append([]string{"Commands:"}, columns(rows)...))
	}
	blocks = append(blocks, append([]string{"Examples:"}, ExampleLines(p.Examples, HelpWidth)...))
	var rows [][2]string
	for _, f := range Flags(cmd) {
		rows = append(rows, FlagRow(f))
	}
	blocks = append(blocks, append([]string{"Flags:"}, columns(rows)...))
	for _, text := range p.Notes {
		blocks = append(blocks, Wrap(text, HelpWidth))
	}
	var out []string
	for _, b := range blocks {
		out = append(out, strings.Join(b, "\n")+"\n")
	}
	_, err := io.WriteString(w, strings.Join(out, "\n"))
	return err
}

// UsageLine is the first line of a command's help.
func UsageLine(path []string, cmd *cli.Command) string {
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

// FlagRow is a flag in two columns: how it is typed, and what it does.
func FlagRow(f Flag) [2]string {
	left, text := strings.Join(f.Names, ", "), f.Text
	if f.Placeholder != "" {
		left += " " + f.Placeholder
	}
	if f.Values != nil && !f.Optional {
		text += ": " + strings.Join(f.Values, ", ")
	}
	return [2]string{left, text}
}

// A page is the Description of a command in its parts.
type page struct {
	Lead     []string  // paragraphs
	Examples []Example // indented lines
	Notes    []string  // paragraphs below the examples
	More     []string  // below a line ---: for the man page only
}

// An Example is a command line, and behind " # " what it is for.
type Example struct{ Line, comment string }

// ParsePage takes a command's description apart: what it does, examples, and notes.
func ParsePage(description string) page {
	var p page
	shown, more, _ := strings.Cut(description, "\n---\n")
	for _, text := range strings.Split(shown, "\n\n") {
		switch {
		case strings.HasPrefix(text, " "):
			for _, line := range strings.Split(text, "\n") {
				line, comment, _ := strings.Cut(line, " # ")
				p.Examples = append(p.Examples, Example{strings.TrimSpace(line), strings.TrimSpace(comment)})
			}
		case p.Examples == nil:
			p.Lead = append(p.Lead, text)
		default:
			p.Notes = append(p.Notes, text)
		}
	}
	if more != "" {
		p.More = strings.Split(more, "\n\n")
	}
	return p
}

// ExampleLines puts the comments into one column, but for those of lines that are
// too long for the rest: their comments are close, or above.
func ExampleLines(examples []Example, most int) []string {
	column := 0
	for _, x := range examples {
		if n := utf8.RuneCountInString(x.Line); commentsFit(examples, n, most) {
			column = max(column, n)
		}
	}
	var out []string
	for _, x := range examples {
		line := "  " + x.Line
		if x.comment != "" {
			line = fmt.Sprintf("  %-*s  # %s", column, x.Line, x.comment)
		}
		if x.comment != "" && utf8.RuneCountInString(line) > most {
			out, line = append(out, "  # "+x.comment), "  "+x.Line
		}
		out = append(out, line)
	}
	return out
}

// commentsFit reports whether those of all lines up to the column fit behind it.
func commentsFit(examples []Example, column, most int) bool {
	for _, x := range examples {
		if utf8.RuneCountInString(x.Line) <= column && column+6+utf8.RuneCountInString(x.comment) > most {
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
		for _, text := range Wrap(r[1], HelpWidth-width-4) {
			out, left = append(out, fmt.Sprintf("  %-*s  %s", width, left, text)), ""
		}
	}
	return out
}

// Wrap breaks a text into lines of at most width runes.
func Wrap(text string, width int) []string {
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
