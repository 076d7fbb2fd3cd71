package edit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// Union returns the keys of both, sorted.
func Union[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func (c *Changes) requires() []report.Change {
	now, after := plugin.ByPath(c.Aligner.Plugin.Now), plugin.ByPath(c.Mod)
	var out []report.Change
	for _, path := range Union(now, after) {
		o, n := now[path], after[path]
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

func (c *Changes) whyRequire(rc report.Change, o, n *modfile.Require) (string, []report.Chain) {
	pin, pinned := c.pin(rc.Path)
	var by []report.Chain
	for _, d := range c.Aligned.Demands {
		if d.Path == rc.Path {
			by = append(by, chains(d.Chains)...)
		}
	}
	switch {
	case n == nil:
		return "go mod tidy: nothing needs it any longer", nil
	case pinned && rc.Old == rc.New && o.Indirect && !n.Indirect:
		return madeDirect, nil
	case pinned && len(by) > 0:
		return fmt.Sprintf("the server has %s; the plugin's graph asks for more", pin.Version.Version), by
	case pinned:
		return "linked in both; the server has " + pin.Versions(), nil
	case rc.Old == rc.New:
		return "go mod tidy", nil
	}
	if k, ok := c.cap(rc.Path); ok {
		return k.Error, nil
	}
	v := module.Version{Path: rc.Path, Version: rc.New}
	return "", chains(c.Aligned.Graph.Chains(v)) // the row says it
}

// chains are who asks for a version, as the report has them.
func chains(of [][]module.Version) []report.Chain {
	var out []report.Chain
	for _, steps := range of {
		var c report.Chain
		for _, s := range steps {
			c = append(c, report.Step{Module: s.Path, Version: s.Version})
		}
		out = append(out, c)
	}
	return out
}

// keyed is a list of lines by key; of two with one key, the last counts.
func keyed[T any](list []T, key func(T) string) map[string]T {
	out := map[string]T{}
	for _, line := range list {
		out[key(line)] = line
	}
	return out
}

func (c *Changes) excludes() []report.Change {
	name := func(x *modfile.Exclude) string { return x.Mod.String() }
	now, after := keyed(c.Aligner.Plugin.Now.Exclude, name), keyed(c.Mod.Exclude, name)
	var out []report.Change
	for _, key := range Union(now, after) {
		o, n := now[key], after[key]
		switch {
		case o == nil:
			rc := report.Change{Kind: "exclude", Action: "add", Path: n.Mod.Path, New: n.Mod.Version, File: "go.mod", Line: n.Syntax.Start.Line}
			rc.Reason, rc.Above, rc.DemandedBy = c.whyExclude(n.Mod)
			out = append(out, rc)
		case n == nil:
			out = append(out, report.Change{Kind: "exclude", Action: "remove", Path: o.Mod.Path, Old: o.Mod.Version, File: "go.mod",
				Line: o.Syntax.Start.Line, Reason: "it is not needed any more, or names the server's own version"})
		}
	}
	return out
}

// whyExclude says why a version is excluded, and what it is above.
func (c *Changes) whyExclude(v module.Version) (reason, above string, by []report.Chain) {
	var d pinner.Demand
	for _, e := range c.Aligned.Demands {
		if e.Version == v {
			d = e
		}
	}
	by = chains(d.Chains)
	switch {
	case d.Lost:
		reason = fmt.Sprintf("its go.mod could not be fetched, and the plan selects a newer version of %s", v.Path)
		return reason, reason, by
	case slices.Contains(c.Aligned.Input().Drop, v.Path):
		reason = fmt.Sprintf("the server takes the packages of %s from another module", v.Path)
		return reason, reason, by
	}
	above = c.whyAbove(v)
	switch {
	case len(by) == 0:
		reason = fmt.Sprintf("%s is asked for; %s", v.Version, above)
	case d.From.Path == "":
		reason = fmt.Sprintf("the plugin requires %s %s; %s", v.Path, v.Version, above)
	default:
		reason = fmt.Sprintf("%s %s requires %s %s; %s", d.From.Path, d.From.Version, v.Path, v.Version, above)
	}
	return reason, above, by
}

func (c *Changes) replaces() []report.Change {
	name := func(r *modfile.Replace) string { return r.Old.String() }
	now, after := keyed(c.Aligner.Plugin.Now.Replace, name), keyed(c.Mod.Replace, name)
	var out []report.Change
	for _, key := range Union(now, after) {
		o, n := now[key], after[key]
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

func (c *Changes) imports() []report.Change {
	var out []report.Change
	for _, f := range c.Tree.Files {
		if !strings.HasSuffix(f.Path, ".go") {
			continue
		}
		old, _ := importgraph.ImportPaths(f.Path, f.Old)
		now, _ := importgraph.ImportPaths(f.Path, f.New)
		for _, p := range now {
			if !slices.Contains(old, p) {
				out = append(out, report.Change{Kind: "import", Action: "add", Path: p, New: p, File: f.Path, Line: importgraph.LineOf(f.New, p), Near: importgraph.FirstImport(f.Old),
					Reason: fmt.Sprintf("it makes the pin of %s visible; the package is linked already", ModuleIn(c.Aligned.Listing, p))})
			}
		}
		for _, p := range old {
			if !slices.Contains(now, p) {
				out = append(out, report.Change{Kind: "import", Action: "remove", Path: p, Old: p, File: f.Path, Line: importgraph.LineOf(f.Old, p),
					Reason: "no pin needs it any more"})
			}
		}
	}
	return out
}

// ModuleIn returns the module of a linked package; where it has none, the package.
func ModuleIn(l *importgraph.Listing, pkg string) string {
	if p := l.Packages[pkg]; p != nil && p.Module != nil {
		return p.Module.Path
	}
	return pkg
}

func (c *Changes) sums() []report.Change {
	var out []report.Change
	for _, f := range c.Tree.Files {
		by := map[string]string{"go.sum": "go mod tidy", workspace.Name + ".sum": "loading the workspace"}[f.Path]
		if by == "" {
			continue
		}
		added, removed := change.Stat(f.Old, f.New)
		out = append(out, report.Change{Kind: "sum", Action: action(string(f.Old), string(f.New)), Path: f.Path, File: f.Path,
			Reason: fmt.Sprintf("%s: %s added, %d removed", by, report.Count(added, "line"), removed), Lines: &report.LineCounts{Added: added, Removed: removed}})
	}
	return out
}

func (c *Changes) vendors() []report.Change {
	var out []report.Change
	for _, m := range c.vendor.ByModule() {
		act := "change"
		if m.Changed == 0 && m.Removed == 0 {
			act = "add"
		} else if m.Changed == 0 && m.Added == 0 {
			act = "remove"
		}
		ch := report.Change{Kind: "vendor", Action: act, Path: m.Module, Old: m.Old, New: m.New, File: "vendor/modules.txt", Files: &m.FileCounts}
		ch.Reason = m.Text()
		out = append(out, ch)
	}
	return out
}
