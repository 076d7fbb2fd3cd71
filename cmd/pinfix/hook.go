package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/drift"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) hookCommand() *cli.Command {
	sub := func(name, usage, long string, do func(*cli.Context, flow.HookOptions) error, flags ...cli.Flag) *cli.Command {
		return &cli.Command{
			Name: name, Usage: usage, ArgsUsage: "[./...]", Description: long,
			Flags:  append(flags, dirFlag(), quietFlag()),
			Before: e.settle,
			Action: func(c *cli.Context) error {
				walk := ""
				if isWalk(c) {
					walk = c.Args().First()
				} else if err := noArguments(c); err != nil {
					return err
				}
				return do(c, flow.HookOptions{Dir: c.String("C"), Walk: walk, Server: c.String("server"), Version: version(), Environ: e.environ})
			},
		}
	}
	return &cli.Command{
		Name:      "hook",
		Usage:     "install a git pre-commit hook that protects the pins",
		ArgsUsage: "install|uninstall|status",
		Description: `The hook runs pinfix check --staged before each commit, and blocks a commit that undoes
a pin. install writes it to where git looks for hooks, also in a linked worktree or
with core.hooksPath. It never overwrites another hook. If pre-commit or lefthook manage
the hooks, install prints what to put into their configuration.

   pinfix hook install          # for the plugin here
   pinfix hook install ./...    # for every plugin of the repository
   pinfix hook status           # exit 0: the hook is there; 1: it is not
   pinfix hook uninstall ./...  # removes what install wrote

git commit --no-verify skips the hook.

Exit codes: 0 done, or there; 1 not there (status); 2 it failed.`,
		Subcommands: []*cli.Command{
			sub("install", "write the hook", `Writes the pre-commit hook, or adds this plugin to pinfix's hook.

   pinfix hook install                # for the plugin here
   pinfix hook install -s ./nakama    # against this server
   pinfix hook install -C plugins/a   # for a plugin elsewhere in the repository
   pinfix hook install ./...          # for every plugin of the repository

Exit codes: 0 installed, or printed what to add; 2 it failed, for example because another hook is there.`, e.hookInstall,
				&cli.StringFlag{Name: "server", Aliases: []string{"s"}, Usage: "`REF`: the server for the check (default: as check finds it)"}),
			sub("uninstall", "remove the hook", `Removes the check of this plugin from pinfix's pre-commit hook, and the hook itself
when no check is left. It never touches another hook.

   pinfix hook uninstall        # the check of the plugin here
   pinfix hook uninstall ./...  # the checks of all plugins below here

Exit codes: 0 the hook does not check the plugin any more; 2 it failed.`, e.hookUninstall),
			sub("status", "say whether the hook is there", `Says whether the pre-commit hook checks this plugin.

   pinfix hook status
   pinfix hook status ./...  # every plugin of the repository

Exit codes: 0 it does, 1 it does not, 2 could not be determined.`, e.hookStatus),
		},
		Action: func(c *cli.Context) error {
			switch c.Args().First() {
			case "":
				return &manual.UsageError{Msg: "hook: install, uninstall or status?", Help: "hook"}
			case "help":
				return manual.ShowHelp(c, append([]string{"hook"}, c.Args().Tail()...))
			}
			return manual.UnknownCommand(c.Command, "hook", c.Args().First())
		},
	}
}

func (e *env) hookInstall(c *cli.Context, o flow.HookOptions) error {
	r, err := flow.HookInstall(c.Context, o)
	if err != nil {
		return err
	}
	if err := e.tryHook(c, o); err != nil {
		e.progress(c).Warn([]string{"as it is now, the hook refuses each commit: " + err.Error() + "\nfix: " + fault.Next(err)})
	}
	switch {
	case r.Snippet != "":
		e.progress(c).Warn([]string{fmt.Sprintf("%s owns the hooks here; nothing was written. Add this to %s:", r.Manager, r.Path)})
		_, err = fmt.Fprintf(e.stdout, "# pinfix, for %s\n%s", report.Printable(r.Path), r.Snippet)
	case r.Changed:
		_, err = fmt.Fprintf(e.stdout, "installed %s\n", report.Printable(r.Path))
	default:
		_, err = fmt.Fprintf(e.stdout, "already installed: %s\n", report.Printable(r.Path))
	}
	return err
}

// tryHook makes the check of the hook once. Its error is one with which the hook would refuse
// every commit, whatever is staged.
func (e *env) tryHook(c *cli.Context, o flow.HookOptions) error {
	modules := []drift.Options{e.checkedModule(c, o.Dir)}
	if o.Walk != "" {
		var err error
		if modules, err = e.checkedModules(c, nil); err != nil {
			return err
		}
	}
	_, err := flow.Check(c.Context, modules, o.Walk != "")
	var some *flow.CheckError
	if errors.As(err, &some) {
		return some.Errs[0]
	}
	return err
}

func (e *env) hookUninstall(c *cli.Context, o flow.HookOptions) error {
	r, err := flow.HookUninstall(c.Context, o)
	if err != nil {
		return err
	}
	text := "removed " + r.Path
	switch {
	case !r.Changed:
		text = "nothing to remove: " + r.Why
	case len(r.Rest) > 0:
		text = fmt.Sprintf("removed the check from %s, which still checks %s", r.Path, strings.Join(r.Rest, ", "))
	}
	return e.text(c, summary(text))
}

func (e *env) hookStatus(c *cli.Context, o flow.HookOptions) error {
	r, err := flow.HookStatus(c.Context, o)
	if err != nil {
		return err
	}
	text := "installed: " + r.Path
	if !r.Installed {
		text = "not installed: " + r.Why + " (" + r.Path + ")"
	}
	if err := e.text(c, summary(text)); err != nil {
		return err
	}
	if !r.Installed {
		return errDiffers
	}
	return nil
}
