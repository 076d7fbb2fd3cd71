package main

import (
	"errors"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) checkCommand() *cli.Command {
	look := lookFlags()
	look[len(look)-1] = &cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "list the plugins of ./... that are pinned as well"}
	return &cli.Command{
		Name:      "check",
		Usage:     "tell whether the plugin is still pinned, from its files alone",
		UsageText: "pinfix check --server FILE [options] [./...]",
		Description: `Looks for what has undone a pin: versions, replacements, the go and toolchain
lines, blank imports, go.sum, vendor/modules.txt. It runs neither the go command
nor anything that needs the network, and takes milliseconds: made for hooks. It
finds a problem where pinfix apply --dry-run would change something, and names
file, line and the command that mends it.

   pinfix check                      with server.buildinfo beside go.mod
   pinfix check --staged             what git would commit (in a hook)
   pinfix check ./...                every plugin of the repository
   pinfix check --format github      annotations in a workflow

KINDS of problems: version, replace, go, toolchain, import, sum, vendor.

What it does not look at: what vendored files hold, exclude lines that were taken
out by hand, and whether --conflicts, --cap or --keep are others than when apply
wrote. For a go.mod with a go line below 1.17 it needs vendor/.

EXIT CODES: 0 pinned, 1 a problem, 2 it could not be told.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "server", Aliases: []string{"s"}, Usage: "the server, `REF`: its program or a snapshot (else $PINFIX_SERVER, then server: of .pinfix.yaml, then server.buildinfo beside go.mod)"},
			dirFlag(),
			&cli.StringSliceFlag{Name: "package", Usage: "a main package or a Go file of one, `PKG|FILE`, as for apply (repeatable)"},
			&cli.StringFlag{Name: "platform", Usage: "as for apply, of a docker-archive:, oci-archive: or oci:"},
			&cli.StringFlag{Name: "path", Usage: "as for apply, of a docker-archive:, oci-archive: or oci:"},
			&cli.BoolFlag{Name: "staged", Usage: "look at git's index instead of the working tree"},
			formatFlag("text, json, markdown, github, sarif"),
			&cli.StringFlag{Name: "imports", Value: "auto", Usage: "as for apply: auto, none"},
			&cli.StringFlag{Name: "imports-file", Usage: "as for apply"},
			&cli.StringFlag{Name: "vendor", Value: "auto", Usage: "as for apply: auto, always, never (leave vendor/ alone)"},
		}, look),
		Action: e.check,
	}
}

func (e *env) check(c *cli.Context) error {
	walk := isWalk(c)
	if !walk {
		if err := noArguments(c); err != nil {
			return err
		}
	}
	for flag, values := range map[string][]string{
		"format":  {"text", "json", "markdown", "github", "sarif"},
		"imports": choices["imports"],
		"vendor":  choices["vendor"],
		"color":   {"auto", "always", "never"},
	} {
		if err := oneOf(c, flag, values...); err != nil {
			return err
		}
	}
	modules := []flow.CheckOptions{e.checkOptions(c)}
	if walk {
		dirs, err := flow.Modules(c.String("C"), c.Args().First())
		if err != nil {
			return err
		}
		modules = nil
		for _, dir := range dirs {
			own, sub, err := e.forModule(c, e.checkCommand(), dir)
			m := flow.CheckOptions{Err: err}
			if err == nil {
				m = own.checkOptions(sub)
			}
			m.Dir, m.Staged = dir, c.Bool("staged")
			modules = append(modules, m)
		}
	}
	result, err := flow.Check(c.Context, modules, walk)
	if err != nil {
		return e.unchecked(c, result, err)
	}
	e.progress(c).note(result.Notes)
	if err := e.show(c, result); err != nil {
		return err
	}
	if !result.Aligned {
		return errDiffers
	}
	return nil
}

// unchecked prints why modules of a walk could not be checked, each with its next
// step, and for people what was found in the others. The forms for programs hold
// all or nothing.
func (e *env) unchecked(c *cli.Context, result *report.Check, err error) error {
	var some *flow.CheckError
	if !errors.As(err, &some) {
		return err
	}
	e.progress(c).note(result.Notes)
	for _, one := range some.Errs {
		e.complain(one)
	}
	if c.String("format") == "text" && len(result.Plugins) > 0 {
		if err := e.show(c, result); err != nil {
			return err
		}
	}
	return err
}

// checkOptions is what c asks for. Nothing that check does takes long enough to
// say so.
func (e *env) checkOptions(c *cli.Context) flow.CheckOptions {
	return flow.CheckOptions{Staged: c.Bool("staged"), Get: e.get, Options: flow.Options{
		Flags:       e.typedFlags(c, "platform", "path", "imports", "imports-file", "vendor", "package"),
		Reference:   e.reference(c, silent),
		Packages:    c.StringSlice("package"),
		Imports:     c.String("imports"),
		ImportsFile: c.String("imports-file"),
		Vendor:      c.String("vendor"),
	}}
}

// A reviewed result has the forms that reviews and scripts read.
type reviewed interface {
	Text(w io.Writer, st report.Style) error
	Markdown(w io.Writer) error
	GitHub(w io.Writer) error
	SARIF(w io.Writer) error
}

// show writes a result in the form that --format names.
func (e *env) show(c *cli.Context, r reviewed) error {
	switch c.String("format") {
	case "json":
		return report.JSON(e.stdout, r)
	case "markdown":
		return r.Markdown(e.stdout)
	case "github":
		return r.GitHub(e.stdout)
	case "sarif":
		return r.SARIF(e.stdout)
	}
	return r.Text(e.stdout, e.style(c))
}
