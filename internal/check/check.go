// Package check finds the undone pins of a plugin, from the text of its files.
// It is pure. [Problems] compares the files with what apply writes. [Certain]
// reports whether that needs the import graph.
//
// The rule: a pinned plugin is a fixed point of apply. A problem is something
// that apply would change, or refuse.
package check

import (
	"cmp"
	"go/version"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/pinner"
)

// A Kind is what has come off.
type Kind string

// The kinds (docs/json.md, check).
const (
	Version   Kind = "version"
	Replace   Kind = "replace"
	GoLine    Kind = "go"
	VendorDir Kind = "vendor"
	Import    Kind = "import"
	Toolchain Kind = "toolchain"
	Sum       Kind = "sum"
)

// A Problem is one thing that keeps the plugin from being pinned.
type Problem struct {
	Kind       Kind
	Module     string // or the package, where no module is known
	Want, Have string // "" for nothing
	File       string // slash path below the module root
	Line       int    // from 1
	Why        string
	Served     string // what the server has of the module, where that is a part of why
	Fix        string // what to do where apply cannot fix it; "" where it can
	Get        string // a package for which go get finds a module, and apply too
}

// An Input is a plugin as its files say.
// It has many methods, one for each kind of line that can be wrong, and for what it needs
// to know.
type Input struct {
	Server *pinner.Server
	Mod    *pinner.Mod // go.mod as it is
	User   *pinner.Mod // go.mod without what pinfix has changed
	Sum    []byte      // go.sum; nil: none
	Files  []look.File

	Plugins map[string]bool // directories of the main packages that are plugins

	Pins []pinner.Pin // what should be pinned, sorted by path

	Vendor     *Vendor // nil: there is no vendor/, or no one looks at it
	WantVendor bool    // apply writes vendor/
	Least      string  // the highest go line among modules that are read from elsewhere; "" for none

	required map[string]*modfile.Require // by path
	directly map[string]bool             // see direct
}

// Problems returns what apply would change of the plugin, by file and line. An
// error is a go.mod that the server's toolchain cannot read.
func Problems(in *Input) ([]Problem, error) {
	want, err := pinner.Expect(in.Server, in.Mod, in.Pins, in.floor())
	if err != nil {
		return nil, err
	}
	out := in.goMod(want)
	out = append(out, in.imports(want)...)
	out = append(out, in.sums(want)...)
	if in.WantVendor {
		out = append(out, in.vendor(want)...)
	}
	Sort(out)
	return out, nil
}

// Sort sorts problems by file and line.
func Sort(list []Problem) {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// floor returns the highest go line among the plugin's modules, as far as
// vendor/ tells; "" where it does not.
func (in *Input) floor() string {
	if in.Vendor == nil || in.Vendor.Text == nil {
		if now := in.Mod.GoVersion(); in.Least == "" || version.Compare("go"+now, "go"+in.Least) > 0 {
			return ""
		}
		return in.Least
	}
	floor := "1.0"
	for _, r := range in.Mod.Require {
		v := in.Vendor.module(r.Mod.Path)
		if v == nil || v.Version != r.Mod {
			return "" // stale: the module's go line may be another by now
		}
		if v.Go != "" && version.Compare("go"+v.Go, "go"+floor) > 0 {
			floor = v.Go
		}
	}
	return floor
}

func (in *Input) pin(path string) (pinner.Pin, bool) {
	// Pins are sorted by path, and there may be thousands.
	i, ok := slices.BinarySearchFunc(in.Pins, path, func(p pinner.Pin, path string) int { return strings.Compare(p.Path, path) })
	if !ok {
		return pinner.Pin{}, false
	}
	return in.Pins[i], true
}
