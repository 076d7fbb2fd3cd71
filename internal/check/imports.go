package check

import (
	"fmt"
	"strings"

	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/pinner"
)

// owner returns the required module that a package comes from: as vendor/ says
// or, as is right for a tidy go.mod, the one with the longest path. ok is false
// for a package of a module that no one requires.
func (in *Input) owner(pkg string) (path string, ok bool) {
	main := in.Mod.Module.Mod.Path
	if in.required == nil {
		in.required = requireLines(in.Mod)
	}
	if in.Vendor != nil {
		if v := in.Vendor.Owner(pkg); v != nil {
			return v.Path, in.required[v.Path] != nil
		}
	}
	path, ok = modpath.Longest(pkg, func(p string) bool { return p == main || in.required[p] != nil })
	switch {
	case !ok:
		first, _, _ := strings.Cut(pkg, "/")
		return "", !strings.Contains(first, ".")
	case path == main:
		return "", true
	}
	return path, true
}

// direct returns the modules that the plugin's own packages import from, tests
// and tools included.
func (in *Input) direct() map[string]bool {
	if in.directly != nil {
		return in.directly
	}
	in.directly = map[string]bool{}
	for _, f := range in.Files {
		if f.Ignored {
			continue
		}
		for _, im := range f.Imports {
			if path, _ := in.owner(im.Path); path != "" {
				in.directly[path] = true
			}
		}
	}
	for _, t := range in.Mod.Tool {
		if path, _ := in.owner(t.Path); path != "" {
			in.directly[path] = true
		}
	}
	return in.directly
}

// imports finds imports that no requirement provides, and requirements whose
// imports are gone or new: go mod tidy would change them.
func (in *Input) imports(want *pinner.Mod) []Problem {
	var out []Problem
	for _, f := range in.Files {
		if f.Ignored {
			continue
		}
		for _, im := range f.Imports {
			if _, ok := in.owner(im.Path); !ok {
				out = append(out, in.unprovided(f, im))
			}
		}
	}
	direct, should := in.direct(), requireLines(want)
	for _, r := range in.Mod.Require {
		if should[r.Mod.Path] == nil || r.Indirect != direct[r.Mod.Path] {
			continue
		}
		p := Problem{Kind: Import, Module: r.Mod.Path, File: goMod, Line: line(r.Syntax)}
		pin, pinned := in.pin(r.Mod.Path)
		switch {
		case r.Indirect:
			p.Want, p.Have, p.Why = "a direct requirement", "// indirect", "the plugin imports it"
		case pinned:
			p.Want, p.Why, p.Served = "a blank import", "no file imports a package of it", pin.Version.Version
		default:
			p.Want, p.Have, p.Why = "// indirect, or no requirement", "a direct requirement", "no file imports a package of it"
		}
		out = append(out, p)
	}
	return out
}

func (in *Input) unprovided(f look.File, im look.Import) Problem {
	if p := in.Unrequired(im.Path, fmt.Sprintf("%s:%d", f.Name, im.Line)); p.Kind == Version {
		return p
	}
	return Problem{Kind: Import, Module: im.Path, File: f.Name, Line: im.Line, Why: "go.mod requires no module that has " + im.Path, Get: im.Path}
}

// Absent is the problem of a package of the plugin's own module, imported by by, that
// has no file for the server's platform: no run of apply can bring it.
func (in *Input) Absent(pkg, by string) Problem {
	p := Problem{Kind: Import, Module: pkg, Have: "imported", File: goMod, Line: line(in.Mod.Module.Syntax),
		Why: by + " imports it, and the module has no such package", Fix: "add the package, or change the import"}
	for _, f := range in.linkedFiles() {
		for _, im := range f.Imports {
			if im.Path == pkg {
				p.File, p.Line, p.Why = f.Name, im.Line, "the module has no such package"
				return p
			}
		}
	}
	return p
}

// Unrequired is the problem of a package that by imports and that no required
// module has: the requirement of a pin is gone, or never was there.
func (in *Input) Unrequired(pkg, by string) Problem {
	p := Problem{Kind: Import, Module: pkg, File: goMod, Line: requireBlock(in.Mod), Why: by + " imports " + pkg + ", and go.mod requires no module that has it"}
	if pin := in.Server.Label(pkg).Pin; pin.Path != "" && !in.Server.Owns(pin.Path) {
		p.Kind, p.Module, p.Want = Version, pin.Path, pin.Version.Version
		p.Why = by + " imports a package of it, and go.mod does not require it"
	}
	return p
}
