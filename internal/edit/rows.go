package edit

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/pinner"
)

// rows are the modules that r's changes move, and the go and toolchain lines; what stays
// at its version is not among them.
func (c *Changes) rows(r *report.Apply) []report.Row {
	by := map[string]*report.Row{}
	row := func(path string) *report.Row {
		if by[path] == nil {
			by[path] = &report.Row{Module: path}
		}
		return by[path]
	}
	replaced := map[string]report.Change{}
	for _, ch := range r.Changes {
		switch ch.Kind {
		case "require":
			m := row(ch.Path)
			m.To = ch.New
			if ch.Action != "add" {
				m.Line = ch.Line
			}
		case "exclude":
			if m := row(ch.Path); ch.Action == "add" {
				m.Excludes = append(m.Excludes, ch.New)
			}
		case "replace":
			replaced[ch.Path] = ch
			row(ch.Path)
		case "go", "toolchain":
			group := report.Servers
			if c.isOwn(ch.Kind, ch.New) {
				group = report.Yours
			}
			*row(ch.Kind) = report.Row{Module: ch.Kind, From: ch.Old, To: ch.New, Group: group, Line: ch.Line,
				Reason: report.Reason{Cause: report.CauseGo, Note: ch.Reason}}
		}
	}
	linked := c.Aligned.Listing.Versions()
	required := plugin.ByPath(c.Mod)
	var rows []report.Row
	for _, path := range slices.Sorted(maps.Keys(by)) {
		m := by[path]
		if m.Group == "" {
			had, excluded := c.before(path)
			m.From, m.To = had, ""
			if n := required[path]; n != nil {
				m.To = n.Mod.Version
			}
			ch, moved := replaced[path]
			if m.To == "" && (moved || len(m.Excludes) > 0) {
				m.To = c.Aligned.Graph.Selected(path)
			}
			m.Reason, m.Group = c.whyRow(m, linked[path] != "")
			if excluded {
				m.From += " (excluded)"
			}
			if moved && ch.Old != ch.New {
				m.From, m.To = withReplacement(m.From, ch.Old), withReplacement(m.To, ch.New)
				if m.Reason.Cause == report.CauseServer {
					m.Reason.Cause = report.CauseReplaced
					if ch.New == "" {
						m.Reason.Cause = report.CauseOwnSum
					}
				}
			}
		}
		if m.From != m.To {
			rows = append(rows, *m)
		}
	}
	return rows
}

// before is the version that the plugin has of a module as it is. The go command drops a
// requirement on an excluded version; go.mod has it all the same.
func (c *Changes) before(path string) (version string, excluded bool) {
	now := c.Aligner.Plugin.Now
	r := plugin.ByPath(now)[path]
	if had := c.Before.Selected(path); had != "" || r == nil {
		return had, false
	}
	excluded = slices.ContainsFunc(now.Exclude, func(x *modfile.Exclude) bool { return x.Mod == r.Mod })
	return r.Mod.Version, excluded
}

// withReplacement is a version with what replaces it.
func withReplacement(version, by string) string {
	if by == "" {
		return version
	}
	return strings.TrimSpace(version + " => " + strings.Replace(by, "@", " ", 1))
}

