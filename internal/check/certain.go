package check

import (
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/pinner"
)

// Candidates returns the pins that the plugin may have in common with the
// server, as far as go.mod and vendor/ tell: all that it has, and some that only
// tests or other platforms take. whole is false where the import graph could
// show others, or packages that no go.mod can match.
func Candidates(in *Input) (pins []pinner.Pin, whole bool) {
	if in.Vendor != nil && in.Vendor.Text != nil {
		var all []pinner.Linked
		for _, m := range in.Vendor.Modules {
			for _, p := range m.Packages {
				all = append(all, pinner.Linked{Path: p.Path, Module: m.Version})
			}
		}
		m := pinner.Compare(in.Server, all)
		return m.Pins, len(m.Own)+len(m.Unknown)+len(m.Splits) == 0
	}
	required, server := requireLines(in.Mod), map[string]bool{}
	whole = in.Mod.Pruned() && in.Server.KnowsModules()
	for _, path := range in.Server.Own() {
		server[path] = true
		whole = whole && required[path] == nil
	}
	for _, p := range in.Server.Required() {
		server[p.Path] = true
		if required[p.Path] == nil {
			whole = whole && !nested(p.Path, func(up string) bool { return required[up] != nil })
			continue
		}
		pins = append(pins, p)
	}
	_, known := in.Server.Links("")
	for path := range required {
		if !server[path] && known && nested(path, func(up string) bool { return server[up] }) {
			whole = false
		}
	}
	slices.SortFunc(pins, func(a, b pinner.Pin) int { return strings.Compare(a.Path, b.Path) })
	return pins, whole
}

// nested reports whether a module above path is in the set.
func nested(path string, in func(string) bool) bool {
	_, ok := modpath.Above(path, in)
	return ok
}

// Certain reports whether a plugin without [Problems] is pinned for sure, given
// the pins that [Candidates] returns: every one has its import, and every import
// of pinfix's own its pin. That is so for nearly every plugin that apply has
// left, and spares it the time of reading the import graph. blank is whether
// apply sets blank imports.
func Certain(in *Input, blank bool) bool {
	files := in.linkedFiles()
	theirs, own := map[string]bool{}, map[string]bool{} // modules that the user and pinfix import
	for _, f := range files {
		for _, im := range f.Imports {
			path, ok := in.owner(im.Path)
			switch {
			case !ok:
				return false
			case path == "":
			case slices.Contains(f.Own, im.Path):
				own[path] = true
			case f.Constrained: // perhaps on no platform that counts
			default:
				theirs[path] = true
			}
		}
	}
	for _, f := range in.Files {
		if (len(f.Own) > 0 || f.Package == "main" && f.Constrained && !f.Test()) && !(blank && in.Plugins[f.Dir()] && in.entry(f)) {
			return false
		}
	}
	users := requireLines(in.User)
	for _, p := range in.Pins {
		// Keeps looks at all lines, so it is asked of one: there may be thousands.
		file := *in.User.File
		if file.Require = nil; users[p.Path] != nil {
			file.Require = []*modfile.Require{users[p.Path]}
		}
		one := pinner.Mod{File: &file}
		switch moved := !one.Keeps(p, ""); {
		case blank && moved && theirs[p.Path] == own[p.Path]:
			return false // taken by a test only, or without a package to import; or imported twice
		case blank && !moved && own[p.Path]:
			return false // it needs no import any more
		}
		delete(own, p.Path)
	}
	return len(own) == 0 && in.Mod.Pruned()
}

// linkedFiles returns the files that are linked into one of the plugins, as far as the
// module's own packages tell.
func (in *Input) linkedFiles() []look.File {
	dirs := in.Dirs(in.Plugins, func(look.File) bool { return true })
	return slices.DeleteFunc(slices.Clone(in.Files), func(f look.File) bool { return f.Test() || f.Ignored || !dirs[f.Dir()] })
}

// Dirs returns the directories of the module that are linked into the plugins in the
// directories of from, or those that are one of its files, by the imports of the files
// that builds takes.
func (in *Input) Dirs(from map[string]bool, builds func(look.File) bool) map[string]bool {
	byDir := map[string][]look.File{}
	seen := map[string]bool{}
	var visit func(dir string)
	follow := func(f look.File) {
		for _, im := range f.Imports {
			if dir, ok := in.ownDir(im.Path); ok && len(byDir[dir]) > 0 && !seen[dir] {
				visit(dir)
			}
		}
	}
	visit = func(dir string) {
		seen[dir] = true
		for _, f := range byDir[dir] {
			if builds(f) {
				follow(f)
			}
		}
	}
	for _, f := range in.Files {
		if !f.Test() && !f.Ignored {
			byDir[f.Dir()] = append(byDir[f.Dir()], f)
		}
	}
	for _, f := range in.Files {
		switch {
		case from[f.Name]:
			follow(f)
		case from[f.Dir()] && !seen[f.Dir()]:
			visit(f.Dir())
		}
	}
	return seen
}

// ownDir returns the directory of a package of the plugin's own module.
func (in *Input) ownDir(pkg string) (string, bool) {
	rest, ok := strings.CutPrefix(pkg, in.Mod.Module.Mod.Path)
	switch {
	case !ok:
		return "", false
	case rest == "":
		return ".", true
	}
	return strings.CutPrefix(rest, "/")
}

// entry reports whether f is the file that takes blank imports, where that is
// clear.
func (in *Input) entry(f look.File) bool {
	return f.Entry && !f.Moved && !f.Test() && !f.Constrained && !slices.ContainsFunc(in.Files, func(g look.File) bool {
		return g.Name != f.Name && g.Dir() == f.Dir() && (g.Entry || len(g.Own) > 0)
	})
}

// Marked reports whether pinfix has set the requirement of a module.
func (in *Input) Marked(path string) bool {
	r := requireLines(in.Mod)[path]
	return r != nil && pinner.Marked(r.Syntax)
}

// Links reports whether the plugin's own code surely links a package that the
// server links from the pin's module.
func (in *Input) Links(p pinner.Pin) bool {
	files := in.linkedFiles()
	for _, f := range files {
		for _, im := range f.Imports {
			linked, known := in.Server.Links(im.Path)
			if path, _ := in.owner(im.Path); path == p.Path && !f.Constrained && (linked || !known) {
				return true
			}
		}
	}
	return false
}
