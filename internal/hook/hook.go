// Package hook knows what pinfix's git pre-commit hook says, and how it is
// written into the configuration of hook managers. It is pure.
package hook

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/shell"
)

// Name is the hook that git runs before a commit.
const Name = "pre-commit"

// marker tells a hook of pinfix's own from any other.
const marker = "# pinfix pre-commit hook"

// A Check is one call of pinfix check in the hook. Paths are relative to the top
// of the working tree, where git runs it.
type Check struct {
	Dir  string   // slash path of the module, or of the directory to walk; "." for the top
	Walk bool     // every module below Dir
	Args []string // flags of check besides

	Takes func(dir string) bool // whether a walk takes the module there for a plugin; nil: always
}

// Line is the command line, as a POSIX shell reads it.
func (c Check) Line() string {
	words := append([]string{"pinfix", "check", "--staged"}, c.words()...)
	for i, w := range words {
		words[i] = shell.Quote(w)
	}
	return strings.Join(words, " ")
}

// words are what the check adds to pinfix check --staged.
func (c Check) words() []string {
	var words []string
	if c.Dir != "." {
		words = append(words, "-C", c.Dir)
	}
	words = append(words, c.Args...)
	if c.Walk {
		words = append(words, "./...")
	}
	return words
}

// guard skips the check where the module is not there: on another branch, in
// another working tree.
func (c Check) guard() string {
	there := "-f " + shell.Quote("./"+path.Join(c.Dir, "go.mod"))
	if c.Walk {
		there = "-d " + shell.Quote("./"+c.Dir)
	}
	return "[ ! " + there + " ] || "
}

// line is the guarded check, as it is in the hook.
func (c Check) line() string { return c.guard() + c.Line() + " || status=$?" }

// Script returns the hook that makes the check. Those of old, a hook of pinfix's
// own or nil, stay, but for one of the same place, and those that the new one makes too.
func Script(old []byte, c Check) []byte {
	lines := slices.DeleteFunc(checks(old), func(line string) bool {
		of, ok := parse(line)
		return strings.HasPrefix(line, c.guard()) || ok && c.covers(of.Dir) && line == (Check{Dir: of.Dir, Walk: of.Walk, Args: c.Args}).line() && (of.Walk || c.Takes == nil || c.Takes(of.Dir))
	})
	return script(append(lines, c.line()))
}

// Without returns old, a hook of pinfix's own, without the check and, where that is of all
// modules below a directory, without those of each of them. It is nil if no other check is
// left; rest are the places of those that are. ok is false if there is no such check.
func Without(old []byte, c Check) (now []byte, rest []string, ok bool) {
	var lines []string
	for _, line := range checks(old) {
		of, known := parse(line)
		switch {
		case strings.HasPrefix(line, c.guard()), known && c.covers(of.Dir):
			ok = true
		case known:
			lines, rest = append(lines, line), append(rest, of.What())
		default:
			lines, rest = append(lines, line), append(rest, line)
		}
	}
	if len(lines) == 0 {
		return nil, nil, ok
	}
	return script(lines), rest, ok
}

// Places returns the places that the hook in script checks; for a check that someone has
// written by hand its line.
func Places(script []byte) []string {
	var out []string
	for _, line := range checks(script) {
		if of, known := parse(line); known {
			line = of.What()
		}
		out = append(out, line)
	}
	return out
}

// What names the plugins that the check looks at, for people.
func (c Check) What() string {
	switch {
	case c.Walk && c.Dir == ".":
		return "all plugins of the repository"
	case c.Walk:
		return "all plugins below " + c.Dir
	case c.Dir == ".":
		return "the plugin at the top of the repository"
	}
	return c.Dir
}

// Place is the directory of the check, with /... for all modules below it.
func (c Check) Place() string {
	if c.Walk {
		return path.Join(c.Dir, "...")
	}
	return c.Dir
}

// covers reports whether c looks at all modules below a directory, and dir is one of those
// that it comes to.
func (c Check) covers(dir string) bool {
	rest, below := strings.CutPrefix(dir+"/", c.Dir+"/")
	if c.Dir == "." {
		rest, below = dir, true
	}
	return c.Walk && below && mains.Reaches(strings.Trim(rest, "/"))
}

// Covering returns the check of all modules below a directory with which the hook in script
// looks at the place of c too, with the same flags.
func Covering(script []byte, c Check) (Check, bool) {
	for _, line := range checks(script) {
		if of, ok := parse(line); ok && of.covers(c.Dir) && line == (Check{Dir: of.Dir, Walk: true, Args: c.Args}).line() {
			of.Args = c.Args
			return of, true
		}
	}
	return Check{}, false
}

