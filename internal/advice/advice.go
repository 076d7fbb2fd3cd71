// Package advice says what to do about an error that a plan has ended with ([Explain]).
package advice

import (
	"errors"
	"fmt"
	"go/version"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// Explain adds the next step to an error of the go command, or of the plan. base is the graph of
// the user's own go.mod, nil where it could not be loaded; pins are those of the last plan.
func Explain(want *wants.Case, base *pinner.Graph, pins []pinner.Pin, err error) error {
	return (&explainer{want, base, pins}).explain(err)
}

// An explainer makes errors of the go command, and of the plan, ones that say what to do.
type explainer struct {
	*wants.Case
	base *pinner.Graph // of the user's own go.mod; nil where it could not be loaded
	pins []pinner.Pin  // of the last plan
}

// explain adds the next step to errors of the go command.
func (e *explainer) explain(err error) error {
	var missing *fetch.MissingError
	var failed *gocmd.Error
	var dir *fetch.DirectoryError
	var tooNew *pinner.TooNewError
	if errors.As(err, &missing) || errors.As(err, &failed) || errors.As(err, &dir) {
		if err := e.Unloadable(err); err != nil {
			return err
		}
	}
	switch {
	case errors.As(err, &tooNew) && tooNewDirectory(tooNew):
		return goLines(e.Plugin.Root, tooNew)
	case errors.As(err, &tooNew) && !e.Options.Solves():
		return fault.With(err, "--conflicts auto lowers them; or "+tooNew.NextStep())
	case errors.As(err, &dir):
		where := "go.mod"
		for _, r := range e.Plugin.Now.Replace {
			if r.New.Path == dir.Dir {
				where = fmt.Sprintf("go.mod:%d", r.Syntax.Start.Line)
			}
		}
		return fault.New("check out what belongs there, or remove the replace line", "%s: the replacement %s has no go.mod that can be read: %w", where, dir.Dir, fault.Cause(dir.Err))
	case errors.As(err, &missing):
		// What is wrong with a flag of the user's begins with the flag.
		if better := e.onlyVendored(missing); better != nil && err.Error() == missing.Error() {
			return better
		}
		return fault.With(err, missing.NextStep())
	case errors.As(err, &failed):
		if err := e.lacking(failed); err != nil {
			return err
		}
		return fault.With(err, gocmd.NextAfter(failed, filepath.Join(e.Plugin.Root, "go.mod")))
	}
	return err
}

// tooNewDirectory reports whether one of the modules is a directory, whose go line the
// user can lower.
func tooNewDirectory(e *pinner.TooNewError) bool {
	return slices.ContainsFunc(e.Modules, func(m pinner.TooNew) bool { return m.Dir != "" })
}

// goLines names the go lines of directories that go.mod replaces modules by.
func goLines(root string, e *pinner.TooNewError) error {
	var lines []string
	n := 0
	for _, m := range e.Modules {
		if m.Dir == "" {
			lines = append(lines, (&pinner.TooNewError{Go: e.Go, Modules: []pinner.TooNew{m}}).Error())
			continue
		}
		n++
		name := filepath.Join(m.Dir, "go.mod")
		if !filepath.IsAbs(name) {
			name = filepath.Join(root, name)
		}
		at := place.Relative(root, name)
		if data, err := bounded.ReadFile(name, bounded.Mod); err == nil {
			if mod, err := modfile.ParseLax(name, data, nil); err == nil && mod.Go != nil {
				at = fmt.Sprintf("%s:%d", at, mod.Go.Syntax.Start.Line)
			}
		}
		lines = append(lines, fmt.Sprintf("%s: go %s is above the server's Go %s (%s, which go.mod replaces by this directory)", at, m.Go, e.Go, m.Path))
	}
	slices.SortStableFunc(lines, func(x, y string) int { return strings.Compare(x, y) })
	what := "that line"
	if n > 1 {
		what = "those lines"
	}
	return fault.New(fmt.Sprintf("lower %s to go %s, if the code compiles with it, or ask for a server with a newer Go", what, strings.TrimPrefix(version.Lang("go"+e.Go), "go")), "%s", strings.Join(lines, "\n"))
}

// onlyVendored explains an error of modules that could not be fetched where vendor/
// has them all, but another version than the plan needs, or where vendor/ is not
// written.
func (e *explainer) onlyVendored(missing *fetch.MissingError) error {
	var same []gocmd.Cause
	var lines []string
	have := vendordir.Read(e.Plugin)
	for _, c := range missing.Causes {
		i := slices.IndexFunc(have, func(v stage.Vendored) bool { return v.Version.Path == c.Module.Path || v.Source.Path == c.Module.Path })
		switch {
		case i < 0 || c.Kind == gocmd.Mismatch:
			return nil
		case have[i].Source == c.Module:
			same = append(same, c)
		default:
			lines = append(lines, fmt.Sprintf("%s; vendor/ has %s, and %s", gocmd.Explain([]gocmd.Cause{c}), have[i].Source.Version, whyOther(e.Server, c.Module)))
		}
	}
	switch {
	case len(same) > 0 && e.Options.Vendor == "never":
		return fault.New("leave --vendor never out", "%s; vendor/ has that version, but is left alone", gocmd.Explain(same))
	case len(same) > 0:
		return fault.New(missing.NextStep(), "%s; vendor/ has that version, but a plugin built from vendor/ does not load into this server", gocmd.Explain(same))
	}
	next := "this module alone is in the way: "
	if len(lines) > 1 {
		next = "these modules alone are in the way: "
	}
	return fault.With(errors.New(strings.Join(lines, "\n")), next+missing.NextStep())
}

// whyOther says who needs that very version.
func whyOther(s *pinner.Server, v module.Version) string {
	for _, p := range s.Pins {
		if p.Version == v || p.Replace == v {
			return "the server links " + v.Version
		}
	}
	return "the plan needs " + v.Version
}

// lacking explains an import of a package that the plugin's module does not have, or the
// server's version of another one; nil if failed says nothing of the kind.
func (e *explainer) lacking(failed *gocmd.Error) error {
	for _, line := range failed.Faults() {
		m := gocmd.Lacking.Regexp().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		importer, pkg := strings.TrimSuffix(strings.TrimSuffix(m[1], ".test"), "_test"), m[2]
		if modpath.In(pkg, e.Plugin.User.Module.Mod.Path) {
			at := ""
			if rest, own := modpath.Cut(importer, e.Plugin.User.Module.Mod.Path); own {
				at = e.importedAt(filepath.FromSlash("."+rest), pkg)
			}
			return fault.New("add the package, or change the import", "%sthe module has no package %s", at, pkg)
		}
		for _, p := range e.pins {
			if !modpath.In(pkg, p.Path) {
				continue
			}
			if rest, own := modpath.Cut(importer, e.Plugin.User.Module.Mod.Path); own {
				return fault.New("change the import"+e.orServer(p), "%s%s is not in %s %s, which the server has%s",
					e.importedAt(filepath.FromSlash("."+rest), pkg), pkg, p.Path, p.Version.Version, e.pluginHas(p))
			}
			return fault.New("require a version of the module of "+importer+" that does without it"+e.orServer(p),
				"%s imports %s, which is not in %s %s, which the server has%s", importer, pkg, p.Path, p.Version.Version, e.pluginHas(p))
		}
	}
	return nil
}

// importedAt returns the place of an import in a directory of the plugin.
func (e *explainer) importedAt(dir, pkg string) string {
	p := &importgraph.Package{Dir: filepath.Join(e.Plugin.Root, dir)}
	files, _ := filepath.Glob(filepath.Join(p.Dir, "*.go")) // fails for a bad pattern only
	for _, f := range files {
		p.GoFiles = append(p.GoFiles, filepath.Base(f))
	}
	if at := wants.Places(importgraph.OnDisk(e.Plugin.Root), p, pkg); len(at) > 0 {
		return at[0].String()
	}
	return ""
}

// pluginHas names the version that the plugin's go.mod requires.
func (e *explainer) pluginHas(p pinner.Pin) string {
	for _, r := range e.Plugin.User.Require {
		if r.Mod.Path == p.Path {
			return fmt.Sprintf("; the plugin has %s", r.Mod.Version)
		}
	}
	return ""
}

// orServer names the server that would do: none where the server's version is the newer
// one already.
func (e *explainer) orServer(p pinner.Pin) string {
	if had := e.base.Selected(p.Path); semver.Compare(had, p.Version.Version) > 0 {
		return ", or ask for a server with " + p.Path + " " + had
	}
	return ""
}
