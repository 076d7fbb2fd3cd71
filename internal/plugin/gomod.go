package plugin

import (
	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/pinner"
)

// Required returns the version of a module that go.mod requires, "" for none.
func Required(mod *pinner.Mod, path string) string {
	for _, r := range mod.Require {
		if r.Mod.Path == path {
			return r.Mod.Version
		}
	}
	return ""
}

// ByPath indexes the require lines of a go.mod.
func ByPath(m *pinner.Mod) map[string]*modfile.Require {
	out := map[string]*modfile.Require{}
	for _, r := range m.Require {
		if out[r.Mod.Path] == nil {
			out[r.Mod.Path] = r
		}
	}
	return out
}
