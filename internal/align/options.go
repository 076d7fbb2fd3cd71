package align

import (
	"context"
	"errors"
	"fmt"
	"go/version"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// Toolchain is the go command to stage with.
type Toolchain struct {
	Go       *gocmd.Go
	Local    *gocmd.Go // the user's own choice; nil: go_ is it
	Version  string    // of go_, "go1.23.5"
	Cache    string    // GOMODCACHE
	Warnings []string
}

// ChooseToolchain takes the server's own Go release, or the local one with a
// warning where that could not be fetched.
func ChooseToolchain(ctx context.Context, o wants.Options, server *pinner.Server, root string) (*Toolchain, error) {
	set := []string{"CGO_ENABLED=1"}
	t := &Toolchain{}
	if goos, goarch, ok := server.Platform(); ok {
		set = append(set, "GOOS="+goos, "GOARCH="+goarch)
	} else {
		t.Warnings = append(t.Warnings, "the server's build info does not name its platform; this machine's is assumed")
	}
	want := "go" + server.GoVersion()
	config := gocmd.Config{Dir: root, Toolchain: want, Environ: o.GoEnviron(), Set: set, Log: o.Log, Count: o.Count}
	t.Go = gocmd.New(config)
	facts, err := t.Go.FactsOf(ctx, o.Kept)
	var failed *gocmd.Error
	switch {
	case errors.As(err, &failed):
		// The toolchain is not on the proxy, or there is no network.
		config.Toolchain = "local"
		t.Go = gocmd.New(config)
		if facts, err = t.Go.Facts(ctx); err != nil {
			return nil, err
		}
		t.Warnings = append(t.Warnings, fmt.Sprintf("the server's toolchain %s could not be fetched (%s); %s tidies and vendors instead", want, gocmd.LastLine(failed.Stderr), facts.GOVERSION))
	case err != nil:
		return nil, err
	case facts.GOVERSION != want:
		// A go command older than 1.21 does not know GOTOOLCHAIN.
		t.Warnings = append(t.Warnings, fmt.Sprintf("the server's toolchain is %s; the go command here is %s and tidies and vendors instead", want, facts.GOVERSION))
	}
	t.Warnings = append(t.Warnings, recipe.SuffixWarning(server)...)
	t.Warnings = append(t.Warnings, ccompiler.WarnCompiler(server, o.GoEnviron(), facts)...)
	config.Toolchain = ""
	t.Local = gocmd.New(config)
	t.Version, t.Cache = facts.GOVERSION, facts.GOMODCACHE
	return t, nil
}

// Explain adds the next step to errors of the go command.
func (a *Aligner) Explain(err error) error {
	var missing *stage.MissingError
	var failed *gocmd.Error
	var dir *stage.DirectoryError
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
		at := a.relative(name)
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
