package report

import (
	"fmt"
	"io"
	"strings"
)

// BuildAll is the result of pinfix build for several modules.
type BuildAll struct {
	SchemaVersion int           `json:"schema_version"`
	Command       string        `json:"command"`
	Modules       []BuiltModule `json:"modules"` // sorted by directory

	Errs []error `json:"-"` // of each module
}

// BuiltModule is one module of a walk; Build is nil where it was skipped or failed.
type BuiltModule struct {
	Dir     string `json:"dir"`
	Module  string `json:"module"`
	Skipped string `json:"skipped,omitempty"` // why it was left alone
	Error   string `json:"error,omitempty"`   // why it could not be built
	Build   *Build `json:"build,omitempty"`
}

// Loads reports whether the servers load all plugins that were built.
func (r *BuildAll) Loads() bool {
	for _, m := range r.Modules {
		if m.Build != nil && !m.Build.Loads() {
			return false
		}
	}
	return true
}

// Wrote reports whether a plugin was written.
func (r *BuildAll) Wrote() bool {
	for _, m := range r.Modules {
		if m.Build != nil && len(m.Build.written()) > 0 {
			return true
		}
	}
	return false
}

func (r *Build) written() (names []string) {
	for _, c := range r.Commands {
		if c.Written {
			names = append(names, clean(c.Output))
		}
	}
	return names
}

// Text writes a table of the modules, and before it the report of each that would not
// load; st.Verbose puts all there.
func (r *BuildAll) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	for _, m := range r.Modules {
		if m.Build == nil || m.Build.Loads() && !st.Verbose {
			continue
		}
		fmt.Fprintf(b, "%s:\n", clean(m.Dir))
		if err := m.Build.Text(b, st); err != nil {
			return err
		}
		b.WriteString("\n")
	}
	t := &table{heads: []string{"MODULE", "SERVER", "RESULT"}, prose: true}
	for _, m := range r.Modules {
		server := ""
		if m.Build != nil {
			server = m.Build.Server.Main + " (" + m.Build.Server.Go + ")"
		}
		t.row(clean(m.Dir), Dash(server), m.result())
	}
	newSheet(b, st, nil).table(t)
	_, err := io.WriteString(w, b.String())
	return err
}

// result is what happened to the module, in one line.
func (m BuiltModule) result() string {
	switch {
	case m.Error != "":
		first, _, _ := strings.Cut(m.Error, "\n")
		return "failed: " + clean(first)
	case m.Skipped != "":
		return "skipped: " + clean(m.Skipped)
	case !m.Build.Loads():
		return "would not load, not written"
	}
	return "wrote " + strings.Join(m.Build.written(), ", ")
}
