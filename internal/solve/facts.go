package solve

import "golang.org/x/mod/module"

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
