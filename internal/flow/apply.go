// Package flow has one function for each command of pinfix. [Apply] is the main
// one: target -> plan -> stage -> tidy and vendor -> check -> commit, where each
// step hands one value to the next.
package flow

import (
	"context"
	"errors"
	"fmt"
	"go/version"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// Options are what pinfix apply was asked for; the strings are the values of
// its flags.
type Options struct {
	Reference
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
	lookOnly bool

	kept *kept.Store // what earlier runs have found out; nil: nothing
}

// Apply makes the plugin load into the server. Nothing in the plugin's tree is
// touched before the commit at the end, and nothing at all with DryRun. Where the
// plugin's own code does not compile, the report of a dry run has its Summary alone.
func Apply(ctx context.Context, o Options) (*report.Apply, error) {
	lock, err := acquire(ctx, o)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	plugin, err := readPlugin(o.Dir, o.Packages, o.ImportsFile)
	if err != nil {
		return nil, err
	}
	o.Step("reading the server")
	if o.Servers.isModule(plugin.root) {
		return nil, o.Servers[0].blame(fault.New("name another directory, or the server's program", "server %s: that is the plugin itself", o.Servers[0].Ref))
	}
	server, named, err := o.read(ctx, plugin.root)
	if err != nil {
		return nil, err
	}
	p, err := makePlan(ctx, o, plugin, server)
	if places := editPlaces(err); o.DryRun && len(places) > 0 {
		return &report.Apply{Summary: doesNotCompile(serverName(server), places)}, err
	}
	if err != nil {
		return nil, err
	}
	defer p.stage.Close()
	set, aligned := p.set, p.aligned
	o.setAside(plugin.root, set.a.serverSource != nil)
	result := set.report(server, p.tool)
	if o.DryRun && !result.Aligned {
		result.Summary = p.outlook().sentence()
	}
	o.stays = set.naming != nil && !set.naming.byHand
	if err := compare(ctx, o.Reference, plugin.root, named, server, aligned.listing, result); err != nil {
		return nil, err
	}
	if err := commit.Check(set.tree, brought(ctx, o.Environ)); err != nil {
		return nil, unwritten(err, plugin.root)
	}
	if o.DryRun || result.Aligned {
		return result, nil
	}
	o.Step("writing")
	if err := set.write(ctx, lock); err != nil {
		return nil, unwritten(err, plugin.root)
	}
	result.Guide = set.guide(ctx, named)
	return result, nil
}

// unwritten adds the next step to an error of the commit.
func unwritten(err error, root string) error {
	var changed *commit.ChangedError
	var since *commit.ChangedSinceError
	var halfway *commit.HalfwayError
	var path *commit.PathError
	var busy *commit.BusyError
	if errors.As(err, &path) || errors.As(err, &busy) || errors.As(err, &changed) || errors.As(err, &since) || errors.As(err, &halfway) || errors.Is(err, context.Canceled) {
		return err
	}
	err = fmt.Errorf("%w; nothing was changed", err)
	if errors.Is(err, syscall.ENOSPC) {
		return fault.With(err, "make room on that disk, and run pinfix again")
	}
	return fault.With(err, "make the files in "+root+" writable, and run pinfix again")
}

// toolchain is the go command to stage with.
type toolchain struct {
	go_      *gocmd.Go
	local    *gocmd.Go // the user's own choice; nil: go_ is it
	version  string    // of go_, "go1.23.5"
	cache    string    // GOMODCACHE
	warnings []string
}

// chooseToolchain takes the server's own Go release, or the local one with a
// warning where that could not be fetched.
func chooseToolchain(ctx context.Context, o Options, server *pinner.Server, root string) (*toolchain, error) {
	set := []string{"CGO_ENABLED=1"}
	t := &toolchain{}
	if goos, goarch, ok := server.Platform(); ok {
		set = append(set, "GOOS="+goos, "GOARCH="+goarch)
	} else {
		t.warnings = append(t.warnings, "the server's build info does not name its platform; this machine's is assumed")
	}
	want := "go" + server.GoVersion()
	config := gocmd.Config{Dir: root, Toolchain: want, Environ: o.environ(), Set: set, Log: o.Log, Count: o.Count}
	t.go_ = gocmd.New(config)
	facts, err := t.go_.FactsOf(ctx, o.kept)
	var failed *gocmd.Error
	switch {
	case errors.As(err, &failed):
		// The toolchain is not on the proxy, or there is no network.
		config.Toolchain = "local"
		t.go_ = gocmd.New(config)
		if facts, err = t.go_.Facts(ctx); err != nil {
			return nil, err
		}
		t.warnings = append(t.warnings, fmt.Sprintf("the server's toolchain %s could not be fetched (%s); %s tidies and vendors instead", want, lastLine(failed.Stderr), facts.GOVERSION))
	case err != nil:
		return nil, err
	case facts.GOVERSION != want:
		// A go command older than 1.21 does not know GOTOOLCHAIN.
		t.warnings = append(t.warnings, fmt.Sprintf("the server's toolchain is %s; the go command here is %s and tidies and vendors instead", want, facts.GOVERSION))
	}
	t.warnings = append(t.warnings, suffixWarning(server)...)
	t.warnings = append(t.warnings, warnCompiler(server, o.environ(), facts)...)
	config.Toolchain = ""
	t.local = gocmd.New(config)
	t.version, t.cache = facts.GOVERSION, facts.GOMODCACHE
	return t, nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "go: ")
}

// explain adds the next step to errors of the go command.
func (a *aligner) explain(err error) error {
	var missing *stage.MissingError
	var failed *gocmd.Error
	var dir *stage.DirectoryError
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
		for _, r := range a.plugin.now.Replace {
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
		return fault.With(err, nextAfter(failed, filepath.Join(a.plugin.root, "go.mod")))
	}
	return err
}

// tooNewDirectory reports whether one of the modules is a directory, whose go line the
// user can lower.
func tooNewDirectory(e *pinner.TooNewError) bool {
	return slices.ContainsFunc(e.Modules, func(m pinner.TooNew) bool { return m.Dir != "" })
}

// goLines names the go lines of directories that go.mod replaces modules by.
func (a *aligner) goLines(e *pinner.TooNewError) error {
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
			name = filepath.Join(a.plugin.root, name)
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

// nextAfter says what to do about a go command that failed.
func nextAfter(failed *gocmd.Error, mod string) string {
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
