package solve

import (
	"slices"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A view is a state seen by the solver.
type view struct {
	*Solver
	State
	tried []pinner.Cap      // the caps of the state
	roots []typecheck.Fault // the faults that are no one else's consequence

	pins    map[string]bool           // the paths of pinned modules
	directs map[string]bool           // those that the plugin's own code imports
	modules map[string]module.Version // pins, caps, and modules that are linked, by path
}

func (s *Solver) view(st State) *view {
	v := &view{Solver: s, State: st, tried: s.caps, roots: roots(st), pins: map[string]bool{}, directs: map[string]bool{}, modules: map[string]module.Version{}}
	for _, name := range sortedKeys(st.Packages) {
		p := st.Packages[name]
		if !p.Own {
			v.has(p.Module, false)
			continue
		}
		for _, q := range p.Imports {
			v.directs[v.moduleOf(q).Path] = true
		}
	}
	for _, c := range slices.Backward(st.Plan.Caps) {
		v.has(c.Version, true)
	}
	for _, m := range st.Plan.Left {
		v.has(m.Version, true)
	}
	for _, p := range slices.Backward(st.Plan.Pins) {
		v.has(p.Version, true)
		v.pins[p.Path] = true
	}
	return v
}

// has notes a module; again in place of another version.
func (v *view) has(m module.Version, again bool) {
	if _, ok := v.modules[m.Path]; !ok || again {
		v.modules[m.Path] = m
	}
}

// left returns a module that the plan does without, for its go line.
func (v *view) left(path string) (pinner.TooNew, bool) {
	for _, m := range v.Plan.Left {
		if m.Path == path {
			return m, true
		}
	}
	return pinner.TooNew{}, false
}

// direct reports whether the plugin's own code imports the module.
func (v *view) direct(path string) bool { return v.directs[path] }

func (v *view) pinned(path string) bool { return v.pins[path] }

func (v *view) moduleOf(pkg string) module.Version {
	if p := v.Packages[pkg]; p != nil {
		return p.Module
	}
	return module.Version{}
}

// provider returns the module that has the package, or would have it: the one with
// the longest path.
func (v *view) provider(pkg string) module.Version {
	if m := v.moduleOf(pkg); m.Path != "" {
		return m
	}
	path, _ := modpath.Longest(pkg, func(p string) bool { _, ok := v.modules[p]; return ok })
	return v.modules[path]
}

// roots returns the faults of packages that import no other faulty package,
// directly or not: those of the others may be fixed with them.
func roots(st State) []typecheck.Fault {
	type arrival struct{ at, from string }
	importers := map[string][]string{}
	for path, p := range st.Packages {
		for _, q := range p.Imports {
			importers[q] = append(importers[q], path)
		}
	}
	// Which faulty packages each package imports: two are enough to know that
	// there is another one than itself, which the chain of a test may import too.
	imports := map[string][]string{}
	var todo []arrival
	arrive := func(a arrival) {
		for _, p := range importers[a.at] {
			if had := imports[p]; len(had) < 2 && !slices.Contains(had, a.from) {
				imports[p] = append(had, a.from)
				todo = append(todo, arrival{p, a.from})
			}
		}
	}
	for _, f := range st.Faults {
		arrive(arrival{f.Package, f.Package})
	}
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		arrive(last)
	}
	return slices.DeleteFunc(slices.Clone(st.Faults), func(f typecheck.Fault) bool {
		return slices.ContainsFunc(imports[f.Package], func(from string) bool { return from != f.Package })
	})
}
