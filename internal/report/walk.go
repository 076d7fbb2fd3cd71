package report

import (
	"fmt"
	"io"
	"strings"
)

// ApplyAll is the result of pinfix apply for several modules.
type ApplyAll struct {
	SchemaVersion int      `json:"schema_version"`
	Command       string   `json:"command"`
	Modules       []*Apply `json:"modules"` // as they come, sorted by directory
	Warnings      []string `json:"warnings"`

	Dirs []string `json:"-"` // of each module, as people see it
	Errs []error  `json:"-"` // of each module
}

// Differs reports whether a module would change.
func (r *ApplyAll) Differs() bool {
	for _, m := range r.Modules {
		if m.DryRun && m.changes() {
			return true
		}
	}
	return false
}

// Wrote reports whether a module was changed.
func (r *ApplyAll) Wrote() bool {
	for _, m := range r.Modules {
		if !m.DryRun && m.changes() {
			return true
		}
	}
	return false
}

// changes reports whether the module changes, or would.
func (a *Apply) changes() bool { return !a.Aligned && a.Skipped == "" && a.Error == "" }

// Text writes a table of the modules; st.Verbose puts the report of each before
// it.
func (r *ApplyAll) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	for i, m := range r.Modules {
		if !st.Verbose || m.Skipped != "" || m.Error != "" {
			continue
		}
		fmt.Fprintf(b, "%s:\n", clean(r.Dirs[i]))
		if err := m.Text(b, st); err != nil {
			return err
		}
		b.WriteString("\n")
	}
	t := &table{heads: []string{"MODULE", "SERVER", "RESULT"}, prose: true}
	for i, m := range r.Modules {
		server := m.Server.Main
		if m.Server.Go != "" {
			server += " (" + m.Server.Go + ")"
		}
		t.row(clean(r.Dirs[i]), Dash(server), m.result())
	}
	newSheet(b, st, nil).table(t)
	_, err := io.WriteString(w, b.String())
	return err
}

// result is what happened to one module.
func (a *Apply) result() string {
	switch {
	case a.Error != "":
		first, _, _ := strings.Cut(a.Error, "\n")
		return "failed: " + clean(first)
	case a.Skipped != "":
		return "skipped: " + clean(a.Skipped)
	case a.Aligned:
		return "already pinned"
	}
	n, _ := a.modules()
	moved := fmt.Sprintf("%s, %s", count(n, "module"), count(len(a.Changes), "change"))
	if lacks := a.lacks(); a.DryRun && lacks != "" {
		return "pinned, but " + lacks
	}
	if a.DryRun {
		return "not pinned: " + moved
	}
	return "pinned: " + moved
}
