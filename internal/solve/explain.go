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
}

func (e *NoSolutionError) Error() string { return e.Reason }

// NextStep says what the user can do.
func (e *NoSolutionError) NextStep() string { return e.Next }

// hopeless reports whether the plugin's own code does not compile against pins
// alone: lowering other modules changes nothing about that.
func (v *view) hopeless() bool {
	for _, f := range v.roots {
		if p := v.Packages[f.Package]; p == nil || !p.Own || len(f.Blames) == 0 {
			continue
		}
		if !slices.ContainsFunc(f.Blames, func(pkg string) bool { return !v.settled(pkg) }) {
			return true
		}
	}
	return false
}

// settled reports whether nothing can be done about a package: it is of a
// pinned module, of the standard library, or of nobody.
func (v *view) settled(pkg string) bool {
	m := v.provider(pkg)
	if v.Packages[pkg] == nil {
		return m.Path == "" || v.pinned(m.Path)
	}
	return v.pinned(m.Path)
}

// note remembers which versions lack a package.
func (v *view) note() {
	if v.lacks == nil {
		v.lacks = map[module.Version]string{}
	}
	for _, f := range v.roots {
		if m := v.provider(f.Missing); m.Path != "" {
			v.lacks[m] = f.Missing
		}
	}
}

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

// whyCapped follows a cap to the pin behind it.
func (v *view) whyCapped(c pinner.Cap) string {
	s := ""
	for range v.Plan.Caps {
		if c.For.Path == "" {
			return s + ": " + c.Error
		}
		s += " for " + spaced(c.For)
		i := slices.IndexFunc(v.Plan.Caps, func(d pinner.Cap) bool { return d.Path == c.For.Path })
		if i < 0 {
			break
		}
		c = v.Plan.Caps[i]
	}
	if v.served(c.For.Path) {
		s += " of the server"
	}
	return s
}

// served reports whether the server has the module, pinned or not.
func (v *view) served(path string) bool {
	return slices.ContainsFunc(v.Server.Pins, func(p pinner.Pin) bool { return p.Path == path })
}

// capOf returns the cap of a module that was lowered to make something compile.
func (v *view) capOf(path string) (pinner.Cap, bool) {
	i := slices.IndexFunc(v.Plan.Caps, func(c pinner.Cap) bool { return c.Path == path && c.Cause == pinner.CauseCompile })
	if i < 0 {
		return pinner.Cap{}, false
	}
	return v.Plan.Caps[i], true
}

// behindCap returns the server's module at the end of a chain of caps.
func (v *view) behindCap(c pinner.Cap) string {
	for range v.Plan.Caps {
		next, ok := v.capOf(c.For.Path)
		if !ok {
			break
		}
		c = next
	}
	return c.For.Path
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
	e := &NoSolutionError{Fault: f}
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

// gone: a package is not in the version that its module is lowered to.
func (v *view) gone(f typecheck.Fault, c pinner.Cap) (reason, next string) {
	had := module.Version{Path: c.Path, Version: v.Base.Selected(c.Path)}
	what := "for package "
	if v.onlyWith(had, f.Missing) {
		what = "the only version with package "
	}
	reason = fmt.Sprintf("%s (%s%s, which %s imports)", spaced(had), what, f.Missing, v.place(f))
	where, _, _ := strings.Cut(c.Error, "; ") // the compile error
	if req := v.requires(&Package{Module: had}, c.For.Path); semver.Compare(req, c.For.Version) > 0 {
		reason += fmt.Sprintf(" needs %s >= %s (%s)", c.For.Path, req, where)
	} else {
		reason += fmt.Sprintf(" does not compile with %s (%s)", spaced(c.For), where)
	}
	switch _, capped := v.capOf(c.For.Path); {
	case !capped && v.served(c.For.Path):
		reason += "; the server has " + spaced(c.For)
	default:
		reason += v.holder(c.For, false)
	}
	return reason, "do without it, or ask for a server with a newer " + v.behindCap(c)
}

func spaced(m module.Version) string { return m.Path + " " + m.Version }

// otherCode: a module that cannot be lowered does not compile.
func (v *view) otherCode(p *Package, f typecheck.Fault, m module.Version) (reason, next string) {
	next = "require a version of it, or of what imports it, that does without, or ask for a server with a newer version"
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
		next = fmt.Sprintf("do without it, or ask for a server with %s %s", m.Path, req)
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

// only says what sets this version of a module apart: that no older one exists,
// or has the package.
func (v *view) only(p *Package) string {
	if v.mayLower(p) != nil {
		return ""
	}
	below, err := v.Find.Below(p.Module, v.known(p.Module.Path))
	switch {
	case err != nil || !v.onlyWith(p.Module, p.Path):
		return ""
	case len(below) == 0:
		return "there is no older version"
	}
	return "the only version with package " + p.Path
}

// onlyWith reports whether all lower versions of m were seen not to have the
// package.
func (v *view) onlyWith(m module.Version, pkg string) bool {
	below, err := v.Find.Below(m, v.known(m.Path))
	return err == nil && !slices.ContainsFunc(below, func(k string) bool {
		return v.lacks[module.Version{Path: m.Path, Version: k}] != pkg
	})
}

// chain returns the imports from the plugin's own code to a package.
func (v *view) chain(pkg string) []string {
	from := map[string]string{}
	var todo []string
	for _, name := range sortedKeys(v.Packages) {
		if v.Packages[name].Own {
			todo = append(todo, name)
			from[name] = name
		}
	}
	for len(todo) > 0 && from[pkg] == "" {
		name := todo[0]
		todo = todo[1:]
		if v.Packages[name] == nil {
			continue
		}
		for _, q := range v.Packages[name].Imports {
			if from[q] == "" {
				from[q] = name
				todo = append(todo, q)
			}
		}
	}
	if from[pkg] == "" {
		return nil
	}
	out := []string{pkg}
	for from[out[0]] != out[0] {
		out = append([]string{from[out[0]]}, out...)
	}
	return out
}
