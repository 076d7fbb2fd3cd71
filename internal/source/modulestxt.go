package source

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/pinner"
)

// A Vendor is what vendor/modules.txt says.
type Vendor struct {
	// Pins are the modules that packages are vendored from, in the file's
	// order: what the server links of some platform and main package.
	Pins []pinner.Pin
	// Packages are the vendored packages.
	Packages map[string]bool

	at       map[string]int    // path -> place in Pins
	explicit map[string]string // what go.mod required when it was written: path -> version
}

// A LineError is a line of a file that cannot be.
type LineError struct {
	File string
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

const modulesTxt = "vendor/modules.txt"

// ParseVendor reads vendor/modules.txt, as go mod vendor writes it
// (cmd/go/internal/modload, vendor.go): "# path version" or "# path version =>
// path version" lines, each followed by "## explicit; go 1.17" and the import
// paths of its packages. A module without packages is not linked. Replace lines
// of go.mod that are not in use come last, without packages.
func ParseVendor(data []byte) (*Vendor, error) {
	v := &Vendor{Packages: map[string]bool{}, at: map[string]int{}, explicit: map[string]string{}}
	var now pinner.Pin
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		var err error
		switch {
		case line == "":
		case strings.HasPrefix(line, "## "):
			err = v.annotate(now, line)
		case strings.HasPrefix(line, "# "):
			now, err = parseModule(strings.Fields(line)[1:])
		default:
			err = v.addPackage(now, line)
		}
		if err != nil {
			return nil, &LineError{modulesTxt, n, err}
		}
	}
	return v, nil
}

// parseModule reads "path version", "path version => path [version]", or "path
// => path [version]"; what has no version replaces whatever version there is,
// and has no packages.
func parseModule(f []string) (pinner.Pin, error) {
	var p pinner.Pin
	if len(f) < 2 {
		return p, errors.New("a module without a version")
	}
	p.Path = f[0]
	f = f[1:]
	if f[0] != "=>" {
		p.Version.Version, f = f[0], f[1:]
		if module.CanonicalVersion(p.Version.Version) != p.Version.Version {
			return p, fmt.Errorf("the version %q of %s", p.Version.Version, p.Path)
		}
	}
	if err := module.CheckImportPath(p.Path); err != nil {
		return p, err
	}
	switch {
	case len(f) == 0:
	case f[0] == "=>" && (len(f) == 2 || len(f) == 3):
		p.Replace.Path = f[1]
		if len(f) == 3 {
			p.Replace.Version = f[2]
		}
	default:
		return p, fmt.Errorf("unexpected %q", strings.Join(f, " "))
	}
	return p, nil
}

func (v *Vendor) annotate(p pinner.Pin, line string) error {
	for entry := range strings.SplitSeq(strings.TrimPrefix(line, "## "), ";") {
		switch strings.TrimSpace(entry) {
		case "explicit":
			v.explicit[p.Path] = p.Version.Version
		case "workspace":
			return errors.New("this vendor/ is of a go.work (go work vendor), not of one module")
		}
	}
	return nil
}

func (v *Vendor) addPackage(p pinner.Pin, pkg string) error {
	if err := module.CheckImportPath(pkg); err != nil {
		return err
	}
	switch {
	case p.Version.Version == "":
		return fmt.Errorf("package %s is below no module", pkg)
	case !modpath.In(pkg, p.Path):
		return fmt.Errorf("package %s is not in module %s", pkg, p.Path)
	case v.Packages[pkg]:
		return fmt.Errorf("package %s is there twice", pkg)
	}
	v.Packages[pkg] = true
	i, ok := v.at[p.Path]
	switch {
	case !ok:
		v.at[p.Path] = len(v.Pins)
		v.Pins = append(v.Pins, p)
	case v.Pins[i] != p:
		return fmt.Errorf("module %s is there twice", p.Path)
	}
	return nil
}

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
// then ("inconsistent vendoring"). Go before 1.14 did not note what go.mod asks
// for.
func (v *Vendor) fits(mod *modfile.File) error {
	if len(v.explicit) == 0 {
		return nil
	}
	for _, r := range mod.Require {
		if have := v.explicit[r.Mod.Path]; have != r.Mod.Version {
			return stale(r.Mod.Path, r.Mod.Version, have)
		}
	}
	for _, p := range v.Pins {
		if want := replacement(mod, p.Version); want != p.Replace {
			return stale(p.Path, show(p.Version, want), show(p.Version, p.Replace))
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
