package source

import (
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/modulestxt"
	"github.com/pinfix/pinfix/pinner"
)

// stale is the error of a vendor/ that does not fit go.mod, from which nothing was built:
// mod and vendor are what go.mod and modules.txt have of a module.
func stale(path, mod, vendor string) error {
	return fault.New("check out go.mod and vendor/ of one release of the server, or run go mod vendor there",
		"vendor/modules.txt does not fit go.mod: %s is %s in go.mod, %s in vendor/", path, orNone(mod), orNone(vendor))
}

func orNone(s string) string {
	if s == "" {
		return "not there"
	}
	return s
}

// fits returns an error, that of [stale], if v was not made from mod: go build refuses it
// then ("inconsistent vendoring"). Go before 1.14 did not note what go.mod asks for.
func fits(v *modulestxt.File, mod *modfile.File) error {
	explicit := map[string]string{}
	for _, m := range v.Modules {
		if m.Explicit {
			explicit[m.Path] = m.Version.Version
		}
	}
	if len(explicit) == 0 {
		return nil
	}
	for _, r := range mod.Require {
		if have := explicit[r.Mod.Path]; have != r.Mod.Version {
			return stale(r.Mod.Path, r.Mod.Version, have)
		}
	}
	for _, m := range v.Modules {
		if want := replacement(mod, m.Version); len(m.Packages) > 0 && want != m.Replace {
			return stale(m.Path, show(m.Version, want), show(m.Version, m.Replace))
		}
	}
	return nil
}

func show(v, replace module.Version) string {
	return pinner.Pin{Version: v, Replace: replace}.String()[len(v.Path)+1:]
}

// replacement returns what mod replaces v with.
func replacement(mod *modfile.File, v module.Version) module.Version {
	var all module.Version
	for _, r := range mod.Replace {
		switch {
		case r.Old == v:
			return r.New
		case r.Old == module.Version{Path: v.Path}:
			all = r.New
		}
	}
	return all
}
