package flow

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/report"
)

// atOnce is how many modules are worked on at a time: each starts go commands
// that use several processors themselves.
const atOnce = 4

// A Module is a module of a walk: what to do there, or why it cannot be.
type Module struct {
	Dir     string
	Options Options
	Err     error // its settings cannot be read
}

// ApplyAll is [Apply] for each module; one that fails does not keep the others
// from being pinned. Modules that are no plugins, or that have no server, are
// skipped with the reason.
func ApplyAll(ctx context.Context, modules []Module) *report.ApplyAll {
	all := &report.ApplyAll{SchemaVersion: 1, Command: "apply", Modules: make([]*report.Apply, len(modules)), Warnings: []string{}}
	all.Errs, all.Dirs = make([]error, len(modules)), make([]string, len(modules))
	parallel(min(atOnce, runtime.GOMAXPROCS(0)), len(modules), func(i int) {
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
	r.Plugin.Dir = Root(m.Dir)
	err := m.Err
	if err == nil {
		r.Skipped, r.Plugin.Module, err = m.skip()
	}
	if err == nil && r.Skipped != "" {
		return r, nil
	}
	if err == nil {
		err = ctx.Err() // not yet begun
	}
	if err == nil {
		var done *report.Apply
		m.Options.walk = true
		if done, err = Apply(ctx, m.Options); err == nil {
			return done, nil
		}
	}
	if r.Error = err.Error(); ctx.Err() != nil {
		r.Error = "interrupted"
	}
	return r, err
}

// skip returns why the module is left alone, and its path.
func (m Module) skip() (why, path string, err error) {
	data, err := bounded.ReadFile(filepath.Join(m.Dir, "go.mod"), bounded.Mod)
	if err != nil {
		return "", "", fault("make it a file that you can read", "%w", err)
	}
	mod, err := parse(data)
	if err != nil {
		return "", "", bounded.Hide(filepath.Join(m.Dir, "go.mod"), err)
	}
	path = mod.Module.Mod.Path
	all := m.Options.Servers.in(m.Dir)
	kind, err := mains.KindOf(m.Dir)
	switch {
	case err != nil:
		return "", path, err
	case kind == mains.Library:
		return "no main package", path, nil
	case kind == mains.Program && !slices.ContainsFunc(all, func(n Named) bool { return n.Own && !n.Above }):
		return "a program, not a plugin: each func main does something (to pin it nevertheless: server: in its .pinfix.yaml)", path, nil
	case len(all) == 0:
		return "no server: neither --server, PINFIX_SERVER, .pinfix.yaml nor server.buildinfo names one", path, nil
	}
	return "", path, nil
}

// Workspaces returns the go.work files that the go command would take for the
// modules: $GOWORK, else the nearest above each. pinfix leaves them out, since a
// plugin that is built in one has other labels.
func Workspaces(modules []string, gowork string) []string {
	switch gowork {
	case "":
	case "off":
		return nil
	default:
		return []string{gowork}
	}
	var out []string
	for _, dir := range modules {
		abs, err := filepath.Abs(dir)
		if err != nil {
			continue
		}
		for up := "."; ; up = filepath.Join(up, "..") {
			name := filepath.Join(dir, up, "go.work")
			if info, err := os.Stat(name); err == nil && !info.IsDir() {
				out = append(out, name)
				break
			}
			if d := filepath.Join(abs, up); d == filepath.Dir(d) {
				break
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// WorkspaceNote says what happens to them; "" where there are none.
func WorkspaceNote(works []string) string {
	if len(works) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: each module is pinned by itself, with GOWORK=off; build the plugins so too", works[0])
}

// WalkError says how a walk ended that did not pin everything.
type WalkError struct {
	Failed, Skipped, All int
	Interrupted          bool
}

func (e *WalkError) Error() string {
	switch {
	case e.Interrupted:
		return fmt.Sprintf("interrupted; %s %s not pinned", report.Of(e.Failed, e.All, "module"), report.Verb(e.Failed, "were"))
	case e.Failed > 0:
		return report.Of(e.Failed, e.All, "module") + " could not be pinned"
	}
	return fmt.Sprintf("no plugin with a server among the modules (%d)", e.All)
}

// NextStep says what the user can do.
func (e *WalkError) NextStep() string {
	switch {
	case e.Interrupted:
		return "run it again: what was pinned stays so"
	case e.Failed > 0:
		return "follow the fix of each one above, and run it again"
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
			e.Skipped++
		}
	}
	if e.Failed > 0 || e.Skipped == e.All {
		return e
	}
	return nil
}