// whyRow says why a module gets its version, and who decides about it.
func (c *Changes) whyRow(m *report.Row, linked bool) (report.Reason, report.Group) {
	_, pinned := c.pin(m.Module)
	_, capped := c.cap(m.Module)
	group := report.Follows
	if linked && m.From != "" && m.To != "" {
		group = report.Yours
	}
	switch {
	case m.To == "":
		return report.Reason{Cause: report.CauseUnneeded}, report.Follows
	case pinned:
		return report.Reason{Cause: report.CauseServer}, report.Servers
	case capped:
		return report.Reason{Cause: report.CauseCap, Chain: c.chain(m.Module)}, group
	case m.From != "" && c.Aligner.Base.Selected(m.Module) == m.To:
		return report.Reason{Cause: report.CauseBack}, group
	case semver.Compare(m.To, m.From) < 0:
		if why, ok := c.askers(c.Before, module.Version{Path: m.Module, Version: m.From}); ok {
			why.Cause = report.CauseUnasked
			return why, group
		}
		return report.Reason{Note: "no module asks for more with the others at their versions"}, group
	}
	if why, ok := c.askers(c.Aligned.Graph, module.Version{Path: m.Module, Version: m.To}); ok {
		why.Cause = report.CauseNeeded
		return why, group
	}
	if at := c.Aligner.ImportedAt(c.Aligner.Stage.Sources, c.Aligned.Listing, m.Module); at != "" && m.From == "" {
		return report.Reason{Note: at + " imports it"}, group
	}
	return report.Reason{Note: "go mod tidy requires it with the others at their versions"}, group
}

// askers follows who requires v in g up to a module that the plan has moved, and says why
// it has. Where none has moved, it is the one that requires v itself.
func (c *Changes) askers(g *pinner.Graph, v module.Version) (why report.Reason, ok bool) {
	chains := g.Chains(v)
	if len(chains) == 0 {
		return why, false
	}
	for _, chain := range chains {
		var asked []report.Bound
		for _, d := range slices.Backward(chain[:len(chain)-1]) {
			_, pinned := c.pin(d.Path)
			asked = append(asked, report.Bound{Module: d.Path, Version: d.Version, Server: pinned && c.Aligned.Graph.Selected(d.Path) == d.Version})
			if end, ok := c.fate(d); ok {
				end.Asked = asked
				return end, true
			}
		}
	}
	d := chains[0][len(chains[0])-2]
	why.Asked = []report.Bound{{Module: d.Path, Version: d.Version}}
	return why, true
}

// fate says why a module that is at d, or was, is or is not any longer.
func (c *Changes) fate(d module.Version) (report.Reason, bool) {
	_, pinned := c.pin(d.Path)
	_, capped := c.cap(d.Path)
	now := c.Aligned.Graph.Selected(d.Path)
	switch {
	case pinned && now == d.Version:
		return report.Reason{}, true // the bound says it
	case pinned:
		return report.Reason{Note: "the server has " + d.Path + " " + now}, true
	case capped:
		return report.Reason{Chain: c.chain(d.Path)}, true
	case now == "" || plugin.ByPath(c.Mod)[d.Path] == nil && plugin.ByPath(c.Aligner.Plugin.Now)[d.Path] != nil:
		return report.Reason{Note: "nothing needs that any longer"}, true
	}
	return report.Reason{}, false
}

// chain follows the caps from a module down to what decided.
func (c *Changes) chain(path string) []report.Link {
	var links []report.Link
	seen := map[string]bool{}
	for !seen[path] {
		seen[path] = true
		k, ok := c.cap(path)
		if !ok {
			break
		}
		had := k.Why.Module
		if had.Path == "" {
			had = module.Version{Path: path, Version: c.Aligner.Base.Selected(path)}
		}
		l := report.Link{Module: had.Path, Version: had.Version, To: k.Version.Version, Needs: k.Why.Needs, Place: k.Why.Place, Fault: k.Why.Fault}
		switch {
		case k.Why.Go != "":
			l.Go, l.ServerGo = k.Why.Go, c.Aligner.Server.GoVersion()
		case k.For.Path != "":
			l.Bound = report.Bound{Module: k.For.Path, Version: k.For.Version, Server: c.serves(k.For)}
		case k.Why.Fault == "":
			l.Words = "is not chosen: " + k.Error
		}
		links = append(links, l)
		path = k.For.Path
	}
	return links
}

// serves reports whether the server has the module at that version.
func (c *Changes) serves(v module.Version) bool {
	return slices.ContainsFunc(c.Aligner.Server.Required(), func(p pinner.Pin) bool { return p.Path == v.Path && p.Version.Version == v.Version })
}
