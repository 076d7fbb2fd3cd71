package conflict

import (
	"fmt"
	"slices"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// limits says in words what holds modules at their versions: pins, and caps with what is
// behind them.
type limits struct{ *View }

// holder says who has m at its version; which continues a sentence that has
// named it.
func (l limits) holder(m module.Version, which bool) string {
	limit, capped := CapOf(l.ends(), m.Path)
	word := "lowered"
	if had := l.Base.Selected(m.Path); capped && had != "" && semver.Compare(limit.Version.Version, had) > 0 {
		word = "raised"
	}
	switch {
	case l.pinned(m.Path) && which:
		return ", which the server has"
	case l.pinned(m.Path):
		return "; the server has " + spaced(m)
	case capped:
		return fmt.Sprintf("; %s is %s to %s", m.Path, word, limit.Version.Version) + l.whyCapped(limit)
	case which:
		return ""
	}
	return "; the plugin has " + spaced(m)
}

// ends returns the caps of the plan, or in the end those that are left of them.
func (l limits) ends() []pinner.Cap {
	if l.Final != nil {
		return l.Final
	}
	return l.Plan.Caps
}

// Now returns m at its version in the end, where that is known already.
func (l limits) Now(m module.Version) module.Version {
	if c, ok := CapOf(l.Final, m.Path); ok && !l.pinned(m.Path) {
		return c.Version
	}
	return m
}

// whyCapped follows a cap to the pin behind it.
func (l limits) whyCapped(c pinner.Cap) string {
	s := ""
	for range l.ends() {
		if c.For.Path == "" {
			return s + ": " + c.Error
		}
		c.For = l.Now(c.For)
		s += " for " + spaced(c.For)
		d, ok := CapOf(l.ends(), c.For.Path)
		if !ok {
			break
		}
		c = d
	}
	if l.served(c.For.Path) {
		s += " of the server"
	}
	return s
}

// capOf returns the cap of a module, if the solver or its go line has set it.
func (l limits) capOf(path string) (pinner.Cap, bool) {
	i := slices.IndexFunc(l.Plan.Caps, func(c pinner.Cap) bool {
		return c.Path == path && c.Cause != pinner.CauseUser && c.Cause != pinner.CauseVendor
	})
	if i < 0 {
		return pinner.Cap{}, false
	}
	return l.Plan.Caps[i], true
}

// behindCap returns what the server would have to have newer: the module at the
// end of a chain of caps, or Go.
func (l limits) behindCap(c pinner.Cap) string {
	for range l.Plan.Caps {
		next, ok := l.capOf(c.For.Path)
		if !ok {
			break
		}
		c = next
	}
	if c.Cause == pinner.CauseGo {
		return "Go"
	}
	return c.For.Path
}

// before returns the version of a capped module that the plugin has without pinfix or,
// where it does not have the module, the newest that was asked for.
func (l limits) before(c pinner.Cap) module.Version {
	had := module.Version{Path: c.Path, Version: l.Base.Selected(c.Path)}
	if had.Version != "" {
		return had
	}
	had.Version = c.Version.Version
	for _, d := range l.Plan.Demands {
		if d.Path == c.Path && semver.Compare(d.Version.Version, had.Version) > 0 {
			had.Version = d.Version.Version
		}
	}
	return had
}

// asks says what a module needed before it was capped, and does not get.
func (l limits) asks(had module.Version, c pinner.Cap) string {
	switch {
	case c.For.Path == "" && c.Why.Go != "" && c.Why.Module == had:
		return fmt.Sprintf(" needs Go %s; the server has Go %s", c.Why.Go, l.Server.GoVersion())
	case c.For.Path == "":
		return " " + c.Error
	}
	s := " does not compile with " + spaced(c.For)
	if req := l.requires(&Package{Module: had}, c.For.Path); semver.Compare(req, c.For.Version) > 0 {
		s = fmt.Sprintf(" needs %s >= %s", c.For.Path, req)
	}
	if c.Cause == pinner.CauseCompile {
		s += " (" + c.Why.Place + ": " + c.Why.Fault + ")"
	}
	if _, capped := l.capOf(c.For.Path); !capped && l.served(c.For.Path) {
		return s + "; the server has " + spaced(c.For)
	}
	return s + l.holder(c.For, false)
}

// gone: a package is not in the version that its module is lowered to.
func (l limits) gone(f typecheck.Fault, c pinner.Cap) (reason, next string) {
	had := l.before(c)
	what := "for package "
	if l.onlyWith(had, f.Missing) {
		what = "the only version with package "
	}
	reason = fmt.Sprintf("%s (%s%s, which %s imports)", spaced(had), what, f.Missing, l.place(f))
	reason += l.asks(had, c)
	return reason, "do without package " + f.Missing + ", or ask for a server with a newer " + l.behindCap(c)
}

// only says what sets this version of a module apart: that no older one exists,
// or has the package; with up, that no newer one exists.
func (l limits) only(p *Package, up bool) string {
	if l.MayMove(p) != nil {
		return ""
	}
	if up {
		if above, err := l.Find.Above(p.Module); err == nil && len(above) == 0 && l.Find.Listed(p.Module.Path) {
			return "there is no newer version"
		}
		return ""
	}
	below, err := l.Find.Below(p.Module, l.Base.Versions(p.Module.Path))
	switch {
	case err != nil || !l.onlyWith(p.Module, p.Path):
		return ""
	case len(below) == 0 && !l.Find.Listed(p.Module.Path):
		return "the list of its versions could not be fetched"
	case len(below) == 0:
		return "there is no older version"
	}
	return "the only version with package " + p.Path
}

// onlyWith reports whether all lower versions of m were seen not to have the
// package.
func (l limits) onlyWith(m module.Version, pkg string) bool {
	below, err := l.Find.Below(m, l.Base.Versions(m.Path))
	return err == nil && !slices.ContainsFunc(below, func(k string) bool {
		return l.lacks[module.Version{Path: m.Path, Version: k}] != pkg
	})
}

// CapOf returns the one of caps that is of a module, if there is one.
func CapOf(caps []pinner.Cap, path string) (pinner.Cap, bool) {
	i := slices.IndexFunc(caps, func(c pinner.Cap) bool { return c.Path == path })
	if i < 0 {
		return pinner.Cap{}, false
	}
	return caps[i], true
}

func spaced(m module.Version) string { return m.Path + " " + m.Version }
