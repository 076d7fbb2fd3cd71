package align

import (
	"errors"
	"fmt"
	"go/version"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/pinner"
)

// Explain adds the next step to errors of the go command.
func (a *Aligner) Explain(err error) error {
	var missing *fetch.MissingError
	var failed *gocmd.Error
	var dir *fetch.DirectoryError
	var tooNew *pinner.TooNewError
	if errors.As(err, &missing) || errors.As(err, &failed) || errors.As(err, &dir) {
		if err := a.Unloadable(err); err != nil {
			return err
		}
	}
	switch {
	case errors.As(err, &tooNew) && tooNewDirectory(tooNew):
		return a.goLines(tooNew)
	case errors.As(err, &tooNew) && !a.solves():
		return fault.With(err, "--conflicts auto lowers them; or "+tooNew.NextStep())
	case errors.As(err, &dir):
		where := "go.mod"
		for _, r := range a.Plugin.Now.Replace {
			if r.New.Path == dir.Dir {
				where = fmt.Sprintf("go.mod:%d", r.Syntax.Start.Line)
			}
		}
		return fault.New("check out what belongs there, or remove the replace line", "%s: the replacement %s has no go.mod that can be read: %w", where, dir.Dir, fault.Cause(dir.Err))
	case errors.As(err, &missing):
		// What is wrong with a flag of the user's begins with the flag.
		if better := a.onlyVendored(missing); better != nil && err.Error() == missing.Error() {
			return better
		}
		return fault.With(err, missing.NextStep())
	case errors.As(err, &failed):
		if err := a.lacking(failed); err != nil {
			return err
		}
		return fault.With(err, gocmd.NextAfter(failed, filepath.Join(a.Plugin.Root, "go.mod")))
	}
	return err
}

// tooNewDirectory reports whether one of the modules is a directory, whose go line the
// user can lower.
func tooNewDirectory(e *pinner.TooNewError) bool {
	return slices.ContainsFunc(e.Modules, func(m pinner.TooNew) bool { return m.Dir != "" })
}

// goLines names the go lines of directories that go.mod replaces modules by.
func (a *Aligner) goLines(e *pinner.TooNewError) error {
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
			name = filepath.Join(a.Plugin.Root, name)
		}
		at := place.Relative(a.Plugin.Root, name)
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
