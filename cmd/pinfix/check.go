package main

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/again"
	"github.com/pinfix/pinfix/internal/drift"
	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/terminal"
	"github.com/pinfix/pinfix/internal/wants"
)

func (e *env) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "say whether the plugin is still pinned; reads files only",
		ArgsUsage: "[./...]",
		Description: `Reports where a pin was undone. It reads the plugin's files only, without the go
command and without the network, in milliseconds. It finds a problem where
apply --dry-run would change something, and names the file, the line and the fix.

   pinfix check                  # with server.buildinfo next to go.mod
   pinfix check -s ./nakama
   pinfix check --staged         # what git would commit (in a hook)
   pinfix check ./...            # every plugin of the repository
   pinfix check --format github  # annotations in a workflow

Exit codes: 0 pinned, 1 a problem, 2 could not be determined.
---
The kinds of problems are version, replace, go and toolchain (in go.mod), import (a
blank import), sum (go.sum) and vendor (vendor/modules.txt).

If a Go file of the plugin does not parse, check exits 2 and names the place.

check cannot see everything. It does not see an exclude line that you removed by hand,
code that does not compile, or that --conflicts, --cap or --keep have changed since
apply. It compares the content of vendored files only if the module cache has them. If
the go line is below 1.17, it needs vendor/.

If you run the same check again and no file has changed, check answers without reading
the files. It keeps in your cache that nothing was wrong. With --staged, only what is
staged counts.

The server is its program, a snapshot, or an image in docker-archive:, oci-archive: or
oci:, with --platform and --path as for apply. With --vendor never, check does not look
at vendor/.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "server", Aliases: []string{"s"}, Usage: "`REF`: the server: a program, snapshot or archived image"},
			dirFlag(),
			packageFlag(),
			platformFlag(),
			pathFlag(),
			&cli.BoolFlag{Name: "staged", Usage: "check what git would commit, not the working tree"},
			formatFlag("text", "json", "markdown", "github", "sarif"),
			importsFlag(),
			importsFileFlag(),
			vendorFlag(),
		}, lookFlags("with ./..., list also the plugins that are pinned")),
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
	modules := []drift.Options{e.checkOptions(c)}
	var read drift.All
	if walk {
		var err error
		var looked []string
		if modules, err = e.checkedModules(c, func(dir string) { looked = append(looked, dir) }); err != nil {
			return err
		}
		read = drift.All{drift.Walked(looked)}
	}
	for i := range modules {
		if e.question != nil {
			modules[i].Sources = &drift.Sources{}
			read = append(read, modules[i].Sources)
		}
	}
	result, err := flow.Check(c.Context, modules, walk)
	if err != nil {
		return e.unchecked(c, result, err)
	}
	var out, notes bytes.Buffer
	about := *e
	about.stderr = &notes
	about.progress(c).Note(result.Remarks(c.Bool("verbose")))
	if _, err := e.stderr.Write(notes.Bytes()); err != nil {
		return err
	}
	if err := e.showTo(&out, c, result); err != nil {
		return err
	}
	if _, err := e.stdout.Write(out.Bytes()); err != nil {
		return err
	}
	if !result.Aligned {
		return errDiffers
	}
	if files, there, staged, ok := read.Files(); ok && e.question != nil {
		var indexes []again.Index
		for _, s := range staged {
			indexes = append(indexes, again.Index{File: s.File, Below: s.Below, Objects: s.Objects, Read: s.Read})
		}
		e.question.Record(files, there, indexes, out.Bytes(), notes.Bytes())
	}
	return nil
}

// checkedModules are the modules that the argument of c names, each as check looks at
// it. seen is that of [plugin.Modules].
func (e *env) checkedModules(c *cli.Context, seen func(name string)) ([]drift.Options, error) {
	dirs, err := plugin.Modules(c.String("C"), c.Args().First(), seen)
	if err != nil {
		return nil, err
	}
	var modules []drift.Options
	for _, dir := range dirs {
		m := e.checkedModule(c, dir)
		m.Dir, m.Staged = dir, c.Bool("staged")
		modules = append(modules, m)
	}
	return modules, nil
}

// checkedModule is how check looks at the module in dir, with the flags of c.
func (e *env) checkedModule(c *cli.Context, dir string) drift.Options {
	own, sub, err := e.forModule(c, e.checkCommand(), dir)
	if err != nil {
		return drift.Options{Err: err}
	}
	return own.checkOptions(sub)
}

// unchecked prints why modules of a walk were left out or could not be checked, each with
// its next step, and for people what was found in the others. The forms for programs hold
// all or nothing.
func (e *env) unchecked(c *cli.Context, result *report.Check, err error) error {
	if result != nil {
		e.progress(c).Note(result.Remarks(c.Bool("verbose")))
	}
	var some *flow.CheckError
	if !errors.As(err, &some) {
		return err
	}
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
func (e *env) checkOptions(c *cli.Context) drift.Options {
	return drift.Options{Staged: c.Bool("staged"), Get: e.get, Options: wants.Options{
		Flags:       e.typedFlags(c, "platform", "path", "imports", "imports-file", "vendor", "package"),
		Reference:   e.reference(c, terminal.Silent),
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
