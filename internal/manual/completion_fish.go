package manual

import (
	"fmt"
	"io"
	"strings"
)

// Fish writes a script of complete commands.
func Fish(w io.Writer, all []Node) error {
	var out strings.Builder
	out.WriteString(fishScript)
	for _, n := range all {
		fishNode(&out, n)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func fishNode(w io.Writer, n Node) {
	now, at := strings.TrimSpace("__pinfix_now "+n.Name()), "__pinfix_at "+n.Name()
	if n.Path == nil {
		at = now // its flags are before all commands
	}
	fmt.Fprintf(w, "\n# pinfix %s\n", n.Name())
	for _, c := range n.Cmd.Subcommands {
		fmt.Fprintf(w, "complete -c pinfix -n %s -a %s -d %s\n", fishQuoted(now), c.Name, fishQuoted(c.Usage))
	}
	for _, f := range Flags(n.Cmd) {
		line := "complete -c pinfix -n " + fishQuoted(at)
		for _, name := range f.Names {
			if long, ok := strings.CutPrefix(name, "--"); ok {
				line += " -l " + long
			} else {
				line += " -s " + name[1:]
			}
		}
		if f.Placeholder != "" {
			line += " -r" + fishFill(f.fill())
		}
		fmt.Fprintf(w, "%s -d %s\n", line, fishQuoted(f.Text))
		for _, word := range f.typed()[len(f.Names):] {
			fmt.Fprintf(w, "complete -c pinfix -n %s -a %s -d %s\n", fishQuoted(at+"; and __pinfix_begun"), word, fishQuoted(f.Text))
		}
	}
	kind, values := n.Argument()
	if len(n.Cmd.Subcommands) > 0 || n.Cmd.ArgsUsage == "" {
		return
	}
	if len(values) == 1 {
		at += "; and __pinfix_begun"
	}
	fmt.Fprintf(w, "complete -c pinfix -n %s%s\n", fishQuoted(at), fishFill(kind, values))
}

func fishFill(kind fill, values []string) string {
	switch kind {
	case FillWords:
		return " -f -a " + fishQuoted(strings.Join(values, " "))
	case fillFiles:
		return " -F"
	case fillDirs:
		return " -f -a '(__fish_complete_directories)'"
	case fillRefs:
		return " -F -a " + fishQuoted(strings.Join(schemes(), " "))
	}
	return " -f"
}

func fishQuoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

const fishScript = `# fish completion of pinfix, as pinfix completion fish prints it.

# Does the command line begin with these commands?
function __pinfix_at
	set -l typed (commandline -opc)
	set -e typed[1]
	set -l n (count $argv)
	test (count $typed) -ge $n; and test "$typed[1..$n]" = "$argv"
end

# Does it end with them?
function __pinfix_now
	set -l typed (commandline -opc)
	set -e typed[1]
	test "$typed" = "$argv"
end

# Is there a beginning of the word at the cursor?
function __pinfix_begun
	test -n (commandline -ct)""
end

complete -c pinfix -f
`
