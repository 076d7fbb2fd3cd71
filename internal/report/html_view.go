package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// pageView is what the page shows, in its order.
type pageView struct {
	*Apply
	CSS, JS   markup
	StyleHash markup
	JSHash    markup

	Standing  string     // the verdict without the plugin's name
	Counts    []tally    // what would change, by number
	Headline  string     // the verdict with counts
	Facts     []fact     // of the server
	Groups    []rowGroup // the modules, by who decides
	Modules   int        // how many rows they have
	Conflicts []*conflict
	Imports   []Change
	Vendor    []Change
	Sum       string
	Diffs     []fileDiff
	CutLines  int // of the diff
}

type tally struct {
	N    int
	Name string
}

type fact struct{ Name, Value string }

// rowGroup is the rows of one group, under its name.
type rowGroup struct {
	Group Group
	Head  string
	Rows  []moduleRow
}

// moduleRow is a Row as the page shows it.
type moduleRow struct {
	Row
	Verb     string // raise, lower, require, remove or set
	Conflict string // id of its graph
}

func (a *Apply) page() *pageView {
	v := &pageView{Apply: a, CSS: markup(pageCSS), JS: markup(pageJS), StyleHash: markup(cspHash(pageCSS)), JSHash: markup(cspHash(pageJS))}
	v.Headline, v.Standing, v.Facts = a.headline(), a.standing(), a.facts()
	v.Conflicts = a.conflicts()
	in := map[string]string{}
	for _, c := range v.Conflicts {
		for _, m := range c.about {
			in[m] = c.ID
		}
	}
	v.Groups, v.Modules = a.groups(in), len(a.Rows)
	for _, c := range a.Changes {
		switch c.Kind {
		case "import":
			v.Imports = append(v.Imports, c)
		case "vendor":
			c.Old, c.New = dash(c.Old), dash(c.New)
			if c.Files != nil {
				c.Reason = c.Files.Text()
			}
			v.Vendor = append(v.Vendor, c)
		case "sum":
			if c.Lines != nil {
				v.Sum = c.counted()
			}
		}
	}
	v.Diffs, v.CutLines = splitDiff(a.Diff)
	v.count()
	return v
}

// count counts the modules by group, and what is in no module's row.
func (v *pageView) count() {
	names := map[Group]string{Yours: "of your own", Servers: "set by the server", Follows: "that follow"}
	for _, g := range v.Groups {
		v.tally(len(g.Rows), names[g.Group])
	}
	excludes := 0
	for _, c := range v.Changes {
		if c.Kind == "exclude" && c.Action == "add" {
			excludes++
		}
	}
	v.tally(excludes, plural(excludes, "version")+" excluded")
	v.tally(len(v.Imports), plural(len(v.Imports), "blank import"))
	v.tally(len(v.Vendor), plural(len(v.Vendor), "module")+" in vendor/")
	v.tally(len(v.Warnings), plural(len(v.Warnings), "warning"))
}

func (v *pageView) tally(n int, name string) {
	if n > 0 {
		v.Counts = append(v.Counts, tally{n, name})
	}
}

// groups are the rows by who decides about them; in has the graphs of modules.
func (a *Apply) groups(in map[string]string) []rowGroup {
	var out []rowGroup
	for _, h := range heads {
		g := rowGroup{Group: h.group, Head: h.head}
		for _, r := range a.In(h.group) {
			g.Rows = append(g.Rows, newModuleRow(r, in[r.Module]))
		}
		if len(g.Rows) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// newModuleRow shows a row; conflict is the id of its graph.
func newModuleRow(r Row, conflict string) moduleRow {
	m := moduleRow{r, "raise", conflict}
	switch {
	case r.line():
		m.Verb = "set"
	case r.From == "":
		m.Verb = "require"
	case r.To == "":
		m.Verb = "remove"
	case semver.Compare(r.To, r.From) < 0:
		m.Verb = "lower"
	}
	m.From, m.To = cmp.Or(r.From, "none"), cmp.Or(r.To, "none")
	return m
}

// Excluded is how many versions are excluded for the row.
func (m moduleRow) Excluded() string {
	if len(m.Excludes) == 0 {
		return ""
	}
	return count(len(m.Excludes), "version") + " excluded"
}

// Short is the beginning of the commit, which names it well enough.
func (m Made) Short() string { return m.Commit[:min(len(m.Commit), 12)] }

// Date is when the page was made, to the minute; "" if that is not known.
func (m Made) Date() string {
	if m.When.IsZero() {
		return ""
	}
	return m.When.UTC().Format("2006-01-02 15:04 UTC")
}

// facts are what the page says of the server.
func (a *Apply) facts() []fact {
	s := a.Server
	var settings []string
	for _, k := range slices.Sorted(maps.Keys(s.Settings)) {
		settings = append(settings, k+"="+s.Settings[k])
	}
	facts := []fact{{"read from", s.Ref}, {"main module", s.Main}, {"Go", s.Go}}
	if s.Source != nil {
		facts = append(facts, fact{"source", s.Source.text()})
	}
	links := count(s.Modules, "module")
	if s.Packages > 0 {
		links += fmt.Sprintf(", %s with fingerprints", count(s.Packages, "package"))
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