// parse returns the place of a guarded check.
func parse(line string) (c Check, ok bool) {
	rest, walk := strings.CutPrefix(line, "[ ! -d ")
	if !walk {
		rest = strings.TrimPrefix(line, "[ ! -f ")
	}
	word, _, ok := shell.Word(rest)
	dir, below := strings.CutPrefix(word, "./")
	if !walk {
		var named bool
		dir, named = strings.CutSuffix("/"+dir, "/go.mod")
		dir, below = strings.TrimPrefix(dir, "/"), below && named
	}
	c = Check{Dir: path.Join(".", dir), Walk: walk}
	return c, ok && below && strings.HasPrefix(line, c.guard())
}

func script(lines []string) []byte {
	return []byte(`#!/bin/sh
` + marker + `: no commit undoes the pins of a plugin.
# Remove it with: pinfix hook uninstall
if ! command -v pinfix >/dev/null 2>&1; then
	echo "pinfix: the pre-commit hook cannot find pinfix in PATH; install it: go install github.com/pinfix/pinfix/cmd/pinfix@latest (or commit once with --no-verify)" >&2
	exit 1
fi
status=0
` + strings.Join(lines, "\n") + `
exit $status
`)
}

// checks returns the guarded calls in a hook of pinfix's own.
func checks(script []byte) []string {
	var out []string
	for line := range bytes.Lines(script) {
		if bytes.HasPrefix(line, []byte("[ ! -")) {
			out = append(out, strings.TrimSuffix(string(line), "\n"))
		}
	}
	return out
}

// Checks reports whether the hook in script looks at the check's place by itself.
func Checks(script []byte, c Check) bool {
	return slices.ContainsFunc(checks(script), func(line string) bool { return strings.HasPrefix(line, c.guard()) })
}

// Ours reports whether a hook is pinfix's own.
func Ours(script []byte) bool {
	_, rest, _ := bytes.Cut(script, []byte("\n"))
	return bytes.HasPrefix(script, []byte("#!/bin/sh\n")) && bytes.HasPrefix(rest, []byte(marker))
}

// A Manager is a program that owns the hooks of a repository.
type Manager struct {
	Name  string
	Files []string // its configuration, at the top of the working tree
}

// Managers are those that pinfix has a snippet for.
var Managers = []Manager{
	{"pre-commit", []string{".pre-commit-config.yaml", ".pre-commit-config.yml"}},
	{"lefthook", []string{
		"lefthook.yml", "lefthook.yaml", "lefthook.toml", "lefthook.json",
		".lefthook.yml", ".lefthook.yaml", ".lefthook.toml", ".lefthook.json",
	}},
}

// Files is what a commit must touch to undo a pin: a regular expression for
// pre-commit.
const Files = `(^|/)(go\.(mod|sum)|vendor/modules\.txt|[^/]*\.buildinfo|\.pinfix\.yaml|[^/]*\.go)$`

// Snippet is what goes into the manager's configuration, which has the text config: keys
// that it has already are left out, since YAML has each once. rev is a version of pinfix.
func (m Manager) Snippet(c Check, rev, config string) string {
	if m.Name == "lefthook" {
		s := "    pinfix:\n      run: " + c.Line() + "\n"
		switch {
		case !lefthookKey.MatchString(config):
			return "pre-commit:\n  commands:\n" + s
		case !lefthookCommands.MatchString(config):
			return "  commands:\n" + s
		}
		return s
	}
	indent, head := "  ", "repos:\n"
	if m := repo.Regexp().FindStringSubmatch(config); m != nil {
		indent, head = m[1], ""
	}
	s := "- repo: https://github.com/pinfix/pinfix\n  rev: " + rev + "\n  hooks:\n    - id: pinfix\n"
	if args := c.words(); len(args) > 0 {
		for i, a := range args {
			args[i] = "'" + strings.ReplaceAll(a, "'", "''") + "'" // as YAML quotes it
		}
		s += "      args: [" + strings.Join(args, ", ") + "]\n"
	}
	return head + indent + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+indent) + "\n"
}

// What a configuration has before pinfix is added: an entry of repos, and the keys above
// lefthook's commands.
var (
	repo             = pattern.New(`(?m)^( *)- +repo:`)
	lefthookKey      = pattern.New(`(?m)^pre-commit: *(#.*)?$`)
	lefthookCommands = pattern.New(`(?m)^pre-commit: *(#.*)?\n(([ \t#].*)?\n)*?[ \t]+commands: *(#.*)?$`)
)
