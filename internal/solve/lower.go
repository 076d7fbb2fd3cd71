package solve

import (
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// lower caps each module with a fault at the newest version below that asks for
// no more than pins and caps. The modules that the plugin's own code imports are
// touched only where no other is at fault. No caps: this way leads no further.
func (v *view) lower() ([]pinner.Cap, error) {
	others, direct := v.atFault()
	for _, group := range [][]typecheck.Fault{others, direct} {
		var at []module.Version
		for _, f := range group {
			at = append(at, v.moduleOf(f.Package))
		}
		if err := v.Find.Prepare(at); err != nil {
			return nil, err
		}
		var caps []pinner.Cap
		for _, f := range group {
			c, err := v.cap(f)
			if err != nil {
				return nil, err
			}
			if c != nil {
				caps = append(caps, *c)
			}
		}
		if len(caps) > 0 {
			return set(v.caps, caps...), nil
		}
	}
	return nil, nil
}

// atFault returns the first fault of each module that may be lowered: of modules
// that only other modules import, and of those that the plugin's code imports.
func (v *view) atFault() (others, direct []typecheck.Fault) {
	seen := map[string]bool{}
	for _, f := range v.roots {
		p := v.Packages[f.Package]
		if v.mayLower(p) != nil || seen[p.Module.Path] {
			continue
		}
		seen[p.Module.Path] = true
		if v.direct(p.Module.Path) {
			direct = append(direct, f)
		} else {
			others = append(others, f)
		}
	}
	return others, direct
}

// cap returns the cap for the module of a fault, or nil if there is none.
func (v *view) cap(f typecheck.Fault) (*pinner.Cap, error) {
	at := v.Packages[f.Package].Module
	below, err := v.Find.Below(at, v.known(at.Path))
	if err != nil {
		return nil, nil // its versions cannot be had; others may do
	}
	to, err := v.Find.Newest(at.Path, below, v.Plan.Allows)
	if err != nil || to == "" {
		return nil, err
	}
	c := v.capAt(at.Path, to, f)
	return &c, nil
}

// capAt is the cap of a module for a fault.
func (v *view) capAt(path, version string, f typecheck.Fault) pinner.Cap {
	return pinner.Cap{Version: module.Version{Path: path, Version: version}, Cause: pinner.CauseCompile, Error: v.because(f), For: v.blamed(f)}
}

// known are the versions of a module that the plugin's graph asks for.
func (v *view) known(path string) []string { return v.Base.Versions(path) }

// lowerBy returns the caps with a module at the next version below that the
// server's Go reads, whatever that asks for, and false if there is none.
func (v *view) lowerBy(p *Package, f typecheck.Fault) ([]pinner.Cap, bool) {
	below, err := v.Find.Below(p.Module, v.known(p.Module.Path))
	if err != nil {
		return nil, false
	}
	to, err := v.Find.Newest(p.Module.Path, below, func(s *pinner.Summary) bool { return v.Server.Accepts(s.Go) })
	if err != nil || to == "" {
		return nil, false
	}
	return set(v.caps, v.capAt(p.Module.Path, to, f)), true
}
