package conflict

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A View is one try, and what is asked about it.
type View struct {
	*Task
	*Record
	State
	Tried []pinner.Cap      // the caps of the state
	Roots []typecheck.Fault // the faults that are no one else's consequence

	pins    map[string]bool           // the paths of pinned modules
	directs map[string]bool           // those that the plugin's own code imports
	modules map[string]module.Version // pins, caps, and modules that are linked, by path
}

// New makes the view of a try with these caps.
func New(t *Task, r *Record, st State, tried []pinner.Cap) *View {
	v := &View{Task: t, Record: r, State: st, Tried: tried, Roots: roots(st), pins: map[string]bool{}, directs: map[string]bool{}, modules: map[string]module.Version{}}
	for _, name := range sortedKeys(st.Packages) {
		p := st.Packages[name]
		if !p.Own {
			v.has(p.Module, false)
			continue
		}
		for _, q := range p.Imports {
			v.directs[v.ModuleOf(q).Path] = true
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
func (v *View) has(m module.Version, again bool) {
	if _, ok := v.modules[m.Path]; !ok || again {
		v.modules[m.Path] = m
	}
}

// left returns a module that the plan does without, for its go line.
func (v *View) left(path string) (pinner.TooNew, bool) {
	for _, m := range v.Plan.Left {
		if m.Path == path {
			return m, true
		}
	}
	return pinner.TooNew{}, false
}

// Direct reports whether the plugin's own code imports the module.
func (v *View) Direct(path string) bool { return v.directs[path] }

func (v *View) pinned(path string) bool { return v.pins[path] }

// ModuleOf returns the module of a package of the try; the zero value for any other.
func (v *View) ModuleOf(pkg string) module.Version {
	if p := v.Packages[pkg]; p != nil {
		return p.Module
	}
	return module.Version{}
}

// atPin returns m, a pinned module in a try at the server's version. The go command may have
// loaded its packages at another one, which the next round excludes.
func atPin(v *View, m module.Version) module.Version {
	if v.pinned(m.Path) {
		return v.modules[m.Path]
	}
	return m
}

// Provider returns the module that has the package, or would have it: the one with
// the longest path.
func (v *View) Provider(pkg string) module.Version {
	if m := v.ModuleOf(pkg); m.Path != "" {
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

// At returns the version of a linked module.
func (v *View) At(path string) string {
	for _, p := range v.Packages {
		if p.Module.Path == path && !p.Own {
			return p.Module.Version
		}
	}
	return ""
}

// Follows reports whether a module is above the plugin's version since what asks for it
// has been raised: it cannot be nearer.
func (v *View) Follows(m module.Version, had string) bool {
	_, capped := CapOf(v.Tried, m.Path)
	return !capped && semver.Compare(m.Version, had) > 0
}

// MayMove says why no other version of a package's module can be taken; nil where
// one can.
func (v *View) MayMove(p *Package) error {
	switch {
	case p == nil || p.Own:
		return errors.New("it is the plugin's own")
	case v.pinned(p.Module.Path):
		return errors.New("the server has it at that version")
	case p.Fixed:
		return errors.New("it is replaced, so there is no other version of it")
	case slices.ContainsFunc(v.User, func(c pinner.Cap) bool { return c.Path == p.Module.Path && c.Cause == pinner.CauseVendor }):
		return errors.New("it could not be fetched, and vendor/ has no other version of it")
	case slices.Contains(v.Keep, p.Module.Path):
		return errors.New("it is kept by --keep")
	}
	return nil
}

// Errors returns what does not compile of a module.
func (v *View) Errors(path string) map[string]bool {
	out := map[string]bool{}
	for _, f := range v.Faults {
		if v.ModuleOf(f.Package).Path == path {
			out[f.Package+": "+f.Msg] = true
		}
	}
	return out
}

// requires returns what the module of p asks for of another one.
func (v *View) requires(p *Package, path string) string {
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

// blamed returns the module whose version is behind a fault: of those that the
// faulty code refers to, the first that moved. A pinned one is at the server's version.
func (v *View) blamed(f typecheck.Fault) module.Version {
	if f.Missing != "" {
		return v.Provider(f.Missing)
	}
	own := v.ModuleOf(f.Package).Path
	for _, pkg := range f.Blames {
		m := atPin(v, v.ModuleOf(pkg))
		if m.Path != "" && m.Path != own && v.Base.Selected(m.Path) != m.Version {
			return m
		}
	}
	return module.Version{}
}

// place returns file and line of a fault: relative to the plugin's directory where the
// user can edit the file, else with the import path of its package.
func (v *View) place(f typecheck.Fault) string {
	file := path.Join(f.Package, f.File[strings.LastIndexAny(f.File, `/\`)+1:])
	if p := v.Packages[f.Package]; p != nil && (p.Own || p.Local) && f.File != "" {
		file = relative(v.Root, f.File)
	}
	if f.Line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, f.Line)
}

// relative names a file from the directory root; both are absolute.
func relative(root, file string) string {
	slashes := strings.NewReplacer(`\`, "/")
	from, to := strings.Split(slashes.Replace(root), "/"), strings.Split(slashes.Replace(file), "/")
	for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	return strings.Repeat("../", len(from)) + strings.Join(to, "/")
}

// Culprits returns the packages that take part in a fault: the faulty one, what
// it imports, and what imports it; those of modules that the plugin's own code
// imports come last.
func (v *View) Culprits(f typecheck.Fault) []string {
	all := []string{f.Package}
	under, over := below(v.Packages, f.Package), above(v.Packages, f.Package)
	delete(under, f.Package)
	all = append(all, sortedKeys(over)...)
	all = append(all, sortedKeys(under)...)
	var first, last []string
	for _, path := range all {
		if v.Direct(v.ModuleOf(path).Path) {
			last = append(last, path)
		} else {
			first = append(first, path)
		}
	}
	return append(first, last...)
}

// chain returns the imports from the plugin's own code to a package.
func (v *View) chain(pkg string) []string {
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

// below returns a package and all that it imports, directly or not.
func below(pkgs map[string]*Package, path string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(path string) {
		p := pkgs[path]
		if p == nil || seen[path] {
			return
		}
		seen[path] = true
		for _, q := range p.Imports {
			visit(q)
		}
	}
	visit(path)
	return seen
}

// above returns the packages that import path, directly or not.
func above(pkgs map[string]*Package, path string) map[string]bool {
	out := map[string]bool{path: true}
	for grown := true; grown; {
		grown = false
		for _, p := range pkgs {
			if !out[p.Path] && slices.ContainsFunc(p.Imports, func(q string) bool { return out[q] }) {
				out[p.Path], grown = true, true
			}
		}
	}
	delete(out, path)
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
