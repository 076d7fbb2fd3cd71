package flow

import (
	"context"
	"fmt"
	"runtime"

	"github.com/pinfix/pinfix/internal/parallel"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/wants"
)

// A Module is a module of a walk: what to do there, or why it cannot be.
type Module struct {
	Dir     string
	Options wants.Options
	Err     error // its settings cannot be read
}

// ApplyAll is [Apply] for each module; one that fails does not keep the others
// from being pinned. Modules that are no plugins, or that have no server, are
// skipped with the reason.
func ApplyAll(ctx context.Context, modules []Module) *report.ApplyAll {
	all := &report.ApplyAll{SchemaVersion: 1, Command: "apply", Modules: make([]*report.Apply, len(modules)), Warnings: []string{}}
	all.Errs, all.Dirs = make([]error, len(modules)), make([]string, len(modules))
	parallel.Do(min(parallel.AtOnce, runtime.GOMAXPROCS(0)), len(modules), func(i int) {
		all.Dirs[i] = modules[i].Dir
		all.Modules[i], all.Errs[i] = modules[i].apply(ctx)
		if step := modules[i].Options.Step; step != nil {
			step("") // others may still go on
		}
	})
	return all
}

func (m Module) apply(ctx context.Context) (*report.Apply, error) {
	r := report.NewApply(m.Options.DryRun)
	r.Plugin.Dir = plugin.Root(m.Dir)
	err := m.Err
	if err == nil {
		r.Skipped, r.Plugin.Module, err = reference.Skip(m.Dir, m.Options.Servers, nil)
	}
	if err == nil && r.Skipped != "" {
		return r, nil
	}
	if err == nil {
		err = ctx.Err() // not yet begun
	}
	if err == nil {
		var done *report.Apply
		m.Options.Walk = true
		if done, err = Apply(ctx, m.Options); err == nil {
			return done, nil
		}
	}
	if r.Error = err.Error(); ctx.Err() != nil {
		r.Error = "interrupted"
	}
	return r, err
}

// WorkspaceNote says what happens to them; "" where there are none.
func WorkspaceNote(works []string) string {
	if len(works) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: each module is pinned by itself, with GOWORK=off; build the plugins with GOWORK=off too", works[0])
}

// WalkError says how a walk ended that did not pin everything.
type WalkError struct {
	Failed, Skipped, All int
	Plugins              int // of those skipped: the plugins that no server is named for
	Interrupted          bool
}

// skip counts a module that is left alone, and why.
func (e *WalkError) skip(why string) {
	e.Skipped++
	if why == reference.NoServer {
		e.Plugins++
	}
}

func (e *WalkError) Error() string {
	switch {
	case e.Interrupted:
		return fmt.Sprintf("interrupted; %s %s not pinned", report.Of(e.Failed, e.All, "module"), report.Verb(e.Failed, "were"))
	case e.Failed > 0:
		return report.Of(e.Failed, e.All, "module") + " could not be pinned"
	}
	if e.Plugins == 0 {
		return fmt.Sprintf("no plugin here (%s found)", report.Count(e.All, "module"))
	}
	return fmt.Sprintf("no plugin here names a server (%s found)", report.Count(e.All, "module"))
}

// NextStep says what the user can do.
func (e *WalkError) NextStep() string {
	switch {
	case e.Interrupted:
		return "run it again: what was pinned stays so"
	case e.Failed > 0:
		return "follow the fix of each one above, and run it again"
	case e.Plugins == 0:
		return "name the directory of a plugin with -C"
	}
	return "name one with --server, or in each plugin's .pinfix.yaml"
}

// Trouble returns a *WalkError if all is not well: a module failed, or none was
// looked at.
func Trouble(ctx context.Context, r *report.ApplyAll) error {
	e := &WalkError{All: len(r.Modules), Interrupted: ctx.Err() != nil}
	for i, m := range r.Modules {
		switch {
		case r.Errs[i] != nil:
			e.Failed++
		case m.Skipped != "":
			e.skip(m.Skipped)
		}
	}
	if e.Failed > 0 || e.Skipped == e.All {
		return e
	}
	return nil
}
