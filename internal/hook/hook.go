// Package hook knows what pinfix's git pre-commit hook says, and how it is
// written into the configuration of hook managers. It is pure.
package hook

import (
	"bytes"
	"path"
	"slices"
	"strings"

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

// Script returns the hook that makes the check. Those of old, a hook of pinfix's
// own or nil, stay, but for one of the same place.
func Script(old []byte, c Check) []byte {
	lines := slices.DeleteFunc(checks(old), func(line string) bool { return strings.HasPrefix(line, c.guard()) })
	lines = append(lines, c.guard()+c.Line()+" || status=$?")
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

// Checks reports whether the hook in script looks at the check's place.
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

// Snippet is what goes into the manager's configuration. rev is a version of
// pinfix.
func (m Manager) Snippet(c Check, rev string) string {
	if m.Name == "lefthook" {
		return "pre-commit:\n  commands:\n    pinfix:\n      run: " + c.Line() + "\n"
	}
	args := c.words()
	s := "repos:\n  - repo: https://github.com/pinfix/pinfix\n    rev: " + rev + "\n    hooks:\n      - id: pinfix\n"
	if len(args) > 0 {
		for i, a := range args {
			args[i] = "'" + strings.ReplaceAll(a, "'", "''") + "'" // as YAML quotes it
		}
		s += "        args: [" + strings.Join(args, ", ") + "]\n"
	}
	return s
}
