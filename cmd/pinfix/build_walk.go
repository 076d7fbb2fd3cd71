package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/report"
)

// buildAll builds the plugins of every module that the argument stands for.
func (e *env) buildAll(c *cli.Context, form string) error {
	for _, flag := range []string{"o", "print", "pin"} {
		if c.IsSet(flag) {
			return &manual.UsageError{Msg: manual.Dashed(flag) + " is for one module", Help: "build", Next: "name it with -C"}
		}
	}
	dirs, err := plugin.Modules(c.String("C"), c.Args().First(), nil)
	if err != nil {
		return err
	}
	p := e.progress(c)
	var modules []flow.BuildModule
	for _, dir := range dirs {
		own, sub, err := e.forModule(c, e.buildCommand(), dir)
		m := flow.BuildModule{Dir: dir, Err: err}
		if m.Err == nil {
			m.Options, m.Err = own.buildOptions(sub, p.Of(dir), sub.StringSlice("package"), form)
		}
		if m.Err == nil && m.Options.Servers.Several() {
			m.Err = &manual.UsageError{Msg: "several servers are named", Help: "build", Next: "build this module by itself, with -C"}
		}
		modules = append(modules, m)
	}
	result := flow.BuildAll(c.Context, modules)
	p.Done()
	for i := range result.Modules {
		if err := result.Errs[i]; err != nil && c.Context.Err() == nil {
			result.Modules[i].Error = e.textOf(err)
		}
	}
	if note := flow.WorkspaceNote(plugin.Workspaces(dirs, e.get("GOWORK"))); note != "" {
		p.Warn([]string{note})
	}
	if err := c.Context.Err(); err != nil && !result.Wrote() {
		return err
	}
	for i, m := range result.Modules {
		if err := result.Errs[i]; err != nil && c.Context.Err() == nil {
			e.complain(fmt.Errorf("%s: %w", m.Dir, err))
		}
		if m.Build != nil {
			p.Of(m.Dir).Warn(m.Build.Warnings)
		}
	}
	if c.String("format") == "json" {
		err = report.JSON(e.stdout, result)
	} else {
		err = e.text(c, result)
	}
	if err != nil {
		return err
	}
	if err := flow.BuildTrouble(c.Context, result); err != nil {
		return err
	}
	if !result.Loads() {
		return errDiffers
	}
	return nil
}
