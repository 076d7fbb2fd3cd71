package solve

import (
	"slices"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A movement is what the first way has done with a module.
type movement struct {
	dirs []conflict.Direction // still to be tried; the first is under way
	errs map[string]bool      // what did not compile when it was moved last
	skip int                  // versions to pass over, for the last ones changed nothing
}

// includes reports whether all of few, if there are any, are among many.
func includes(many, few map[string]bool) bool {
	for k := range few {
		if !many[k] {
			return false
		}
	}
	return len(few) > 0
}

// A mover looks from one try for the next one.
type mover struct {
	*conflict.View
	moves map[string]*movement // of the first way, by module
}

// move moves each module with a fault: down to the newest version that asks for no
// more than pins and caps, or up to such a version. The modules that the plugin's
// own code imports are touched only where no other is at fault. No caps: this way
// leads no further.
func (v mover) move() ([]pinner.Cap, error) {
	others, direct := v.atFault()
	for _, group := range [][]typecheck.Fault{others, direct} {
		var at []module.Version
		for _, f := range group {
			at = append(at, v.ModuleOf(f.Package))
		}
		if err := v.Find.Prepare(at); err != nil {
			return nil, err
		}
		var caps []pinner.Cap
		for _, f := range group {
			c, err := v.moveFor(f)
			if err != nil {
				return nil, err
			}
			if c != nil {
				caps = append(caps, *c)
			}
		}
		if len(caps) > 0 {
			return set(v.Tried, caps...), nil
		}
	}
	return nil, nil
}

// atFault returns the first fault of each module that may be moved: of modules
// that only other modules import, and of those that the plugin's code imports.
func (v mover) atFault() (others, direct []typecheck.Fault) {
	seen := map[string]bool{}
	for _, f := range v.Roots {
		p := v.Packages[f.Package]
		if v.MayMove(p) != nil || seen[p.Module.Path] {
			continue
		}
		seen[p.Module.Path] = true
		if v.Direct(p.Module.Path) {
			direct = append(direct, f)
		} else {
			others = append(others, f)
		}
	}
	return others, direct
}

// ways returns where to look for another version of the module of a fault, the
// likelier first: up where the server has newer versions of what the code refers
// to than the plugin had when it compiled, else down.
func (v mover) ways(f typecheck.Fault) []conflict.Direction {
	pkgs := f.Blames
	if f.Missing != "" {
		pkgs = []string{f.Missing}
	}
	newer, older := false, false
	for _, pkg := range pkgs {
		m := v.Provider(pkg)
		had := v.Base.Selected(m.Path)
		if m.Path == "" || m.Path == v.ModuleOf(f.Package).Path || had == "" {
			continue
		}
		switch d := semver.Compare(m.Version, had); {
		case d > 0:
			newer = true
		case d < 0:
			older = true
		}
	}
	if newer && !older {
		return []conflict.Direction{conflict.Up, conflict.Down}
	}
	return []conflict.Direction{conflict.Down, conflict.Up}
}

// moveFor returns the cap for the module of a fault, or nil if there is none. In
// one direction it goes on only while that changes something: where the errors are
// those of the last move, or more, it takes longer steps, or turns round.
func (v mover) moveFor(f typecheck.Fault) (*pinner.Cap, error) {
	at := v.Packages[f.Package].Module
	m := v.moves[at.Path]
	errs := v.Errors(at.Path)
	if m == nil {
		m = &movement{dirs: v.ways(f)}
		v.moves[at.Path] = m
	} else if includes(errs, m.errs) {
		m.skip = 2*m.skip + 1
	} else {
		m.skip = 0
	}
	m.errs = errs
	for len(m.dirs) > 0 {
		var to string
		var err error
		if m.dirs[0] == conflict.Down {
			to, err = v.lower(at, m.skip)
		} else {
			to, err = v.raise(at, m.skip)
		}
		if err != nil {
			return nil, err
		}
		if to != "" {
			c := v.capAt(at.Path, to, f)
			return &c, nil
		}
		m.dirs, m.skip, m.errs = m.dirs[1:], 0, nil
		if had := v.From(at.Path); had != "" {
			at.Version = had
		}
	}
	return nil, nil
}

// lower returns the newest version below at that asks for no more than pins and
// caps, after so many that are passed over as long as there are others; "" if there
// is none.
func (v mover) lower(at module.Version, skip int) (string, error) {
	below := v.Others(at, conflict.Down)
	for _, from := range []int{min(skip, len(below)), 0} {
		if to, err := v.Find.First(at.Path, below[from:], v.Plan.Allows); err != nil || to != "" {
			return to, err
		}
	}
	return "", nil
}

// raise returns the newest version above at that asks for no more than pins and
// caps or, where all ask for more, the next one after so many that are passed over
// as long as there are others; "" if there is none.
func (v mover) raise(at module.Version, skip int) (string, error) {
	above := v.Others(at, conflict.Up)
	last := slices.Clone(above)
	slices.Reverse(last)
	if to, err := v.Find.First(at.Path, last, v.Plan.Allows); err != nil || to != "" {
		return to, err
	}
	for _, from := range []int{min(max(skip-1, 0), len(above)), 0} {
		if to, err := v.Find.First(at.Path, above[from:], v.Accepts); err != nil || to != "" {
			return to, err
		}
	}
	return "", nil
}

// capAt is the cap of a module for a fault.
func (v mover) capAt(path, version string, f typecheck.Fault) pinner.Cap {
	if v.Why == nil {
		v.Why = map[string]conflict.Failure{}
	}
	v.Why[path] = conflict.Failure{View: v.View, Fault: f}
	c := pinner.Cap{Version: module.Version{Path: path, Version: version}}
	conflict.Judge(v.View).Explain(&c, f)
	return c
}

// stepTo returns the caps with a module at the next version that the server's Go
// reads, whatever that asks for, and false if there is none.
func (v mover) stepTo(p *conflict.Package, d conflict.Direction, f typecheck.Fault) ([]pinner.Cap, bool) {
	to, err := v.Find.First(p.Module.Path, v.Others(p.Module, d), v.Accepts)
	if err != nil || to == "" {
		return nil, false
	}
	return set(v.Tried, v.capAt(p.Module.Path, to, f)), true
}
