package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/again"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/toolexec"
)

// Exit codes, the same for every format (docs/exit-codes.md).
const (
	exitOK      = 0
	exitDiffers = 1 // a difference or mismatch was found
	exitTrouble = 2 // wrong usage, or it could not be done
)

// errDiffers makes pinfix exit with exitDiffers; the report has said why.
var errDiffers = errors.New("differs")

// env is what a command gets from outside.
// It has many methods, three for each command: its flags, its run and what it prints.
type env struct {
	environ []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer

	// question keeps the answer of check for the next time, see package again. A nil one
	// does not.
	question interface {
		Record(files, there []string, indexes []again.Index, stdout, stderr []byte)
	}

	// catch makes a context end with the user's signals. A nil one leaves them alone.
	catch func(context.Context) context.Context

	// configure sets them.
	servers reference.Servers // that flag, environment and .pinfix.yaml name
	typed   []string          // names of flags that neither environment nor .pinfix.yaml has set
	verbose bool              // -v: errors of the go command are shown whole
	set     *[]setting        // flags that they have set; of all modules of a walk
}

// run is pinfix without the process around it. It returns the exit code.
func run(ctx context.Context, environ []string, stdin io.Reader, stdout, stderr io.Writer, args []string) int {
	return (&env{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}).run(ctx, args)
}

func (e *env) run(ctx context.Context, args []string) int {
	if len(args) > 1 && args[1] == toolexec.Name {
		code, err := e.toolexec(args[2:])
		if err != nil {
			e.complain(err)
			return exitTrouble
		}
		return code
	}
	e.wrap()
	e.set = &[]setting{}
	app := e.app()
	args = lateFlags(app, args)
	err := twice(app, args)
	if err == nil {
		err = app.RunContext(ctx, args)
	}
	if exit, ok := err.(cli.ExitCoder); ok {
		// urfave/cli's own, such as help for an unknown command. Not errors.As:
		// a failed go command wraps an *exec.ExitError, which is one too.
		err = &manual.UsageError{Msg: exit.Error()}
	}
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errDiffers):
		return exitDiffers
	}
	e.complain(err)
	e.failed(app, args, err)
	return exitTrouble
}

func (e *env) app() *cli.App {
	app := &cli.App{
		Name:  "pinfix",
		Usage: "make a Go plugin load into one given server",
		Description: `A Go server refuses a plugin unless every package that both link was built from
the same module version, with the same Go release and flags. pinfix reads what the
server was built with, and pins the plugin's modules to it.

   pinfix apply --server ./server --dry-run    # show what would change
   pinfix apply --server ./server              # pin the plugin to the server
   pinfix build --server ./server              # build it as the server was built
   pinfix explain server.log                   # what does this error mean?
   pinfix snapshot --server ./server           # from now on without --server
   pinfix check                                # is it still pinned?
   pinfix hook install                         # no commit undoes the pins

Settings: .pinfix.yaml, next to go.mod or above it, with flags as its keys.
The environment (PINFIX_SERVER) overrides it, and flags override both.

Exit codes: 0 nothing is wrong, or done; 1 a difference, a plugin that would not load,
or no error recognised; 2 wrong usage, or it failed; what failed is unchanged.`,
		Version:                   longVersion(),
		Writer:                    e.stdout,
		ErrWriter:                 e.stderr,
		Commands:                  []*cli.Command{e.applyCommand(), e.checkCommand(), e.buildCommand(), e.compatCommand(), e.verifyCommand(), e.explainCommand(), e.serverCommand(), e.snapshotCommand(), e.upgradeCommand(), e.unpinCommand(), e.hookCommand(), e.completionCommand(), e.helpCommand()},
		HideHelp:                  true, // help.go has its own
		DisableSliceFlagSeparator: true, // a path may hold a comma
		// urfave/cli would exit by itself, with codes of its own.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   onUsageError,
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				if err := manual.WriteHelp(e.stderr, nil, manual.Root(c.App)); err != nil {
					return err
				}
				return &manual.UsageError{Msg: "no command"}
			}
			if c.Args().First() == "version" {
				return e.printVersion(c)
			}
			return manual.UnknownCommand(manual.Root(c.App), "", c.Args().First())
		},
	}
	for _, cmd := range app.Commands {
		prepare(cmd)
		if cmd.Before == nil {
			cmd.Before = e.configure
		}
	}
	return app
}

// prepare keeps urfave/cli's own help and its own words for wrong usage from cmd
// and its subcommands.
func prepare(cmd *cli.Command) {
	cmd.HideHelp, cmd.OnUsageError = true, onUsageError
	for _, sub := range cmd.Subcommands {
		prepare(sub)
	}
}

// noArguments refuses arguments. A command that takes one ./... has taken it before.
func noArguments(c *cli.Context) error {
	args := c.Args().Slice()
	if len(args) == 0 {
		return nil
	}
	if strings.Contains(c.Command.ArgsUsage, "./...") {
		if err := oneWalk(c); err != nil {
			return err
		}
		args = slices.DeleteFunc(args, plugin.IsWalk)
	}
	return &manual.UsageError{Msg: fmt.Sprintf("%s takes no argument %q", c.Command.Name, args[0]), Help: manual.HelpPath(c), Next: insteadOf(c.Command, args[0])}
}

// oneWalk refuses arguments if all of them are a ./..., of which a command takes one.
func oneWalk(c *cli.Context) error {
	if slices.ContainsFunc(c.Args().Slice(), func(arg string) bool { return !plugin.IsWalk(arg) }) {
		return nil
	}
	return &manual.UsageError{Msg: fmt.Sprintf("%s takes one ./..., and %d are given", c.Command.Name, c.NArg()), Help: manual.HelpPath(c), Next: "run it once for each, or for a directory above them: DIR/..."}
}

// insteadOf says how an argument is written that cmd does not take.
func insteadOf(cmd *cli.Command, arg string) string {
	quoted := shell.Quote(arg)
	switch {
	case arg == "help":
		return ""
	case plugin.IsWalk(arg):
		return "name one plugin with -C DIR; apply, check, build and hook take all with ./..."
	case hasFlag(cmd, "server") && reference.NamesServer(arg):
		return "write it as --server " + quoted
	case hasFlag(cmd, "package") && strings.HasSuffix(arg, ".go"):
		return "write it as --package " + quoted
	}
	switch cmd.Name {
	case "server", "snapshot":
		return "name the server with --server"
	case "check", "install", "uninstall", "status":
		return "name the plugin with -C DIR, or all below with ./..."
	}
	return "name the plugin with -C DIR or --package"
}
