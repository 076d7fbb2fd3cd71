package check

import (
	"slices"

	"github.com/pinfix/pinfix/internal/modulestxt"
)

// A Vendor is what vendor/modules.txt says, as go mod vendor writes it.
type Vendor struct {
	*modulestxt.File
	Text []byte          // nil: vendor/ is there without it
	Dirs map[string]bool // directories below vendor/ with Go files; nil: not looked at

	owners map[string]*modulestxt.Module // by package
	byPath map[string]*modulestxt.Module
}

// ParseVendor reads a modules.txt as far as the go command does; what it skips counts where
// the text is compared line by line.
func ParseVendor(text []byte) *Vendor {
	f, _ := modulestxt.Parse(text)
	return &Vendor{Text: text, File: f}
}

// module returns the entry of a module, or nil.
func (v *Vendor) module(path string) *modulestxt.Module {
	if v.byPath == nil {
		v.byPath = make(map[string]*modulestxt.Module, len(v.Modules))
		for i := range v.Modules {
			v.byPath[v.Modules[i].Path] = &v.Modules[i]
		}
	}
	return v.byPath[path]
}

// Owner returns the module that holds a vendored package, or nil.
func (v *Vendor) Owner(pkg string) *modulestxt.Module {
	if v.owners == nil {
		v.owners = map[string]*modulestxt.Module{}
		for i := range v.Modules {
			for _, p := range v.Modules[i].Packages {
				v.owners[p.Path] = &v.Modules[i]
			}
		}
	}
	return v.owners[pkg]
}

// NoModules reports whether the plugin takes no package from any module, so that go mod
// vendor would write no vendor/.
func (in *Input) NoModules() bool {
	for _, f := range in.Files {
		for _, im := range f.Imports {
			path, ok := in.owner(im.Path)
			if !f.Ignored && (path != "" || !ok) && !slices.Contains(f.Own, im.Path) {
				return false
			}
		}
	}
	return len(in.Mod.Tool) == 0
}
