package solve

import (
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A failure is a fault, and where it was seen.
type failure struct {
	v *view
	f typecheck.Fault
}

// A clash is a set of module versions that do not compile together.
type clash struct {
	versions map[string]string
	failure
}

// at returns the version of the module that does not compile.
func (c *clash) at() string { return c.v.moduleOf(c.f.Package).Version }

// A record is what the tries have told so far.
type record struct {
	lacks   map[module.Version]string // a package that a version was seen not to have
	clashes []clash                   // what did not compile
	why     map[string]failure        // the last reason of each module's cap
	final   []pinner.Cap              // in the end: those of the solver and of the plan
}

// note remembers which versions lack a package.
func (r *record) note(v *view) {
	if r.lacks == nil {
		r.lacks = map[module.Version]string{}
	}
	for _, f := range v.roots {
		if m := v.provider(f.Missing); m.Path != "" {
			r.lacks[m] = f.Missing
		}
	}
}

// learn notes which versions the faults come from: the module that does not
// compile, and those that its code refers to.
func (r *record) learn(v *view) {
	for _, f := range v.roots {
		c := clash{map[string]string{}, failure{v, f}}
		refers := f.Blames
		if f.Missing != "" {
			refers = []string{f.Missing}
		}
		for _, pkg := range append([]string{f.Package}, refers...) {
			if p := v.Packages[pkg]; p != nil && p.Own {
				continue
			}
			if m := v.provider(pkg); m.Path != "" {
				c.versions[m.Path] = m.Version
			}
		}
		if len(refers) == 0 {
			c.versions = nil // it may be of any
		}
		r.clashes = append(r.clashes, c)
	}
}

// failureOf returns the first fault that was seen of a module version.
func (r *record) failureOf(m module.Version) (failure, bool) {
	for _, k := range r.clashes {
		if k.v.moduleOf(k.f.Package) == m {
			return k.failure, true
		}
	}
	return failure{}, false
}
