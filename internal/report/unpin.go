package report

import (
	"fmt"
	"io"
	"strings"
)

// Unpin is the result of pinfix unpin. It has many fields: those of its JSON form, and what
// only people read.
type Unpin struct {
	SchemaVersion int          `json:"schema_version"`
	Command       string       `json:"command"`
	DryRun        bool         `json:"dry_run"`
	Aligned       bool         `json:"aligned"` // there is nothing to revert
	Plugin        Module       `json:"plugin"`
	Files         []FileChange `json:"files"`
	Vendor        FileCounts   `json:"vendor"` // files below vendor/
	Diff          string       `json:"diff"`

	Tidied bool     `json:"-"` // go.mod is not only restored, but tidied
	Edited []string `json:"-"` // places of lines that the user has changed after pinfix did
	Notes  []string `json:"-"` // for people: what stays
	Patch  []byte   `json:"-"` // the complete patch
	Write  string   `json:"-"` // the command that writes what a dry run shows
}

// FileChange is a file that changes, with the numbers of its lines that come and go.
type FileChange struct {
	Path    string `json:"path"`
	Action  string `json:"action"` // add, change, remove
	Added   int    `json:"added"`
	Removed int    `json:"removed"`
}

// FileCounts are numbers of files.
type FileCounts struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
}

// NewUnpin returns a report of a plugin that holds nothing of pinfix's.
func NewUnpin(dryRun bool, plugin Module) *Unpin {
	return &Unpin{SchemaVersion: 1, Command: "unpin", DryRun: dryRun, Aligned: true, Plugin: plugin, Files: []FileChange{}}
}

// Text is the counts as words, "2 files added, 1 changed"; "" where there is nothing.
func (c FileCounts) Text() string {
	var s []string
	for _, n := range []struct {
		n    int
		what string
	}{{c.Added, "added"}, {c.Changed, "changed"}, {c.Removed, "removed"}} {
		switch {
		case n.n > 0 && len(s) == 0:
			s = append(s, count(n.n, "file")+" "+n.what)
		case n.n > 0:
			s = append(s, fmt.Sprintf("%d %s", n.n, n.what))
		}
	}
	return strings.Join(s, ", ")
}

// Text writes what changes back; of a dry run with its diff, and how to write it.
func (u *Unpin) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	module := clean(u.Plugin.Module)
	files := count(len(u.Files), "file")
	if u.Vendor != (FileCounts{}) {
		files += " and vendor/"
	}
	switch {
	case u.Aligned:
		fmt.Fprintln(b, st.paint(bold, module+": nothing to revert: no line, import or go.work is pinfix's"))
	case u.DryRun:
		fmt.Fprintf(b, "%s\n\n", st.paint(bold, fmt.Sprintf("%s: pinfix unpin changes %s", module, files)))
	default:
		but := ""
		if u.Tidied {
			but = ", and tidy"
		}
		if len(u.Edited) > 0 {
			but += ", but for " + clean(listed(u.Edited)) + ", which you have changed since"
		}
		fmt.Fprintln(b, st.paint(bold, fmt.Sprintf("%s: as it was before pinfix%s; %s changed", module, but, files)))
	}
	if u.DryRun || st.Verbose {
		b.WriteString(st.diff(u.Diff))
	}
	for _, f := range u.Files {
		if !u.DryRun || f.Path == "go.sum" || strings.HasSuffix(f.Path, ".work.sum") {
			fmt.Fprintf(b, "  %s: %s\n", clean(f.Path), f.text())
		}
	}
	if text := u.Vendor.Text(); text != "" {
		fmt.Fprintf(b, "  vendor/: %s\n", text)
	}
	if u.DryRun && len(u.Edited) > 0 {
		fmt.Fprintf(b, "what you have changed since stays: %s\n", clean(listed(u.Edited)))
	}
	for _, n := range u.Notes {
		fmt.Fprintf(b, "%s\n", clean(n))
	}
	if u.DryRun && !u.Aligned {
		fmt.Fprintf(b, "\nRevert it: %s\n", Printable(u.Write))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f FileChange) text() string {
	switch {
	case f.Action == "remove":
		return "removed"
	case f.Action == "add":
		return "added"
	}
	return fmt.Sprintf("%s added, %d removed", count(f.Added, "line"), f.Removed)
}
