package solve

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A NoSolutionError says which requirements cannot meet.
type NoSolutionError struct {
	Fault  typecheck.Fault
	Reason string
	Next   string
	Own    []string // places in the plugin's own code that do not compile, "match.go:59"
}

func (e *NoSolutionError) Error() string { return e.Reason }

// NextStep says what the user can do.
func (e *NoSolutionError) NextStep() string { return e.Next }

// because says why the module of a fault is capped: the code, and the
// requirement behind it.
func (v *view) because(f typecheck.Fault) string {
	return v.place(f) + ": " + f.Msg + v.behind(f)
}

// place returns file and line of a fault: in the plugin's tree, or with the
// import path of its package.
func (v *view) place(f typecheck.Fault) string {
	file := path.Join(f.Package, f.File[strings.LastIndexAny(f.File, `/\`)+1:])
	if p := v.Packages[f.Package]; p != nil && p.Own {
		file = strings.TrimLeft(strings.TrimPrefix(f.File, v.Root), `/\`)
	}
	if f.Line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, f.Line)
}

// behind says which module the faulty code refers to, and what it has instead.
func (v *view) behind(f typecheck.Fault) string {
	m := v.blamed(f)
	if m.Path == "" {
		return ""
	}
	p := v.Packages[f.Package]
	if req := v.requires(p, m.Path); req != "" && semver.Compare(req, m.Version) > 0 {
		return fmt.Sprintf("; %s requires %s %s", spaced(p.Module), m.Path, req) + v.holder(m, false)
	}
	return v.holder(m, false)
}

// holder says who has m at its version; which continues a sentence that has
// named it.
func (v *view) holder(m module.Version, which bool) string {
	i := slices.IndexFunc(v.Plan.Caps, func(c pinner.Cap) bool { return c.Path == m.Path })
	switch {
	case v.pinned(m.Path) && which:
		return ", which the server has"
	case v.pinned(m.Path):
		return "; the server has " + spaced(m)
	case i >= 0:
		return fmt.Sprintf("; %s is lowered to %s", m.Path, m.Version) + v.whyCapped(v.Plan.Caps[i])
	case which:
		return ""
	}
	return "; the plugin has " + spaced(m)
}

// blamed returns the module whose version is behind a fault: of those that the
// faulty code refers to, the first that moved.
func (v *view) blamed(f typecheck.Fault) module.Version {
	if f.Missing != "" {
		return v.provider(f.Missing)
	}
	own := v.moduleOf(f.Package).Path
	for _, pkg := range f.Blames {
		m := v.moduleOf(pkg)
		if m.Path != "" && m.Path != own && v.Base.Selected(m.Path) != m.Version {
			return m
		}
	}
	return module.Version{}
}

// requires returns what the module of p asks for of another one.
func (v *view) requires(p *Package, path string) string {
	if p == nil || p.Own {
		return ""
	}
	at := p.Module
	if r := v.Plan.Mod.Replacement(at); r != nil {
		at = r.New
	}
	sums, err := v.Find.Source([]module.Version{at})
	if err != nil {
		return ""
	}
	for _, r := range sums[at].Require {
		if r.Path == path {
			return r.Version
		}
	}
	return ""
}

// noSolution explains the first fault that nothing can be done about.
func (v *view) noSolution() *NoSolutionError {
	f := v.roots[0]
	for _, g := range v.roots {
		if v.Packages[g.Package] != nil && v.mayLower(v.Packages[g.Package]) != nil {
			f = g
			break
		}
	}
	p := v.Packages[f.Package]
	e := &NoSolutionError{Fault: f, Own: v.ownPlaces()}
	m := v.blamed(f)
	if c, ok := v.capOf(m.Path); ok && f.Missing != "" {
		e.Reason, e.Next = v.gone(f, c)
		return e
	}
	if p == nil || p.Own {
		e.Reason, e.Next = v.ownCode(f, m)
		return e
	}
	e.Reason, e.Next = v.otherCode(p, f, m)
	return e
}

// ownPlaces returns where the plugin's own code does not compile.
func (v *view) ownPlaces() []string {
	var out []string
	for _, f := range v.roots {
		if p := v.Packages[f.Package]; p == nil || p.Own {
			if at := v.place(f); !slices.Contains(out, at) {
				out = append(out, at)
			}
		}
	}
	return out
}

// ownCode: the plugin's own code does not compile.
func (v *view) ownCode(f typecheck.Fault, m module.Version) (reason, next string) {
	reason = v.place(f) + ": " + f.Msg
	if m.Path == "" {
		return reason, "mend the code; go build says the same"
	}
	next = "change the code to what " + m.String() + " has"
	if f.Missing != "" {
		reason = fmt.Sprintf("%s: %s is not in %s", v.place(f), f.Missing, spaced(m))
		next = "change the import"
	}
	reason += v.holder(m, f.Missing != "")
	if had := v.Base.Selected(m.Path); semver.Compare(had, m.Version) > 0 {
		reason += "; the plugin has " + had
		if c, ok := v.capOf(m.Path); ok {
			next += ", or ask for a server with a newer " + v.behindCap(c)
		} else {
			next += fmt.Sprintf(", or ask for a server with %s %s", m.Path, had)
		}
	}
	return reason, next
}

func spaced(m module.Version) string { return m.Path + " " + m.Version }

// otherCode: a module that cannot be lowered does not compile.
func (v *view) otherCode(p *Package, f typecheck.Fault, m module.Version) (reason, next string) {
	next = "require a version of it, or of what imports it, that does without, or ask for a server with a newer version"
	c, lowered := v.capOf(m.Path)
	if lowered {
		next = "do without it, or ask for a server with a newer " + v.behindCap(c)
	}
	reason = spaced(p.Module)
	if only := v.only(p); only != "" {
		reason += " (" + only + ")"
	}
	req := ""
	if m.Path != "" {
		req = v.requires(p, m.Path)
	}
	switch {
	case f.Missing != "" && m.Path != "":
		reason += fmt.Sprintf(" imports %s, which is not in %s", f.Missing, spaced(m)) + v.holder(m, true)
	case semver.Compare(req, m.Version) > 0:
		reason += fmt.Sprintf(" needs %s >= %s (%s: %s)", m.Path, req, v.place(f), f.Msg) + v.holder(m, false)
		if !lowered {
			next = fmt.Sprintf("do without it, or ask for a server with %s %s", m.Path, req)
		}
	case m.Path != "":
		reason += fmt.Sprintf(" does not compile with %s (%s: %s)", spaced(m), v.place(f), f.Msg) + v.holder(m, false)
	default:
		reason += fmt.Sprintf(" does not compile (%s: %s)", v.place(f), f.Msg)
	}
	if why := v.mayLower(p); why != nil {
		reason += fmt.Sprintf("; %s cannot be lowered: %v", p.Module.Path, why)
	}
	if chain := v.chain(p.Path); len(chain) > 1 {
		reason += "; " + strings.Join(chain, " imports ")
	}
	return reason, next
}
