package page

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/report"
)

// Apply writes the page of a dry run. Its errors are those of w.
func Apply(w io.Writer, a *report.Apply) error { return write(w, "apply.html", newView(a)) }

// applyView is what the page of a dry run shows besides the result's own fields, in its order.
type applyView struct {
	*report.Apply
	head

	Date, Commit string  // when and of what the page was made; "" if that is not known
	Counts       []tally // what would change, by number
	Facts        []fact  // of the server
	Groups       []rowGroup
	Conflicts    []*conflict
	Files        otherFiles
	Diffs        diffs
}

type tally struct {
	N    int
	Name string
}

type fact struct{ Name, Value string }

// rowGroup is the rows of one group, under its name.
type rowGroup struct {
	Group report.Group
	Head  string
	Rows  []moduleRow
}

// moduleRow is a row as the page shows it.
type moduleRow struct {
	report.Row
	Verb     string // raise, lower, require, remove or set
	Conflict string // id of its graph
}

// otherFiles are the changes that are in no module's row.
type otherFiles struct {
	Imports []report.Change
	Vendor  []report.Change
	Sum     string // how many lines of go.sum change
}

func newView(a *report.Apply) *applyView {
	v := &applyView{Apply: a, head: head{Title: "plan", Style: newStyle(pageCSS), Script: newScript()}, Facts: facts(a), Conflicts: conflicts(a), Files: newFiles(a), Diffs: splitDiff(a.Diff)}
	if a.Aligned {
		v.Title = "already pinned"
	}
	v.Commit = a.Made.Commit[:min(len(a.Made.Commit), 12)] // which names it well enough
	if when := a.Made.When; !when.IsZero() {
		v.Date = when.UTC().Format("2006-01-02 15:04 UTC")
	}
	in := map[string]string{}
	for _, c := range v.Conflicts {
		for _, m := range c.about {
			in[m] = c.ID
		}
	}
	for _, g := range a.Groups() {
		v.Groups = append(v.Groups, rowGroup{g.Group, g.Head, moduleRows(g.Rows, in)})
	}
	v.count()
	return v
}

// count counts the modules by group, and what is in no module's row.
func (v *applyView) count() {
	names := map[report.Group]string{report.Yours: "of your own", report.Servers: "set by the server", report.Follows: "that follow"}
	for _, g := range v.Groups {
		v.tally(len(g.Rows), names[g.Group])
	}
	excludes := 0
	for _, c := range v.Changes {
		if c.Kind == "exclude" && c.Action == "add" {
			excludes++
		}
	}
	v.tally(excludes, report.Plural(excludes, "version")+" excluded")
	v.tally(len(v.Files.Imports), report.Plural(len(v.Files.Imports), "blank import"))
	v.tally(len(v.Files.Vendor), report.Plural(len(v.Files.Vendor), "module")+" in vendor/")
	v.tally(len(v.Warnings), report.Plural(len(v.Warnings), "warning"))
}

func (v *applyView) tally(n int, name string) {
	if n > 0 {
		v.Counts = append(v.Counts, tally{n, name})
	}
}

func newFiles(a *report.Apply) otherFiles {
	var f otherFiles
	for _, c := range a.Changes {
		switch c.Kind {
		case "import":
			f.Imports = append(f.Imports, c)
		case "vendor":
			c.Old, c.New = report.Dash(c.Old), report.Dash(c.New)
			if c.Files != nil {
				c.Reason = c.Files.Text()
			}
			f.Vendor = append(f.Vendor, c)
		case "sum":
			if c.Lines != nil {
				f.Sum = c.Counted()
			}
		}
	}
	return f
}

// moduleRows are rows as the page shows them; graphs has the ids of the modules' graphs.
func moduleRows(rows []report.Row, graphs map[string]string) []moduleRow {
	var out []moduleRow
	for _, r := range rows {
		m := moduleRow{r, "raise", graphs[r.Module]}
		switch {
		case r.IsLine():
			m.Verb = "set"
		case r.From == "":
			m.Verb = "require"
		case r.To == "":
			m.Verb = "remove"
		case semver.Compare(r.To, r.From) < 0:
			m.Verb = "lower"
		}
		m.From, m.To = cmp.Or(r.From, "none"), cmp.Or(r.To, "none")
		out = append(out, m)
	}
	return out
}

// Excluded is how many versions are excluded for the row.
func (m moduleRow) Excluded() string {
	if len(m.Excludes) == 0 {
		return ""
	}
	return report.Count(len(m.Excludes), "version") + " excluded"
}

// facts are what the page says of the server.
func facts(a *report.Apply) []fact {
	s := a.Server
	var settings []string
	for _, k := range slices.Sorted(maps.Keys(s.Settings)) {
		settings = append(settings, k+"="+s.Settings[k])
	}
	facts := []fact{{"read from", s.Ref}, {"main module", s.Main}, {"Go", s.Go}}
	if s.Source != nil {
		facts = append(facts, fact{"source", s.Source.Text()})
	}
	links := report.Count(s.Modules, "module")
	if s.Packages > 0 {
		links += fmt.Sprintf(", %s with fingerprints", report.Count(s.Packages, "package"))
	}
	facts = append(facts, fact{"links", links})
	switch {
	case s.ModCache != "":
		facts = append(facts, fact{"untrimmed", "its module cache was at " + s.ModCache})
	case s.Vendored != "":
		facts = append(facts, fact{"untrimmed", "built in " + s.Vendored + " with vendor/"})
	}
	if len(settings) > 0 {
		facts = append(facts, fact{"built with", strings.Join(settings, "\n")})
	}
	return facts
}
