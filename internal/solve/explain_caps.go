package solve

import (
	"fmt"
	"slices"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// whyCapped follows a cap to the pin behind it.
func (v *view) whyCapped(c pinner.Cap) string {
	s := ""
	for range v.ends() {
		if c.For.Path == "" {
			return s + ": " + c.Error
		}
		c.For = v.now(c.For)
		s += " for " + spaced(c.For)
		d, ok := capOf(v.ends(), c.For.Path)
		if !ok {
			break
		}
		c = d
	}
	if v.served(c.For.Path) {
		s += " of the server"
	}
	return s
}

// served reports whether the server has the module, pinned or not.
func (v *view) served(path string) bool {
	return slices.ContainsFunc(v.Server.Required(), func(p pinner.Pin) bool { return p.Path == path })
}

// capOf returns the cap of a module, if the solver or its go line has set it.
func (v *view) capOf(path string) (pinner.Cap, bool) {
	i := slices.IndexFunc(v.Plan.Caps, func(c pinner.Cap) bool {
		return c.Path == path && c.Cause != pinner.CauseUser && c.Cause != pinner.CauseVendor
	})
	if i < 0 {
		return pinner.Cap{}, false
	}
	return v.Plan.Caps[i], true
}

// behindCap returns what the server would have to have newer: the module at the
// end of a chain of caps, or Go.
func (v *view) behindCap(c pinner.Cap) string {
	for range v.Plan.Caps {
		next, ok := v.capOf(c.For.Path)
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

// gone: a package is not in the version that its module is lowered to.
func (v *view) gone(f typecheck.Fault, c pinner.Cap) (reason, next string) {
	had := v.before(c)
	what := "for package "
	if v.onlyWith(had, f.Missing) {
		what = "the only version with package "
	}
	reason = fmt.Sprintf("%s (%s%s, which %s imports)", spaced(had), what, f.Missing, v.place(f))
	reason += v.asks(had, c)
	return reason, "do without it, or ask for a server with a newer " + v.behindCap(c)
}

// before returns the version of a capped module that the plugin has without pinfix or,
// where it does not have the module, the newest that was asked for.
func (v *view) before(c pinner.Cap) module.Version {
	had := module.Version{Path: c.Path, Version: v.Base.Selected(c.Path)}
	if had.Version != "" {
		return had
	}
	had.Version = c.Version.Version
	for _, d := range v.Plan.Demands {
		if d.Path == c.Path && semver.Compare(d.Version.Version, had.Version) > 0 {
			had.Version = d.Version.Version
		}
	}
	return had
}

// asks says what a module needed before it was capped, and does not get.
func (v *view) asks(had module.Version, c pinner.Cap) string {
	switch {
	case c.For.Path == "" && c.Why.Go != "" && c.Why.Module == had:
		return fmt.Sprintf(" needs Go %s; the server has Go %s", c.Why.Go, v.Server.GoVersion())
	case c.For.Path == "":
		return " " + c.Error
	}
	s := " does not compile with " + spaced(c.For)
	if req := v.requires(&Package{Module: had}, c.For.Path); semver.Compare(req, c.For.Version) > 0 {
		s = fmt.Sprintf(" needs %s >= %s", c.For.Path, req)
	}
	if c.Cause == pinner.CauseCompile {
		s += " (" + c.Why.Place + ": " + c.Why.Fault + ")"
	}
	if _, capped := v.capOf(c.For.Path); !capped && v.served(c.For.Path) {
		return s + "; the server has " + spaced(c.For)
	}
	return s + v.holder(c.For, false)
}

// only says what sets this version of a module apart: that no older one exists,
// or has the package; with up, that no newer one exists.
func (v *view) only(p *Package, up bool) string {
	if v.mayMove(p) != nil {
		return ""
	}
	if up {
		if above, err := v.Find.Above(p.Module); err == nil && len(above) == 0 && v.Find.Listed(p.Module.Path) {
			return "there is no newer version"
		}
		return ""
	}
	below, err := v.Find.Below(p.Module, v.Base.Versions(p.Module.Path))
	switch {
	case err != nil || !v.onlyWith(p.Module, p.Path):
		return ""
	case len(below) == 0 && !v.Find.Listed(p.Module.Path):
		return "the list of its versions could not be fetched"
	case len(below) == 0:
		return "there is no older version"
	}
	return "the only version with package " + p.Path
}

// onlyWith reports whether all lower versions of m were seen not to have the
// package.
func (v *view) onlyWith(m module.Version, pkg string) bool {
	below, err := v.Find.Below(m, v.Base.Versions(m.Path))
	return err == nil && !slices.ContainsFunc(below, func(k string) bool {
		return v.lacks[module.Version{Path: m.Path, Version: k}] != pkg
	})
}
