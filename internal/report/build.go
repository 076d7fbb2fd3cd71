package report

import (
	"fmt"
	"io"
	"strings"
)

// Build is the result of pinfix build, and of its --print, which builds nothing:
// Plugins is then empty.
type Build struct {
	SchemaVersion int        `json:"schema_version"`
	Command       string     `json:"command"`
	Server        Server     `json:"server"`
	Plugin        Module     `json:"plugin"`
	Commands      []Command  `json:"commands"`
	Left          []Left     `json:"left"`
	Plugins       []Verified `json:"plugins"` // one for each command
	Warnings      []string   `json:"warnings"`

	Dockerfile string `json:"dockerfile,omitempty"` // with --print=dockerfile
	Ignore     string `json:"-"`                    // for people: how git leaves the plugin out
	Note       string `json:"-"`                    // for people: what was not built
}

// Module is the plugin's module.
type Module struct {
	Dir    string `json:"dir"`
	Module string `json:"module"`
}

// Command is the go build of one plugin.
type Command struct {
	Package string   `json:"package"`
	Output  string   `json:"output"`
	Built   bool     `json:"built"`   // one that the server would refuse in any case is not
	Written bool     `json:"written"` // a plugin that would not load is not
	Env     []string `json:"env"`
	Args    []string `json:"args"`
	Line    string   `json:"line"` // for a POSIX shell
	Run     string   `json:"run"`  // for a Dockerfile
}

// Left is a setting of the server's that no build takes over.
type Left struct {
	Setting string `json:"setting"`
	Value   string `json:"value"`
	Why     string `json:"why"`
}

// maxValue is how much of a foreign setting is shown to people.
const maxValue = 200

// String is the setting as people see it, safely quoted.
func (l Left) String() string {
	value := l.Value
	if len(value) > maxValue {
		value = strings.ToValidUTF8(value[:maxValue], "") + "…"
	}
	return fmt.Sprintf("%s=%s: %s", clean(l.Setting), quote(value), l.Why)
}

// Loads reports whether the server loads all plugins.
func (r *Build) Loads() bool { return (&Verify{Plugins: r.Plugins}).Loads() }

// Text writes for each plugin the verdict with what to do, and whether it was
// written.
func (r *Build) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	if err := (&Verify{Server: r.Server, Plugins: r.Plugins}).Text(b, st); err != nil {
		return err
	}
	b.WriteString("\n")
	unbuilt := false
	for _, c := range r.Commands {
		what := "wrote"
		switch {
		case !c.Built:
			what, unbuilt = "not built, since the server would refuse it:", true
		case !c.Written:
			what = "not written, since the server would refuse it:"
		}
		fmt.Fprintf(b, "%s %s\n", what, clean(c.Output))
	}
	if r.Ignore != "" {
		fmt.Fprintf(b, "%s\n", Printable(r.Ignore))
	}
	if r.Note != "" {
		fmt.Fprintf(b, "%s\n", clean(r.Note))
	}
	if r.pinHelps() {
		b.WriteString("to build it pinned, without changing the tree: the same command with --pin\n")
	}
	if unbuilt {
		b.WriteString("to build it as it is: the command that pinfix build --print shows\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// pinHelps reports whether a plugin is refused for the versions of its modules.
func (r *Build) pinHelps() bool {
	for _, p := range r.Plugins {
		for _, c := range p.Causes {
			if c.Cause == "version" || c.Cause == "replace" {
				return true
			}
		}
	}
	return false
}

// Print writes the commands: for each plugin a line for the shell, and a line
// for a Dockerfile.
func (r *Build) Print(w io.Writer) error {
	if r.Dockerfile != "" {
		_, err := io.WriteString(w, r.Dockerfile)
		return err
	}
	b := &strings.Builder{}
	for _, c := range r.Commands {
		fmt.Fprintf(b, "%s\n%s\n", c.Line, c.Run)
	}
	if r.Note != "" {
		fmt.Fprintf(b, "%s\n", clean(r.Note))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
