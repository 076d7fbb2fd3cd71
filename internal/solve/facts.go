package solve

import (
	"slices"

	"golang.org/x/mod/module"
)

// hopeless reports whether the plugin's own code does not compile against pins
// alone: lowering other modules changes nothing about that.
func (v *view) hopeless() bool {
	for _, f := range v.roots {
		if p := v.Packages[f.Package]; p == nil || !p.Own || len(f.Blames) == 0 {
			continue
		}
		if !slices.ContainsFunc(f.Blames, func(pkg string) bool { return !v.settled(pkg) }) {
			return true
		}
	}
	return false
}

// settled reports whether nothing can be done about a package: it is of a
// pinned module, of the standard library, or of nobody.
func (v *view) settled(pkg string) bool {
	m := v.provider(pkg)
	if v.Packages[pkg] == nil {
		_, left := v.left(m.Path)
		return m.Path == "" || v.pinned(m.Path) || left
	}
	return v.pinned(m.Path)
}

// note remembers which versions lack a package.
func (v *view) note() {
	if v.lacks == nil {
		v.lacks = map[module.Version]string{}
	}
	for _, f := range v.roots {
		if m := v.provider(f.Missing); m.Path != "" {
			v.lacks[m] = f.Missing
		}
	}
}

// chain returns the imports from the plugin's own code to a package.
func (v *view) chain(pkg string) []string {
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
