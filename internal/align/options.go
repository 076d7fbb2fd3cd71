// Package flow has one function for each command of pinfix. [Apply] is the main
// one: target -> plan -> stage -> tidy and vendor -> check -> commit, where each
// step hands one value to the next.
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
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/pinner"
)

// Options are what pinfix apply was asked for; the strings are the values of
// its flags.
type Options struct {
	reference.Reference
	Flags       []string // what was typed of these and of Reference but the server, as words
	Packages    []string // main packages or files of them; none: the plugins of the module
	DryRun      bool
	Full        bool // the whole vendor diff
	Patch       bool // the report should hold the complete patch
	Conflicts   string
	Caps        []string // MODULE@VERSION
	Keep        []string // modules
	Imports     string
	ImportsFile string
	Vendor      string

	// ServerSource is the directory of the server's source, for a plugin that
	// imports the server's own packages.
	ServerSource string

	// Upgrade makes the plugin's repository name the server as well, in the same
	// commit. Version is pinfix's own, for the snapshot.
	Upgrade bool
	Version string

	// lookOnly makes a plan that is never written: vendor/ is read, where it alone has a
	// module, and no new one is made.
	LookOnly bool

	Kept *kept.Store // what earlier runs have found out; nil: nothing
}

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
func ChooseToolchain(ctx context.Context, o Options, server *pinner.Server, root string) (*Toolchain, error) {
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
	var missing *fetch.MissingError
	var failed *gocmd.Error
	var dir *fetch.DirectoryError
	var tooNew *pinner.TooNewError
	if errors.As(err, &missing) || errors.As(err, &failed) || errors.As(err, &dir) {
		if err := a.unloadable(err); err != nil {
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
		return fault.With(err, NextAfter(failed, filepath.Join(a.Plugin.Root, "go.mod")))
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

// sourceRE is the place of a fault in a Go file.
var sourceRE = pattern.New(`(?m)^\S+\.go:[0-9]+:`)

// NextAfter says what to do about a go command that failed.
func NextAfter(failed *gocmd.Error, mod string) string {
	if next := failed.NextStep(); next != "" {
		return next
	}
	if strings.Contains(failed.Stderr, "malformed go.sum") {
		return "correct go.sum, or remove it and run go mod tidy"
	}
	if sourceRE.MatchString(failed.Stderr) {
		return "correct the code, and run pinfix again"
	}
	return "correct " + mod + ", and run pinfix again"
}

// ApplyLine is the command line that does what o asks for to the plugin in dir.
func (o Options) ApplyLine(dir string) string {
	cmd := "pinfix apply"
	switch {
	case o.Upgrade:
		cmd = "pinfix upgrade " + shell.Quote(o.Servers[0].Ref)
	case len(o.Servers) > 0 && o.Servers[0].From == "--server":
		cmd += " --server " + shell.Quote(o.Servers[0].Ref)
	}
	if dir != "." {
		cmd += " -C " + shell.Quote(dir)
	}
	for _, word := range o.Flags {
		cmd += " " + shell.Quote(word)
	}
	return cmd
}
