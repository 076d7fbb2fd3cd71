package manual

import (
	"fmt"
	"io"
	"strings"

	"github.com/pinfix/pinfix/internal/reference"
)

// Bash writes a script for bash 3.2 and newer, with or without the
// package bash-completion.
func Bash(w io.Writer, all []Node) error {
	var parents []string
	var arms strings.Builder
	for _, n := range all {
		bashArm(&arms, n)
		if n.Path != nil && len(n.Cmd.Subcommands) > 0 {
			parents = append(parents, n.Name())
		}
	}
	_, err := fmt.Fprintf(w, bashScript, strings.Join(schemes(), " "), strings.Join(parents, " | "), arms.String(),
		bashPattern(reference.PathSchemes), bashPattern(reference.NameSchemes))
	return err
}

// bashArm says what to offer behind the command n, by the word before.
func bashArm(w io.Writer, n Node) {
	fmt.Fprintf(w, "\t'%s')\n\t\tcase $prev in\n", n.Name())
	var flags []string
	for _, f := range Flags(n.Cmd) {
		flags = append(flags, f.typed()...)
		if before := bashBefore(f); before != nil {
			kind, values := f.fill()
			fmt.Fprintf(w, "\t\t%s) %s ;;\n", strings.Join(before, " | "), bashFill(kind, values))
		}
	}
	kind, values := n.Argument()
	if len(values) == 1 {
		values = append(values, flags...)
	}
	fmt.Fprintf(w, "\t\t*) flags='%s' %s ;;\n\t\tesac\n\t\t;;\n", strings.Join(flags, " "), bashFill(kind, values))
}

// bashBefore is what is before a value of f.
func bashBefore(f Flag) []string {
	var out []string
	for _, name := range f.Names {
		if f.Placeholder != "" {
			out = append(out, name)
		}
		if f.Placeholder != "" || f.Optional {
			out = append(out, name+"=")
		}
	}
	return out
}

func bashFill(kind fill, values []string) string {
	if kind == FillWords {
		return "fill=words words='" + strings.Join(values, " ") + "'"
	}
	return "fill=" + map[fill]string{fillNothing: "nothing", fillFiles: "files", fillDirs: "dirs", fillRefs: "refs"}[kind]
}

// bashPattern matches what begins with one of the words.
func bashPattern(words []string) string { return strings.Join(words, "* | ") + "*" }

// bashScript takes the schemes, the commands with subcommands, the arms, and
// patterns for references with schemes that name paths, and for others.
const bashScript = `# bash completion of pinfix, as pinfix completion bash prints it.

_pinfix() {
	local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} word i
	local -a typed
	typed=()
	# bash splits words at = and : as well (COMP_WORDBREAKS); here they are whole.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i == COMP_CWORD)); then
			word=${line#"${line%%%%[![:space:]]*}"} # up to the cursor
		fi
		if ((i > 0)) && [[ $line != [[:space:]]* ]]; then
			typed[${#typed[@]} - 1]+=$word
		else
			typed+=("$word")
		fi
		line=${line#"${line%%%%[![:space:]]*}"}
		line=${line#"$word"}
	done

	local n=${#typed[@]} at= fill=nothing words= flags=
	local schemes='%[1]s'
	if ((n > 2)); then
		at=${typed[1]}
		case $at in
		%[2]s) ((n > 3)) && at="$at ${typed[2]}" ;;
		esac
	fi
	word=${typed[n - 1]}
	local prev=${typed[n - 2]} cur=$word
	if [[ $word == -*=* ]]; then
		prev=${word%%%%=*}= cur=${word#*=}
	fi
	local before=${word%%"$cur"} kept=
	_pinfix_keep

	case $at in
%[3]s	esac
	if [[ $cur == -* || ($fill == nothing && -z $cur) ]] && [[ -n $flags ]]; then
		fill=words words=$flags
	fi
	COMPREPLY=()
	case $fill in
	files) _pinfix_files ;;
	dirs) _pinfix_files -d ;;
	refs) _pinfix_refs ;;
	*) _pinfix_words "$words" ;;
	esac
}

# kept is what readline leaves alone of the word: all up to the last = or : that
# it breaks words at.
_pinfix_keep() {
	local plain=${word%%%%[\"\']*} c part
	plain=${plain//\\[=:]/__}
	for c in = :; do
		if [[ $COMP_WORDBREAKS == *$c* && $plain == *$c* ]]; then
			part=${plain%%"${plain##*$c}"}
			((${#part} > ${#kept})) && kept=${word:0:${#part}}
		fi
	done
}

_pinfix_offer() {
	local whole=$before$1
	COMPREPLY+=("${whole#"$kept"}")
}

_pinfix_words() {
	local w
	for w in $1; do
		[[ $w == "$cur"* ]] && _pinfix_offer "$w"
	done
	compopt +o default 2>/dev/null # no files; bash 3.2 has no compopt
}

# Files, or directories with -d. Where readline takes cur for the word it does it
# better by itself: it knows of quotes.
_pinfix_files() {
	local f
	if [[ $before == "$kept" ]]; then
		[[ $1 == -d ]] && compopt +o default -o dirnames 2>/dev/null
		return
	fi
	while IFS= read -r f; do
		_pinfix_offer "$f"
	done < <(compgen ${1:--f} -- "${cur//\\/}")
	compopt -o filenames 2>/dev/null
}

# References of servers: schemes, and files, also behind a scheme that names one.
_pinfix_refs() {
	local f
	case $cur in
	%[4]s)
		before=$before${cur%%%%:*}: cur=${cur#*:}
		_pinfix_files
		return
		;;
	esac
	_pinfix_words "$schemes"
	case $cur in
	%[5]s) return ;; # what is behind is no file
	esac
	if ((${#COMPREPLY[@]} > 0)); then
		compopt -o nospace 2>/dev/null
		while IFS= read -r f; do
			[[ -d $f ]] && f+=/
			_pinfix_offer "$f"
		done < <(compgen -f -- "$cur")
	else
		compopt -o default 2>/dev/null
		_pinfix_files
	fi
}

complete -o default -F _pinfix pinfix
`
