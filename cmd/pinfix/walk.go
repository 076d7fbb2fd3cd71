package main

import (
	"flag"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/terminal"
)

// isWalk reports whether the one argument stands for all modules below a directory. That
// of build may stand for packages of the one module there is, as for go build.
func isWalk(c *cli.Context) bool {
	if c.NArg() != 1 || !plugin.IsWalk(c.Args().First()) {
		return false
	}
	if c.Command.Name != "build" {
		return true
	}
	dirs, err := plugin.Modules(c.String("C"), c.Args().First(), nil)
	return err == nil && (len(dirs) > 1 || !plugin.IsRoot(c.String("C"), dirs[0]))
}

// forModule returns c's command line for the module in dir, with its own
// settings. cmd is the command once more, for flags without values.
func (e *env) forModule(c *cli.Context, cmd *cli.Command, dir string) (*env, *cli.Context, error) {
	set := flag.NewFlagSet(cmd.Name, flag.ContinueOnError)
	for _, f := range cmd.Flags {
		if err := f.Apply(set); err != nil {
			return nil, nil, err
		}
	}
	sub := cli.NewContext(c.App, set, nil)
	sub.Context, sub.Command = c.Context, cmd
	for _, f := range cmd.Flags {
		name := f.Names()[0]
		if !c.IsSet(name) {
			continue
		}
		values := []string{fmt.Sprint(c.Value(name))}
		if _, ok := f.(*cli.StringSliceFlag); ok {
			values = c.StringSlice(name)
		}
		for _, v := range values {
			if err := sub.Set(name, v); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := sub.Set("C", dir); err != nil {
		return nil, nil, err
	}
	own := *e
	return &own, sub, own.configure(sub)
}

// applyAll pins every module that the argument stands for.
func (e *env) applyAll(c *cli.Context) error {
	if format := c.String("format"); format != "text" && format != "json" {
		return &manual.UsageError{Msg: "--format " + format + " is for one module", Help: c.Command.Name, Next: "name it with -C"}
	}
	dirs, err := plugin.Modules(c.String("C"), c.Args().First(), nil)
	if err != nil {
		return err
	}
	p := e.progress(c)
	var modules []flow.Module
	for _, dir := range dirs {
		own, sub, err := e.forModule(c, e.applyCommand(), dir)
		m := flow.Module{Dir: dir, Err: err}
		if err == nil {
			m.Options = own.applyOptions(sub, p.Of(dir))
		}
		m.Options.DryRun = c.Bool("dry-run")
		modules = append(modules, m)
	}
	result := flow.ApplyAll(c.Context, modules)
	if i := slices.IndexFunc(modules, func(m flow.Module) bool { return m.Err == nil }); i >= 0 {
		result.Write = modules[i].Options.ApplyLine(c.String("C")) + " " + shell.Quote(c.Args().First())
	}
	p.Done()
	for i, m := range result.Modules {
		if err := result.Errs[i]; err != nil && c.Context.Err() == nil {
			m.Error = e.textOf(err)
		}
	}
	if note := flow.WorkspaceNote(plugin.Workspaces(dirs, e.get("GOWORK"))); note != "" {
		result.Warnings = append(result.Warnings, note)
	}
	return e.showAll(c, p, result)
}

// showAll prints what happened to the modules, those that failed on stderr too,
// with the next step.
func (e *env) showAll(c *cli.Context, p *terminal.Progress, r *report.ApplyAll) error {
	if err := c.Context.Err(); err != nil && !r.Wrote() {
		return err
	}
	p.Warn(r.Warnings)
	for i, m := range r.Modules {
		p.Of(r.Dirs[i]).Warn(m.Warnings)
		if err := r.Errs[i]; err != nil && c.Context.Err() == nil {
			e.complain(fmt.Errorf("%s: %w", r.Dirs[i], err))
		}
	}
	var err error
	if c.String("format") == "json" {
		err = report.JSON(e.stdout, r)
	} else {
		err = e.text(c, r)
	}
	if err != nil {
		return err
	}
	if err := flow.Trouble(c.Context, r); err != nil {
		return err
	}
	if r.Differs() {
		return errDiffers
	}
	return nil
}
