package conflict

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A FinalError holds the errors that no other version of any module fixes: of the
// plugin's own code, of directories that go.mod replaces modules by, and of pinned
// modules among themselves.
type FinalError struct {
	Finals []Final // by file and line
}

// A Final is one of them.
type Final struct {
	typecheck.Fault
	Place string // file and line, as the user can open it

	// Module has what the code does not fit, at the plan's version; none: nothing but
	// the code itself is at fault. Std: the standard library does.
	Module module.Version
	Std    string // the server's Go release
	Had    string // the version of Module that the plugin has without pinfix
	Since  string // the first version of Module with what the code needs; "" where only Had is known to
	Server bool   // Module is the server's
	By     string // what the server replaces Module by, or ""
	Edit   bool   // the user can edit the code

	reason, next string // where the code is of a pinned module
}

// maxFinals is how many are shown.
const maxFinals = 50

// Finals returns the errors that are final, nil for none.
//
// The code of such an error does not change, since the plugin itself, a replacement or
// a pinned module has it; nor does anything that it depends on; and no module that could
// be moved is between the plugin and it, which would leave it out at another version.
func Finals(from *View) *FinalError {
	v := finality{limits{from}}
	reached := v.reached()
	open := map[string]bool{} // packages with an error that another version may fix
	var found []typecheck.Fault
	for again := true; again; {
		again, found = false, nil
		for _, f := range v.Faults {
			healable := f.Unsure || !reached[f.Package] ||
				slices.ContainsFunc(f.Blames, func(pkg string) bool { return !v.fixed(pkg) || open[pkg] })
			switch {
			case !healable:
				found = append(found, f)
			case !open[f.Package]:
				open[f.Package], again = true, true
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	e := &FinalError{}
	for _, f := range found {
		e.Finals = append(e.Finals, v.describe(f))
	}
	slices.SortStableFunc(e.Finals, func(a, b Final) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return e
}

// finality finds the errors of a try that are final.
type finality struct{ limits }

// reached returns the packages that the plugin has whatever the versions of the modules
// are that can be moved.
func (v finality) reached() map[string]bool {
	out := map[string]bool{}
	var visit func(path string)
	visit = func(path string) {
		if p := v.Packages[path]; p != nil && !out[path] && v.fixed(path) {
			out[path] = true
			for _, q := range p.Imports {
				visit(q)
			}
		}
	}
	for path, p := range v.Packages {
		if p.Own {
			visit(path)
		}
	}
	return out
}

// fixed reports whether pkg's version cannot change: it is of the plugin, of a pinned or
// replaced module, of the standard library, or in no module.
func (v finality) fixed(pkg string) bool {
	p := v.Packages[pkg]
	if p == nil {
		m := v.Provider(pkg)
		_, left := v.left(m.Path)
		return m.Path == "" || v.pinned(m.Path) || left
	}
	return p.Own || p.Fixed || v.pinned(p.Module.Path)
}

// describe finds out what the user has to know of a final error.
func (v finality) describe(f typecheck.Fault) Final {
	p := v.Packages[f.Package]
	out := Final{Fault: f, Place: v.place(f), Edit: p.Own || p.Local, Module: v.against(f)}
	out.Had = v.Base.Selected(out.Module.Path)
	out.Server = v.pinned(out.Module.Path)
	if r := v.Plan.Mod.Replacement(out.Module); r != nil && out.Server {
		out.By = strings.TrimSpace(r.New.Path + " " + r.New.Version)
	}
	if out.Module.Path == "" && f.API.Kind != typecheck.Other && v.Packages[f.API.Package] == nil {
		out.Std = v.Server.GoVersion()
	}
	if left, ok := v.left(out.Module.Path); ok {
		tooNew := &pinner.TooNewError{Go: v.Server.GoVersion(), Modules: []pinner.TooNew{left}}
		out.Edit, out.reason, out.next = false, tooNew.Error(), tooNew.NextStep()
		return out
	}
	if !out.Edit {
		out.reason, out.next = v.fixedCode(p, f, out.Module)
	}
	return out
}

// fixedCode: the code is of a module that the server has at that version, or that go.mod
// replaces by another one. It is in the plugin only since something imports it.
func (v finality) fixedCode(p *Package, f typecheck.Fault, m module.Version) (reason, next string) {
	reason, next = spaced(p.Module)+", which the server has,", "do without "+f.Package
	if !v.pinned(p.Module.Path) {
		reason, next = spaced(p.Module)+", which go.mod replaces,", "replace it by a version that does, or do without "+f.Package
	}
	req := v.requires(p, m.Path)
	newer := m.Path != "" && semver.Compare(req, m.Version) > 0
	switch {
	case f.Missing != "" && m.Path != "":
		reason += fmt.Sprintf(" imports %s, which is not in %s", f.Missing, spaced(m)) + v.holder(m, true)
	case newer:
		reason += fmt.Sprintf(" needs %s >= %s (%s: %s)", m.Path, req, v.place(f), f.Msg) + v.holder(m, false)
	case m.Path != "":
		reason += fmt.Sprintf(" does not compile with %s (%s: %s)", spaced(m), v.place(f), f.Msg) + v.holder(m, false)
	default:
		reason += fmt.Sprintf(" does not compile (%s: %s)", v.place(f), f.Msg)
	}
	if had := v.Base.Selected(m.Path); !newer {
		if req = had; had != "" && had != m.Version {
			reason += "; the plugin has " + had
		}
	}
	if chain := v.chain(p.Path); len(chain) > 1 {
		reason += "; " + strings.Join(chain, " imports ")
	}
	if req != "" && req != m.Version && v.pinned(m.Path) {
		next += fmt.Sprintf(", or ask for a server with %s %s", m.Path, req)
	}
	return reason, next
}

// against returns the module that a fault is about: the one that has the declaration, or
// the first with another version than the plugin's own, or the first at all.
func (v finality) against(f typecheck.Fault) module.Version {
	if f.Missing != "" {
		return v.Provider(f.Missing)
	}
	own := v.ModuleOf(f.Package).Path
	pkgs := f.Blames
	if f.API.Kind != typecheck.Other {
		pkgs = append([]string{f.API.Package}, pkgs...)
	}
	var first module.Version
	for i, pkg := range pkgs {
		m := atPin(v.View, v.ModuleOf(pkg))
		if m.Path == "" || m.Path == own || v.Packages[pkg].Own {
			if i == 0 && f.API.Kind != typecheck.Other && v.Packages[pkg] == nil {
				return module.Version{} // of the standard library
			}
			continue
		}
		if v.Base.Selected(m.Path) != m.Version {
			return m
		}
		if first.Path == "" {
			first = m
		}
	}
	return first
}

func (e *FinalError) Error() string {
	if len(e.Finals) == 1 {
		return e.Finals[0].String()
	}
	lines := []string{fmt.Sprintf("the plugin has %d errors that no other version of a module fixes", len(e.Finals))}
	for i, f := range e.Finals {
		if i == maxFinals {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Finals)-i))
			break
		}
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the same as any other plugin without a solution.
func (e *FinalError) Unwrap() error {
	return &NoSolutionError{Fault: e.Finals[0].Fault, Reason: e.Error(), Next: e.NextStep()}
}

// String says where the error is, what is there, and what the server's version has.
func (f Final) String() string {
	if f.reason != "" {
		return f.reason
	}
	s := f.Place + ": " + f.what()
	switch {
	case f.Missing != "" && f.Server && f.Module.Path != "":
		return s + ", which the server has" + f.had("")
	case f.API.Kind == typecheck.Gone && f.holder() != "":
		return s + "; " + f.holder() + " does not have it" + f.had(f.Fault.Had)
	case f.API.Now != "" && f.API.Kind == typecheck.Signature && f.holder() != "":
		return s + "; " + f.holder() + " has " + f.API.Now + f.had(f.Fault.Had)
	case f.API.Kind == typecheck.Method && f.holder() != "":
		return s + "; " + f.holder() + " asks for it" + f.had(f.Fault.Had)
	case f.holder() != "":
		return s + "; " + f.verb() + f.had("")
	}
	return s
}

// what is the compiler's message, in fewer words where the declaration follows.
func (f Final) what() string {
	switch {
	case f.Missing != "" && f.Module.Path != "":
		return fmt.Sprintf("%s is not in %s", f.Missing, spaced(f.Module))
	case f.API.Kind == typecheck.Signature && f.API.Now != "":
		msg, _, _ := strings.Cut(f.Msg, " have (")
		return msg
	case f.API.Kind == typecheck.Method && f.API.Have == "":
		return fmt.Sprintf("%s does not implement %s: method %s is missing: %s", f.API.Lacks, f.API.Of, f.API.Method(), f.API.Now)
	case f.API.Kind == typecheck.Method && f.API.Have != f.API.Now:
		return fmt.Sprintf("%s does not implement %s: method %s has another signature: %s, and the code has %s", f.API.Lacks, f.API.Of, f.API.Method(), f.API.Now, f.API.Have)
	}
	return f.Msg
}

// holder names who has the declaration, in the words of a line that the next step follows;
// "" if that says nothing.
func (f Final) holder() string {
	short := f
	dir, major, ok := module.SplitPathVersion(f.Module.Path)
	if short.Module.Path = path.Base(dir); ok && strings.HasPrefix(major, "/") {
		short.Module.Path += major
	}
	if f.Module.Path == "" {
		short.Module.Path = ""
	}
	return short.fullHolder()
}

// fullHolder is holder with the module's path.
func (f Final) fullHolder() string {
	switch {
	case f.Std != "":
		return "the server's Go " + f.Std
	case f.Module.Path == "":
		return ""
	case f.By != "":
		return "the server's " + spaced(f.Module) + " => " + f.By
	case f.Server:
		return "the server's " + spaced(f.Module)
	}
	return spaced(f.Module)
}

// verb says whose the version is, where no declaration is known.
func (f Final) verb() string {
	switch {
	case f.Std != "":
		return "the server has Go " + f.Std
	case f.Server:
		return "the server has " + spaced(f.Module)
	}
	return "go.mod has " + spaced(f.Module)
}

// had says what the plugin has without pinfix.
func (f Final) had(declaration string) string {
	switch {
	case f.Had == "" || f.Had == f.Module.Version:
		return ""
	case declaration == "" && f.API.Kind == typecheck.Method:
		return "; the plugin's " + f.Had + " does not"
	case declaration == "" || declaration == f.API.Now:
		return "; the plugin has " + f.Had
	}
	return "; the plugin's " + f.Had + " has " + declaration
}

// NextStep says what the user can do: edit the code, and where the server is the older
// one, another server would do as well.
func (e *FinalError) NextStep() string {
	var edits, others []Final
	for _, f := range e.Finals {
		if f.Edit {
			edits = append(edits, f)
		} else {
			others = append(others, f)
		}
	}
	if len(edits) == 0 {
		return others[0].next
	}
	next := "edit " + places(edits)
	if !slices.ContainsFunc(edits, func(f Final) bool { return f.Missing == "" }) {
		next = "change " + strings.NewReplacer("line", "import", "places", "imports").Replace(places(edits))
	} else if to := edits[0].fullHolder(); to != "" && !slices.ContainsFunc(edits, func(f Final) bool { return f.fullHolder() != to }) {
		next = "change " + places(edits) + " to use what " + to + " has"
	}
	if len(others) == 0 {
		return next + newerServer(edits)
	}
	return next + ", and for the rest: " + others[0].next
}

// places counts the lines that have to change.
func places(edits []Final) string {
	lines := map[string]bool{}
	for _, f := range edits {
		lines[f.Place] = true
	}
	if len(lines) == 1 {
		return "this line"
	}
	return fmt.Sprintf("these %d places", len(lines))
}

// newerServer names the server that all the code fits; "" where the server's versions are
// newer than the plugin's already.
func newerServer(edits []Final) string {
	needs := map[string]string{} // version by module
	for _, f := range edits {
		if f.Module.Path == "" || !f.Server || semver.Compare(f.Had, f.Module.Version) <= 0 {
			return ""
		}
		if need := cmp.Or(f.Since, f.Had); semver.Compare(need, needs[f.Module.Path]) > 0 {
			needs[f.Module.Path] = need
		}
	}
	var wants []string
	for _, path := range sortedKeys(needs) {
		wants = append(wants, path+" "+needs[path])
	}
	return ", or ask for a server with " + strings.Join(wants, " and ")
}
