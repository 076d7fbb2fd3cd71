package conflict

import (
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A Failure is a fault, and where it was seen.
type Failure struct {
	View  *View
	Fault typecheck.Fault
}

// A Clash is a set of module versions that do not compile together.
type Clash struct {
	Versions map[string]string
	Failure
}

// at returns the version of the module that does not compile.
func (c *Clash) at() string { return c.View.ModuleOf(c.Fault.Package).Version }

// A Record is what the tries have told so far.
type Record struct {
	Clashes []Clash            // what did not compile
	Why     map[string]Failure // the last reason of each module's cap
	Final   []pinner.Cap       // in the end: the caps of the solver and of the plan

	lacks map[module.Version]string // a package that a version was seen not to have
}

// note remembers which versions lack a package.
func (r *Record) note(v *View) {
	if r.lacks == nil {
		r.lacks = map[module.Version]string{}
	}
	for _, f := range v.Roots {
		if m := v.Provider(f.Missing); m.Path != "" {
			r.lacks[m] = f.Missing
		}
	}
}

// Learn notes what a try tells: which versions lack a package, and which ones the faults
// come from, that of the module that does not compile and those that its code refers to.
func (r *Record) Learn(v *View) {
	r.note(v)
	for _, f := range v.Roots {
		c := Clash{map[string]string{}, Failure{v, f}}
		refers := f.Blames
		if f.Missing != "" {
			refers = []string{f.Missing}
		}
		for _, pkg := range append([]string{f.Package}, refers...) {
			if p := v.Packages[pkg]; p != nil && p.Own {
				continue
			}
			if m := v.Provider(pkg); m.Path != "" {
				c.Versions[m.Path] = m.Version
			}
		}
		if len(refers) == 0 {
			c.Versions = nil // it may be of any
		}
		r.Clashes = append(r.Clashes, c)
	}
}

// failureOf returns the first fault that was seen of a module version.
func (r *Record) failureOf(m module.Version) (Failure, bool) {
	for _, k := range r.Clashes {
		if k.View.ModuleOf(k.Fault.Package) == m {
			return k.Failure, true
		}
	}
	return Failure{}, false
}
