package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/page"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/terminal"
	"github.com/pinfix/pinfix/internal/wants"
)

func (e *env) applyCommand() *cli.Command {
	return &cli.Command{
		Name:      "apply",
		Usage:     "pin the plugin's modules to the server's versions",
		ArgsUsage: "[./...]",
		Description: `Pins the plugin's modules to the server's versions. Writes go.mod, go.sum, vendor/
and blank imports: all of that or nothing. pinfix unpin reverts it.

   pinfix apply -s ./nakama -n                     # show the change first
   pinfix apply -s ./nakama                        # write it
   pinfix apply -s image:heroiclabs/nakama:3.26.0  # the server in an image
   pinfix apply -s ./nakama -n --format patch      # a patch for git apply
   pinfix apply -s ./nakama -n --format html -o plan.html  # a page
   pinfix apply -s mod:example.com/server@v1.4.0 -n  # from the module proxy
   pinfix apply ./...                              # every plugin below here

Exit codes: 0 applied, or already pinned; 1 -n found a change; 2 it failed.
---
Lines that pinfix writes into go.mod (require, exclude, replace, go, toolchain) end in
"// pinfix". Your own lines do not change.

Without --package, apply pins the plugins of the module: its main packages that export
a function or a variable, or all of its main packages if none does.

--conflicts auto lowers or raises those of your modules that do not compile with the
server's versions. keep only excludes the newer versions that they require. downgrade
lowers every module that requires more than the server has. fail reports them and stops.

--vendor auto writes vendor/, except if a vendored plugin could not load, or if there is
no vendor/ and git ignores it. --imports-file is relative to -C, and is made if it is
missing. --server-source is the server's source at its commit; with it, apply writes a
go.work.

--format patch is complete, for git apply. html is a page. markdown, github and sarif
are for reviews. html, markdown, github and sarif need --dry-run.

./... (or DIR/...) looks for modules in every directory except vendor, testdata and
those that begin with . or _, and pins each to the server that it names. apply skips
libraries, programs and modules without a server, and says so. It exits 2 if one module
failed or none has a server, else 1 if one differs (--dry-run), else 0.`,
		Flags: slices.Concat(serverFlags(), []cli.Flag{
			dirFlag(),
			packageFlag(),
			dryRunFlag(),
			formatFlag("text", "json", "patch", "html", "markdown", "github", "sarif"),
			pageFlag(),
		}, planFlags(), []cli.Flag{
			importsFlag(),
			importsFileFlag(),
			serverSourceFlag(),
			vendorFlag(),
			fullFlag(),
		}, lookFlags(goCommands)),
		Action: e.apply,
	}
}

func (e *env) apply(c *cli.Context) error {
	walk := isWalk(c)
	if !walk {
		if err := noArguments(c); err != nil {
			return err
		}
	}
	if format := c.String("format"); !c.Bool("dry-run") && format != "text" && format != "json" && format != "patch" {
		return &manual.UsageError{Msg: "--format " + format + " shows what would change, and is for --dry-run", Help: "apply", Next: "add --dry-run"}
	}
	if err := e.checkPage(c); err != nil {
		return err
	}
	if walk {
		return e.applyAll(c)
	}
	return e.applyOne(c, false)
}

// applyOne pins one module, and makes it name its server with upgrade.
func (e *env) applyOne(c *cli.Context, upgrade bool) error {
	file, err := pageFile(c)
	if err != nil {
		return err
	}
	p := e.progress(c)
	o := e.applyOptions(c, p)
	o.Upgrade, o.Version = upgrade, version()
	result, err := flow.Apply(c.Context, o)
	p.Done()
	if err != nil {
		if result != nil && c.String("format") == "text" {
			_ = e.text(c, summary(result.Summary))
		}
		return err
	}
	warnings := result.Warnings
	if c.String("format") == "text" {
		warnings = result.Others()
	}
	p.Warn(warnings)
	if c.Bool("quiet") {
		result.Guide = nil
	}
	switch {
	case c.String("format") == "html":
		err = e.printPage(c, p, file, result)
	case c.String("format") == "patch":
		_, err = e.stdout.Write(result.Patch)
	default:
		err = e.show(c, result)
	}
	if err != nil {
		if !result.DryRun {
			err = fmt.Errorf("the plugin is pinned, but the report could not be printed: %w", err)
		}
		return err
	}
	p.Log(fmt.Sprintf("%d go commands", result.GoCalls))
	if result.DryRun && !result.Aligned {
		return errDiffers
	}
	return nil
}

// applyOptions is what c asks for.
func (e *env) applyOptions(c *cli.Context, p *terminal.Progress) wants.Options {
	return wants.Options{
		Reference:   e.reference(c, p),
		Flags:       e.typedFlags(c, "platform", "path", "offline", "package", "conflicts", "cap", "keep", "imports", "imports-file", "server-source", "vendor"),
		Packages:    c.StringSlice("package"),
		DryRun:      c.Bool("dry-run"),
		Full:        c.Bool("full"),
		Patch:       c.String("format") == "patch",
		Conflicts:   c.String("conflicts"),
		Caps:        c.StringSlice("cap"),
		Keep:        c.StringSlice("keep"),
		Imports:     c.String("imports"),
		ImportsFile: c.String("imports-file"),
		Vendor:      c.String("vendor"),

		ServerSource: c.String("server-source"),
	}
}

// now is the time that a page says: SOURCE_DATE_EPOCH, as for reproducible builds, or the
// clock's.
func (e *env) now() time.Time {
	if n, err := strconv.ParseInt(e.get("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(n, 0)
	}
	return time.Now()
}

// printPage writes the page of a dry run, and says where it is.
func (e *env) printPage(c *cli.Context, p *terminal.Progress, file *flow.Page, result *report.Apply) error {
	result.Made = report.Made{When: e.now(), Version: version(), Commit: flow.Commit(c.Context, c.String("C"), e.environ)}
	return e.writePage(c, p, file, func(w io.Writer) error { return page.Apply(w, result) })
}
