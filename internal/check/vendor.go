package check

import (
	"bytes"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/modpath"
)

// A Vendor is what vendor/modules.txt says, as go mod vendor writes it.
type Vendor struct {
	Text    []byte // nil: vendor/ is there without it
	Modules []Vendored
	Dirs    map[string]bool // directories below vendor/ with Go files; nil: not looked at

	owners map[string]*Vendored // by package
	byPath map[string]*Vendored
}

// A Vendored is one "# path version" entry.
type Vendored struct {
	module.Version
	Line     int
	Explicit bool
	Go       string
	Packages []Package
}

// A Package is one package line.
type Package struct {
	Path string
	Line int
}

// ParseVendor reads a modules.txt. Like the go command it skips lines that
// it does not know.
func ParseVendor(text []byte) *Vendor {
	v := &Vendor{Text: text}
	seen := map[string]bool{}
	var at *Vendored
	n := 0
	for raw := range bytes.Lines(text) {
		n++
		line := strings.TrimRight(string(raw), "\r\n")
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			f := strings.Fields(rest)
			at = nil
			// Replaces that are not selected come last and without packages.
			if len(f) > 1 && semver.IsValid(f[1]) && module.CheckImportPath(f[0]) == nil && !seen[f[0]] {
				seen[f[0]] = true
				v.Modules = append(v.Modules, Vendored{Version: module.Version{Path: f[0], Version: f[1]}, Line: n})
				at = &v.Modules[len(v.Modules)-1]
			}
			continue
		}
		if at == nil {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "## "); ok {
			for note := range strings.SplitSeq(rest, ";") {
				note = strings.TrimSpace(note)
				if note == "explicit" {
					at.Explicit = true
				}
				if g, ok := strings.CutPrefix(note, "go "); ok {
					at.Go = g
				}
			}
			continue
		}
		if f := strings.Fields(line); len(f) == 1 && module.CheckImportPath(f[0]) == nil && modpath.In(f[0], at.Version.Path) {
			at.Packages = append(at.Packages, Package{f[0], n})
		}
	}
	return v
}

// Versions returns for each vendored package the module version that it is of.
func (v *Vendor) Versions() map[string]module.Version {
	out := map[string]module.Version{}
	for _, m := range v.Modules {
		for _, p := range m.Packages {
			out[p.Path] = m.Version
		}
	}
	return out
}

// module returns the entry of a module, or nil.
func (v *Vendor) module(path string) *Vendored {
	if v.byPath == nil {
		v.byPath = make(map[string]*Vendored, len(v.Modules))
		for i := range v.Modules {
			if m := &v.Modules[i]; v.byPath[m.Path] == nil {
				v.byPath[m.Path] = m
			}
		}
	}
	return v.byPath[path]
}

// Owner returns the module that holds a vendored package, or nil.
func (v *Vendor) Owner(pkg string) *Vendored {
	if v.owners == nil {
		v.owners = map[string]*Vendored{}
		for i := range v.Modules {
			for _, p := range v.Modules[i].Packages {
				v.owners[p.Path] = &v.Modules[i]
			}
		}
	}
	return v.owners[pkg]
}
