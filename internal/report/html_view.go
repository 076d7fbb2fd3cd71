package report

import (
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

	Standing  string  // the verdict without the plugin's name
	Counts    []tally // what would change, by number
	Facts     []fact  // of the server
	Modules   []moduleRow
	Actions   []tally // verbs of Modules
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

// moduleRow is a Row with its action word by word.
type moduleRow struct {
	Row
	Verbs    []verb
	Conflict string // id of its graph
}

// verb is a part of an action: "exclude 5".
type verb struct{ Name, Text, Class string }

func (a *Apply) page() *pageView {
	v := &pageView{Apply: a, CSS: markup(pageCSS), JS: markup(pageJS), StyleHash: markup(cspHash(pageCSS)), JSHash: markup(cspHash(pageJS))}
	v.Standing, v.Facts = a.standing(), a.facts()
	v.Conflicts = a.conflicts()
	in := map[string]string{}
	for _, c := range v.Conflicts {
		for _, m := range c.about {
			in[m] = c.ID
		}
	}
	for _, r := range a.Rows {
		v.Modules = append(v.Modules, newModuleRow(r, in[r.Module]))
	}
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

// count counts the modules by verb, and what is in no module's row.
func (v *pageView) count() {
	n := map[string]int{}
	for _, r := range v.Modules {
		for _, w := range r.Verbs {
			n[w.Name]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(n)) {
		v.Actions = append(v.Actions, tally{n[name], name})
	}
	past := map[string]string{"lower": "lowered", "raise": "raised", "require": "required", "make direct": "made direct", "replace": "replaced"}
	for _, name := range []string{"lower", "raise", "require", "replace", "make direct"} {
		v.tally(n[name], past[name])
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

func plural(n int, what string) string {
	_, s, _ := strings.Cut(count(n, what), " ")
	return s
}

// newModuleRow shows a row; conflict is the id of its graph.
func newModuleRow(r Row, conflict string) moduleRow {
	m := moduleRow{r, nil, conflict}
	m.From, m.To = dash(r.From), dash(r.To)
	name := "raise"
	switch {
	case r.line():
		name = "set"
	case r.From == "":
		name = "require"
	case r.To == "":
		name = "remove"
	case semver.Compare(r.To, r.From) < 0:
		name = "lower"
	}
	m.Verbs = append(m.Verbs, verb{name, name, name})
	if n := len(r.Excludes); n > 0 {
		m.Verbs = append(m.Verbs, verb{"exclude", fmt.Sprintf("exclude %d", n), "exclude"})
	}
	return m
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
