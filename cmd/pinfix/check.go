package main

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "tell whether the plugin is still pinned, from its files alone",
		ArgsUsage: "[./...]",
		Description: `Looks in the plugin's files for what has undone a pin: without the go command,
without the network, in milliseconds. It finds a problem where apply --dry-run would
change something, and names file, line and the command that fixes it.

   pinfix check                  # with server.buildinfo next to go.mod
   pinfix check -s ./nakama
   pinfix check --staged         # what git would commit (in a hook)
   pinfix check ./...            # every plugin of the repository
   pinfix check --format github  # annotations in a workflow

Exit codes: 0 pinned, 1 a problem, 2 it could not be determined.
---
The kinds of problems are version, replace, go, toolchain, import, sum and vendor:
what is in go.mod, the blank imports, go.sum, and vendor/modules.txt.

What it does not look at: what vendored files hold, exclude lines that were taken
out by hand, and whether --conflicts, --cap or --keep are others than when apply
wrote. For a go.mod with a go line below 1.17 it needs vendor/.

The server is its program or a snapshot, or an image in a docker-archive:, an
oci-archive: or an oci: directory, with --platform and --path as for apply. With
--vendor never it leaves vendor/ alone.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "server", Aliases: []string{"s"}, Usage: "`REF`: the server's program, snapshot or archived image"},
			dirFlag(),
			packageFlag(),
			&cli.StringFlag{Name: "platform", Usage: "take the archived image for `OS/ARCH`"},
			&cli.StringFlag{Name: "path", Usage: "the server program is `PATH` in the image"},
			&cli.BoolFlag{Name: "staged", Usage: "look at git's index instead of the working tree"},
			formatFlag("text", "json", "markdown", "github", "sarif"),
			importsFlag(),
			&cli.StringFlag{Name: "imports-file", Usage: "`FILE`: it has the blank imports, as for apply"},
			vendorFlag(),
		}, lookFlags("list the plugins of ./... that are pinned as well")),
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
	var read *flow.Sources
	if !walk && e.question != nil {
		read = &flow.Sources{}
		modules[0].Sources = read
	}
	result, err := flow.Check(c.Context, modules, walk)
	if err != nil {
		return e.unchecked(c, result, err)
	}
	e.progress(c).note(result.Notes)
	var out bytes.Buffer
	if err := e.showTo(&out, c, result); err != nil {
		return err
	}
	if _, err := e.stdout.Write(out.Bytes()); err != nil {
		return err
	}
	if !result.Aligned {
		return errDiffers
	}
	if files, there, ok := read.Files(); ok && len(result.Notes) == 0 {
		e.question.Record(files, there, out.Bytes())
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
func (e *env) show(c *cli.Context, r reviewed) error { return e.showTo(e.stdout, c, r) }

// showTo writes to w what show writes to stdout.
func (e *env) showTo(w io.Writer, c *cli.Context, r reviewed) error {
	switch c.String("format") {
	case "json":
		return report.JSON(w, r)
	case "markdown":
		return r.Markdown(w)
	case "github":
		return r.GitHub(w)
	case "sarif":
		return r.SARIF(w)
	}
	return e.textTo(w, c, r)
}
