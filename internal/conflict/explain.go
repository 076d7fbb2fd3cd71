package conflict

import (
	"fmt"
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

// A Verdict says in words why code does not compile, and what can be done.
type Verdict struct{ limits }

// Judge returns the verdict on a try.
func Judge(v *View) Verdict { return Verdict{limits{v}} }

// because says why the module of a fault is capped: the code, and the
// requirement behind it.
func (v Verdict) because(f typecheck.Fault) string {
	return v.place(f) + ": " + f.Msg + v.behind(f)
}

// behind says which module the faulty code refers to, and what it has instead.
func (v Verdict) behind(f typecheck.Fault) string {
	m := v.blamed(f)
	if _, left := v.left(m.Path); left || m.Path == "" {
		return ""
	}
	p := v.Packages[f.Package]
	if req := v.requires(p, m.Path); req != "" && semver.Compare(req, m.Version) > 0 {
		return fmt.Sprintf("; %s requires %s %s", spaced(p.Module), m.Path, req) + v.holder(m, false)
	}
	return v.holder(m, false)
}

// Explain makes f the cause of c.
func (v Verdict) Explain(c *pinner.Cap, f typecheck.Fault) {
	c.Cause, c.Error, c.For = pinner.CauseCompile, v.because(f), v.blamed(f)
	c.Why = pinner.Why{Module: v.ModuleOf(f.Package), Place: v.place(f), Fault: f.Msg}
	if req := v.requires(v.Packages[f.Package], c.For.Path); semver.Compare(req, c.For.Version) > 0 {
		c.Why.Needs = req
	}
}

// NoSolution explains the first fault that nothing can be done about. If flags of the
// user's forbid other versions, the first step is to leave them out.
func (v Verdict) NoSolution() *NoSolutionError {
	e := v.noSolution()
	if flags := v.flags(e.Fault); len(flags) > 0 {
		e.Next = "leave out " + strings.Join(flags, " and ") + ", or " + e.Next
	}
	return e
}

// flags returns the user's --keep and --cap of the modules that take part in a fault.
func (v Verdict) flags(f typecheck.Fault) []string {
	takesPart := map[string]bool{}
	for _, pkg := range slices.Concat(v.Culprits(f), f.Blames, []string{f.Missing}) {
		if p := v.Packages[pkg]; pkg != "" && (p == nil || !p.Own) {
			takesPart[v.Provider(pkg).Path] = true
		}
	}
	var flags []string
	for _, path := range v.Keep {
		if takesPart[path] {
			flags = append(flags, "--keep "+path)
		}
	}
	for _, c := range v.User {
		if takesPart[c.Path] && v.capped(c.Path) {
			flags = append(flags, "--cap "+c.Version.String())
		}
	}
	return flags
}

// capped reports whether the user has capped a module: another server does not change that.
func (v Verdict) capped(path string) bool {
	c, ok := CapOf(v.User, path)
	return ok && c.Cause == pinner.CauseUser
}

func (v Verdict) noSolution() *NoSolutionError {
	f := v.Roots[0]
	for _, g := range v.Roots {
		if v.Packages[g.Package] != nil && v.MayMove(v.Packages[g.Package]) != nil {
			f = g
			break
		}
	}
	p := v.Packages[f.Package]
	e := &NoSolutionError{Fault: f}
	m := v.blamed(f)
	if left, ok := v.left(m.Path); ok {
		tooNew := &pinner.TooNewError{Go: v.Server.GoVersion(), Modules: []pinner.TooNew{left}}
		e.Reason, e.Next = tooNew.Error(), tooNew.NextStep()
		return e
	}
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
func (v Verdict) ownCode(f typecheck.Fault, m module.Version) (reason, next string) {
	reason = v.place(f) + ": " + f.Msg
	if m.Path == "" {
		return reason, "change the code"
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
		} else if !v.capped(m.Path) {
			next += fmt.Sprintf(", or ask for a server with %s %s", m.Path, had)
		}
	}
	return reason, next
}

// otherCode: a module that cannot be moved does not compile. Where that has been
// moved already, it is said of the plugin's version of it first.
func (v Verdict) otherCode(p *Package, f typecheck.Fault, m module.Version) (reason, next string) {
	had := module.Version{Path: p.Module.Path, Version: v.From(p.Module.Path)}
	first, ok := v.failureOf(had)
	switch {
	case had.Version == "" || had == p.Module:
		reason, next = v.thisVersion(p, f, m)
	case ok:
		reason, next = Judge(first.View).thisVersion(first.View.Packages[first.Fault.Package], first.Fault, first.View.blamed(first.Fault))
		f = first.Fault
	default: // its go line, say
		c, _ := v.capOf(had.Path)
		reason, next = v.thisVersion(p, f, m)
		reason = spaced(had) + v.asks(had, c) + "; " + reason
		had = p.Module
	}
	reason += v.otherVersions(had, f)
	if chain := v.chain(p.Path); len(chain) > 1 {
		reason += "; " + strings.Join(chain, " imports ")
	}
	return reason, next
}

// otherVersions says that the versions next to m that were tried do not compile
// either, which f says of m.
func (v Verdict) otherVersions(m module.Version, f typecheck.Fault) string {
	var older, newer *Clash
	for i, k := range v.Clashes {
		at := k.View.ModuleOf(k.Fault.Package)
		if at.Path != m.Path {
			continue
		}
		switch d := semver.Compare(at.Version, m.Version); {
		case d < 0 && (older == nil || semver.Compare(at.Version, older.at()) > 0):
			older = &v.Clashes[i]
		case d > 0 && (newer == nil || semver.Compare(at.Version, newer.at()) < 0):
			newer = &v.Clashes[i]
		}
	}
	s := ""
	for _, o := range []struct {
		*Clash
		which string
	}{{older, "the newest older one"}, {newer, "the next newer one"}} {
		switch {
		case o.Clash == nil:
		case o.Fault.Msg == f.Msg:
			s += fmt.Sprintf("; %s, %s that was tried, has the same error", o.at(), o.which)
		default:
			s += fmt.Sprintf("; %s, %s that was tried, does not compile either (%s: %s)", o.at(), o.which, o.View.place(o.Fault), o.Fault.Msg)
		}
	}
	return s
}

// thisVersion says why a module version does not compile.
func (v Verdict) thisVersion(p *Package, f typecheck.Fault, m module.Version) (reason, next string) {
	without := "do without " + p.Module.Path
	next = "require another version of " + p.Module.Path + ", or of what imports it"
	if m.Path != "" && !v.capped(m.Path) {
		next += ", or ask for a server with a newer " + m.Path
	}
	had := v.Base.Selected(m.Path)
	newer := had != "" && semver.Compare(m.Version, had) > 0
	c, moved := v.capOf(m.Path)
	switch {
	case newer && !moved:
		next = fmt.Sprintf("%s, or ask for a server with %s %s, with which it compiles", without, m.Path, had)
	case moved:
		next = without + ", or ask for a server with a newer " + v.behindCap(c)
	}
	reason = spaced(p.Module)
	if only := v.only(p, newer); only != "" {
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
		switch {
		case v.capped(m.Path):
			next = without
		case !moved:
			next = fmt.Sprintf("%s, or ask for a server with %s %s", without, m.Path, req)
		}
	case m.Path != "":
		reason += fmt.Sprintf(" does not compile with %s (%s: %s)", spaced(m), v.place(f), f.Msg) + v.holder(m, false)
		if newer {
			reason += "; the plugin has " + had
		}
	default:
		reason += fmt.Sprintf(" does not compile (%s: %s)", v.place(f), f.Msg)
	}
	if why := v.MayMove(p); why != nil {
		word := "lowered"
		if newer {
			word = "raised"
		}
		reason += fmt.Sprintf("; %s cannot be %s: %v", p.Module.Path, word, why)
	}
	return reason, next
}

// Stopped is noSolution where the search has ended before all was tried.
func (v Verdict) Stopped(after string) *NoSolutionError {
	e := v.NoSolution()
	e.Reason += "; stopped after " + after
	return e
}
