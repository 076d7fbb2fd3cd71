package manual

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/reference"
)

// Zsh writes a script that serves as the file _pinfix in fpath and for
// eval alike.
func Zsh(w io.Writer, all []Node) error {
	var functions strings.Builder
	for _, n := range all {
		if len(n.Cmd.Subcommands) > 0 {
			zshParent(&functions, n)
		} else {
			zshLeaf(&functions, n)
		}
	}
	_, err := fmt.Fprintf(w, zshScript, functions.String(), zshWords(schemes(), " "), zshWords(reference.PathSchemes, "|"), zshWords(reference.NameSchemes, "|"))
	return err
}

// zshWords are schemes without their colons.
func zshWords(schemes []string, separator string) string {
	return strings.ReplaceAll(strings.Join(schemes, separator), ":", "")
}

func zshName(n Node) string { return strings.Join(append([]string{"_pinfix"}, n.Path...), "_") }

// zshParent: the names of commands, then what their own functions offer.
func zshParent(w io.Writer, n Node) {
	fmt.Fprintf(w, "%s_commands() {\n\tlocal -a commands\n\tcommands=(\n", zshName(n))
	for _, c := range n.Cmd.Subcommands {
		fmt.Fprintf(w, "\t\t%s\n", quoted(c.Name+":"+c.Usage))
	}
	fmt.Fprintf(w, "\t)\n\t_describe command commands\n}\n\n")
	fmt.Fprintf(w, "%[1]s() {\n\tlocal curcontext=$curcontext state line ret=1\n\tlocal -A opt_args\n\t_arguments -C \\\n%[2]s\t\t'1:command:%[1]s_commands' \\\n\t\t'*::argument:->rest' && ret=0\n", zshName(n), zshFlags(n))
	fmt.Fprintf(w, "\tif [[ $state == rest ]] && (( $+functions[%[1]s_$words[1]] )); then\n\t\t%[1]s_$words[1] && ret=0\n\tfi\n\treturn ret\n}\n\n", zshName(n))
}

func zshLeaf(w io.Writer, n Node) {
	kind, values := n.Argument()
	where := "*"
	if kind == FillWords {
		where = "1"
	}
	spec := quoted(where + ":argument:" + zshFill(kind, values))
	if n.Cmd.ArgsUsage == "" {
		spec = ""
	}
	fmt.Fprintf(w, "%s() {\n\t_arguments \\\n%s\t\t%s\n}\n\n", zshName(n), zshFlags(n), spec)
}

// zshFlags are the specifications of n's flags for _arguments, a line each.
func zshFlags(n Node) string {
	var out strings.Builder
	for _, f := range Flags(n.Cmd) {
		forms := slices.Clone(f.Names)
		text := "[" + strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`).Replace(f.Text) + "]"
		switch {
		case f.Optional:
			forms[0], text = forms[0]+"=-", text+"::form:"+zshFill(f.fill())
		case f.Placeholder != "":
			last := len(forms) - 1
			if strings.HasPrefix(forms[last], "--") {
				forms[last] += "="
			}
			text += ":" + f.Placeholder + ":" + zshFill(f.fill())
		}
		switch {
		case f.repeatable:
			fmt.Fprintf(&out, "\t\t%s \\\n", quoted("*"+forms[0]+text))
		case len(forms) == 1:
			fmt.Fprintf(&out, "\t\t%s \\\n", quoted(forms[0]+text))
		default:
			fmt.Fprintf(&out, "\t\t'(%s)'{%s}%s \\\n", strings.Join(f.Names, " "), strings.Join(forms, ","), quoted(text))
		}
	}
	return out.String()
}

func zshFill(kind fill, values []string) string {
	switch kind {
	case FillWords:
		if len(values) == 1 {
			return "_pinfix_alone " + values[0]
		}
		return "(" + strings.Join(values, " ") + ")"
	case fillFiles:
		return "_files"
	case fillDirs:
		return "_files -/"
	case fillRefs:
		return "_pinfix_refs"
	}
	return " "
}

// quoted is s in single quotes, for zsh and the like.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// zshScript takes the functions, the schemes, and those that name paths and those
// that do not.
const zshScript = `#compdef pinfix
# zsh completion of pinfix, as pinfix completion zsh prints it.

%[1]s# References of servers: schemes, and files, also behind a scheme that names one.
_pinfix_refs() {
	local ret=1 expl
	local -a schemes
	schemes=(%[2]s)
	if compset -P '(%[3]s):'; then
		_files
	elif compset -P '(%[4]s):'; then
		_message 'name and version'
	else
		_wanted schemes expl scheme compadd -S : -a schemes && ret=0
		_files && ret=0
		return ret
	fi
}

# A word that may be left out is not put where nothing is typed.
_pinfix_alone() {
	local word=${@[-1]}
	if [[ -z $PREFIX ]]; then
		_message "a flag, or $word"
	else
		compadd -- $word
	fi
}

if [[ $funcstack[1] == _pinfix ]]; then
	_pinfix "$@" # autoloaded from fpath
elif (( $+functions[compdef] )); then
	compdef _pinfix pinfix
else
	print -u2 'pinfix: no completion yet; put "autoload -Uz compinit && compinit" before pinfix completion zsh'
fi
`
