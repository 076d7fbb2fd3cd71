package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// byPath indexes the require lines of a go.mod.
func byPath(m *pinner.Mod) map[string]*modfile.Require {
	out := map[string]*modfile.Require{}
	for _, r := range m.Require {
		if out[r.Mod.Path] == nil {
			out[r.Mod.Path] = r
		}
	}
	return out
}

// union returns the keys of both, sorted.
func union[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func (c *changes) requires() []report.Change {
	now, new := byPath(c.a.plugin.now), byPath(c.mod)
	var out []report.Change
	for _, path := range union(now, new) {
		o, n := now[path], new[path]
		rc := report.Change{Kind: "require", Path: path, File: "go.mod"}
		switch {
		case o == nil:
			rc.New, rc.Line = n.Mod.Version, n.Syntax.Start.Line
		case n == nil:
			rc.Old, rc.Line = o.Mod.Version, o.Syntax.Start.Line
		case o.Mod == n.Mod && o.Indirect == n.Indirect && comment(o.Syntax) == comment(n.Syntax):
			continue
		default:
			rc.Old, rc.New, rc.Line = o.Mod.Version, n.Mod.Version, o.Syntax.Start.Line
		}
		rc.Action = action(rc.Old, rc.New)
		rc.Reason, rc.DemandedBy = c.whyRequire(rc, o, n)
		out = append(out, rc)
	}
	return out
}

func comment(l *modfile.Line) string {
	var s []string
	for _, k := range l.Suffix {
		s = append(s, k.Token)
	}
	return strings.Join(s, " ")
}

const madeDirect = "the server links it; a blank import makes the pin direct"

func (c *changes) whyRequire(rc report.Change, o, n *modfile.Require) (string, []string) {
	pin, pinned := c.pin(rc.Path)
	var by []string
	for _, d := range c.al.demands {
		if d.Path == rc.Path {
			by = append(by, d.By...)
		}
	}
	switch {
	case n == nil:
		return "go mod tidy: no package of it is imported any more", nil
	case pinned && rc.Old == rc.New && o.Indirect && !n.Indirect:
		return madeDirect, nil
	case pinned && len(by) > 0:
		return fmt.Sprintf("the server has %s; the plugin's graph asks for more", pin.Version.Version), by
	case pinned:
		return "linked in both; the server has " + strings.TrimPrefix(pin.String(), rc.Path+" "), nil
	case rc.Old == rc.New:
		return "go mod tidy", nil
	}
	if k, ok := c.cap(rc.Path); ok {
		return k.Error, nil
	}
	v := module.Version{Path: rc.Path, Version: rc.New}
	return "go mod tidy selects it with the pins", c.al.graph.Demands(v)
}

func (c *changes) excludes() []report.Change {
	now, new := map[string]*modfile.Exclude{}, map[string]*modfile.Exclude{}
	for _, x := range c.a.plugin.now.Exclude {
		now[x.Mod.String()] = x
	}
	for _, x := range c.mod.Exclude {
		new[x.Mod.String()] = x
	}
	var out []report.Change
	for _, key := range union(now, new) {
		o, n := now[key], new[key]
		switch {
		case o == nil:
			rc := report.Change{Kind: "exclude", Action: "add", Path: n.Mod.Path, New: n.Mod.Version, File: "go.mod", Line: n.Syntax.Start.Line}
			rc.Reason, rc.DemandedBy = c.whyExclude(n.Mod)
			out = append(out, rc)
		case n == nil:
			out = append(out, report.Change{Kind: "exclude", Action: "remove", Path: o.Mod.Path, Old: o.Mod.Version, File: "go.mod",
				Line: o.Syntax.Start.Line, Reason: "it is not needed any more, or names the server's own version"})
		}
	}
	return out
}

func (c *changes) whyExclude(v module.Version) (string, []string) {
	var by []string
	lost := false
	for _, d := range c.al.demands {
		if d.Version == v {
			by, lost = d.By, d.Lost
		}
	}
	switch {
	case lost:
		return fmt.Sprintf("its go.mod could not be fetched, and the plan selects a newer version of %s", v.Path), by
	case slices.Contains(c.a.in.Drop, v.Path):
		return fmt.Sprintf("the server takes the packages of %s from another module", v.Path), by
	case len(by) == 0:
		return fmt.Sprintf("%s is asked for; %s", v.Version, c.whyAbove(v)), nil
	}
	steps := strings.Split(by[0], " -> ")
	who := "the plugin"
	if len(steps) > 1 {
		who = strings.Replace(steps[len(steps)-2], "@", " ", 1)
	}
	return fmt.Sprintf("%s requires %s %s; %s", who, v.Path, v.Version, c.whyAbove(v)), by
}

func (c *changes) replaces() []report.Change {
	now, new := map[string]*modfile.Replace{}, map[string]*modfile.Replace{}
	for _, r := range c.a.plugin.now.Replace {
		now[r.Old.String()] = r
	}
	for _, r := range c.mod.Replace {
		new[r.Old.String()] = r
	}
	var out []report.Change
	for _, key := range union(now, new) {
		o, n := now[key], new[key]
		rc := report.Change{Kind: "replace", File: "go.mod", Reason: "the server does not replace it"}
		if n != nil {
			rc.Path, rc.New, rc.Line = n.Old.Path, n.New.String(), n.Syntax.Start.Line
			rc.Reason = "the server replaces it so"
		}
		if o != nil {
			rc.Path, rc.Old, rc.Line = o.Old.Path, o.New.String(), o.Syntax.Start.Line
		}
		if rc.Old == rc.New {
			continue
		}
		rc.Action = action(rc.Old, rc.New)
		out = append(out, rc)
	}
	return out
}

func (c *changes) imports() []report.Change {
	var out []report.Change
	for _, f := range c.tree.Files {
		if !strings.HasSuffix(f.Path, ".go") {
			continue
		}
		old, _ := importPaths(f.Path, f.Old)
		new, _ := importPaths(f.Path, f.New)
		for _, p := range new {
			if !slices.Contains(old, p) {
				out = append(out, report.Change{Kind: "import", Action: "add", Path: p, New: p, File: f.Path, Line: lineOf(f.New, p),
					Reason: fmt.Sprintf("it makes the pin of %s visible; the package is linked already", moduleIn(c.al.listing, p))})
			}
		}
		for _, p := range old {
			if !slices.Contains(new, p) {
				out = append(out, report.Change{Kind: "import", Action: "remove", Path: p, Old: p, File: f.Path, Line: lineOf(f.Old, p),
					Reason: "no pin needs it any more"})
			}
		}
	}
	return out
}

// moduleIn returns the module of a linked package; where it has none, the package.
func moduleIn(l *stage.Listing, pkg string) string {
	if p := l.Packages[pkg]; p != nil && p.Module != nil {
		return p.Module.Path
	}
	return pkg
}

// lineOf returns the line that imports path, from 1.
func lineOf(src []byte, path string) int {
	n := 0
	for line := range strings.Lines(string(src)) {
		n++
		if strings.Contains(line, `"`+path+`"`) {
			return n
		}
	}
	return 0
}

func (c *changes) sums() []report.Change {
	var out []report.Change
	for _, f := range c.tree.Files {
		by := map[string]string{"go.sum": "go mod tidy", workName + ".sum": "loading the workspace"}[f.Path]
		if by == "" {
			continue
		}
		added, removed := change.Stat(f.Old, f.New)
		out = append(out, report.Change{Kind: "sum", Action: action(string(f.Old), string(f.New)), Path: f.Path, File: f.Path,
			Reason: fmt.Sprintf("%s: %d lines added, %d removed", by, added, removed)})
	}
	return out
}

func (c *changes) vendors() []report.Change {
	var out []report.Change
	for _, m := range c.vendor.byModule() {
		act := "change"
		if m.changed == 0 && m.removed == 0 {
			act = "add"
		} else if m.changed == 0 && m.added == 0 {
			act = "remove"
		}
		out = append(out, report.Change{Kind: "vendor", Action: act, Path: m.module, Old: m.old, New: m.new, File: "vendor/modules.txt", Reason: m.String()})
	}
	return out
}

// rows makes the table: one line a module whose require, exclude or replace
// lines change.
func (c *changes) rows(r *report.Apply) []report.Row {
	by := map[string][]report.Change{}
	for _, ch := range r.Changes {
		switch ch.Kind {
		case "require", "exclude", "replace":
			by[ch.Path] = append(by[ch.Path], ch)
		case "go", "toolchain":
			by[ch.Kind] = append(by[ch.Kind], ch)
		}
	}
	var rows []report.Row
	for _, path := range slices.Sorted(maps.Keys(by)) {
		row := report.Row{Module: path, Plugin: c.before.Selected(path), Server: "-"}
		if pin, ok := c.pin(path); ok {
			row.Server = strings.TrimPrefix(pin.String(), path+" ")
		}
		excluded := 0
		_, capped := c.cap(path)
		for _, ch := range by[path] {
			switch ch.Kind {
			case "exclude":
				if ch.Action == "add" {
					excluded++
				}
			case "go", "toolchain":
				row.Plugin, row.Server = ch.Old, c.a.server.Go
			}
			if row.Plugin == "" {
				row.Plugin = ch.Old
			}
			if row.Why == "" || len(ch.DemandedBy) > 0 && !capped {
				row.Why = ch.Reason
			}
		}
		row.Action = actionWord(by[path][0], row.Server == "-", excluded)
		rows = append(rows, row)
	}
	return rows
}

// actionWord says what becomes of a module. free is one whose version the server does not
// say, so that the word has it.
func actionWord(ch report.Change, free bool, excluded int) string {
	word := ch.Action
	switch {
	case ch.Kind == "replace":
		word = "replace"
		if ch.Action == "remove" {
			word = "drop replace"
		}
	case ch.Kind == "exclude":
		word = "exclude"
		if ch.Action == "remove" {
			return "drop exclude"
		}
		if excluded < 2 {
			return word
		}
	case ch.Action == "change" && ch.Kind == "require":
		switch d := semver.Compare(ch.New, ch.Old); {
		case d < 0:
			word = moveWord("lower", ch, free)
		case d > 0:
			word = moveWord("raise", ch, free)
		default:
			word = "mark"
			if ch.Reason == madeDirect {
				word = "make direct"
			}
		}
	case ch.Action == "change":
		word = "set " + ch.New
	case ch.Kind == "require" && ch.Action == "add":
		word = "require"
	}
	if excluded == 1 {
		word += ", exclude 1"
	} else if excluded > 1 {
		word += fmt.Sprintf(", exclude %d", excluded)
	}
	return word
}

func moveWord(word string, ch report.Change, free bool) string {
	if free {
		return word + " to " + ch.New
	}
	return word
}
