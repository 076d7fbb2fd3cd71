package flow

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/check"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// A module that could not be fetched, and that vendor/ has, is taken from there. It
// stays at that version: no other one could be fetched.

// readVendored returns what vendor/ has of each module.
func readVendored(p *plugin) []stage.Vendored {
	text, err := bounded.ReadFile(filepath.Join(p.root, "vendor", "modules.txt"), bounded.Mod)
	if err != nil {
		return nil
	}
	var out []stage.Vendored
	for _, m := range check.ParseVendor(text).Modules {
		if module.CheckImportPath(m.Path) != nil || !semver.IsValid(m.Version.Version) || m.Go != "" && !modfile.GoVersionRE.MatchString(m.Go) {
			continue // the go command has not written that
		}
		v := stage.Vendored{Version: m.Version, Source: p.now.Source(m.Version), Go: m.Go}
		for _, pkg := range m.Packages {
			v.Packages = append(v.Packages, pkg.Path)
		}
		if len(v.Packages) > 0 && v.Source.Version != "" {
			out = append(out, v)
		}
	}
	return out
}

// takeLoans caps the modules that the stage has begun to take from vendor/ where
// they are. It reports whether there are new ones.
func (a *aligner) takeLoans() bool {
	more := false
	for _, l := range a.stage.Loans()[a.loans:] {
		a.loans++
		more = true
		stay := pinner.Cap{Version: l.Version, Cause: pinner.CauseVendor, Error: "only vendor/ has " + l.Version.String()}
		if slices.Contains(a.o.Keep, l.Version.Path) {
			continue
		}
		a.user = append(a.user, stay)
		a.in.Caps = append(slices.DeleteFunc(slices.Clone(a.in.Caps), func(c pinner.Cap) bool { return c.Path == l.Version.Path }), stay)
		a.in.Keep = append(slices.Clone(a.in.Keep), l.Version.Path)
	}
	if more {
		if a.ahead != nil {
			a.ahead.forget()
		}
		a.looked = nil
		if a.solver != nil {
			a.newSolver()
		}
	}
	return more
}

// loanWarnings says which modules come from vendor/, and why.
func (a *aligner) loanWarnings() []string {
	var causes []gocmd.Cause
	var names []string
	for _, l := range a.stage.Loans() {
		causes = append(causes, l.Cause)
		names = append(names, l.Version.String())
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("taken over from vendor/ as they are: %s (%s)", strings.Join(names, ", "), strings.ReplaceAll(gocmd.Explain(causes), "\n", "; "))}
}

// onlyVendored explains an error of modules that could not be fetched where vendor/
// has them all, but another version than the plan needs, or where vendor/ is not
// written.
func (a *aligner) onlyVendored(missing *stage.MissingError) error {
	var same []gocmd.Cause
	var lines []string
	have := readVendored(a.plugin)
	for _, c := range missing.Causes {
		i := slices.IndexFunc(have, func(v stage.Vendored) bool { return v.Version.Path == c.Module.Path || v.Source.Path == c.Module.Path })
		switch {
		case i < 0 || c.Kind == gocmd.Mismatch:
			return nil
		case have[i].Source == c.Module:
			same = append(same, c)
		default:
			lines = append(lines, fmt.Sprintf("%s; vendor/ has %s, and %s", gocmd.Explain([]gocmd.Cause{c}), have[i].Source.Version, a.whyOther(c.Module)))
		}
	}
	switch {
	case len(same) > 0 && a.o.Vendor == "never":
		return fault.New("leave --vendor never out", "%s; vendor/ has that version, but is left alone", gocmd.Explain(same))
	case len(same) > 0:
		return fault.New(missing.NextStep(), "%s; vendor/ has that version, but a plugin built from vendor/ does not load into this server", gocmd.Explain(same))
	}
	next := "this module alone is in the way: "
	if len(lines) > 1 {
		next = "these modules alone are in the way: "
	}
	return fault.With(errors.New(strings.Join(lines, "\n")), next+missing.NextStep())
}

// whyOther says who needs that very version.
func (a *aligner) whyOther(v module.Version) string {
	for _, p := range a.server.Pins {
		if p.Version == v || p.Replace == v {
			return "the server links " + v.Version
		}
	}
	return "the plan needs " + v.Version
}
