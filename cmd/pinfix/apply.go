package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) applyCommand() *cli.Command {
	return &cli.Command{
		Name:      "apply",
		Usage:     "pin the plugin's modules to what the server has",
		ArgsUsage: "[./...]",
		Description: `Writes go.mod, blank imports in the plugin's entry file, go.sum and vendor/: all
of it, or nothing. A second apply changes nothing.

   pinfix apply -s ./nakama -n                     # show the change first
   pinfix apply -s ./nakama                        # write it
   pinfix apply -s image:heroiclabs/nakama:3.26.0  # the server in an image
   pinfix apply -s ./nakama -n --format patch      # a patch for git apply
   pinfix apply -s ./nakama -n --format html -o plan.html  # a page to look at
   pinfix apply -s mod:example.com/server@v1.4.0 -n  # a newer one
   pinfix apply ./...                              # every plugin below

Exit codes: 0 applied, or as it should be; 1 -n found a change; 2 it failed.
---
Lines that pinfix sets in go.mod (require, exclude, replace, go, toolchain) carry
"// pinfix"; your own stay as they are.

Without --package the plugins of the module are pinned: its main packages that export
a function or a variable, or all of them if none does.

Of --conflicts, auto lowers those modules that do not compile with what the server
has, keep only excludes what they ask for, downgrade lowers all that ask for more,
and fail reports them and stops. --vendor auto writes vendor/ unless a vendored
plugin cannot load, or git ignores a vendor/ that is not there. --imports-file is relative to -C. --server-source is the server's
source at its commit: with it a go.work is written.

--format patch is complete, for git apply; html is a page; markdown, github and sarif are
for reviews. They go with --dry-run.

./... (or DIR/...) looks for modules in every directory but vendor, testdata and
those that begin with . or _, and pins each to the server that it names. Libraries,
programs and modules without a server are skipped and say so. The exit code is 2 if
one failed or none has a server, else 1 if one differs (--dry-run), else 0.`,
		Flags: slices.Concat(serverFlags(), []cli.Flag{
			dirFlag(),
			packageFlag(),
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "write nothing; show what would change"},
			formatFlag("text", "json", "patch", "html", "markdown", "github", "sarif"),
			&cli.StringFlag{Name: "o", Usage: "write the html page to `FILE`; -: standard output"},
			choice("conflicts", "`HOW`: what happens to modules that ask for more than the server has", choices["conflicts"]...),
			&cli.StringSliceFlag{Name: "cap", Usage: "lower it at least to `MODULE@VERSION` (repeatable)"},
			&cli.StringSliceFlag{Name: "keep", Usage: "never lower or raise `MODULE` (repeatable)"},
			importsFlag(),
			&cli.StringFlag{Name: "imports-file", Usage: "put the blank imports in `FILE`; it is made if missing"},
			serverSourceFlag(),
			vendorFlag(),
			&cli.BoolFlag{Name: "full", Usage: "show the whole diff of go.sum and vendor/"},
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
		return &usageError{msg: "--format " + format + " shows what would change: it needs --dry-run", help: "apply"}
	}
	if c.IsSet("o") && c.String("format") != "html" {
		return &usageError{msg: "-o is the file of the page: it needs --format html", help: "apply"}
	}
	if c.String("format") == "html" && !c.IsSet("o") && isTerminal(e.stdout) {
		return &usageError{msg: "--format html is a page for a browser: name its file with -o plan.html", help: "apply"}
	}
	if walk {
		return e.applyAll(c)
	}
	return e.applyOne(c, false)
}

// applyOne pins one module, and makes it name its server with upgrade.
func (e *env) applyOne(c *cli.Context, upgrade bool) error {
	page, err := pageFile(c)
	if err != nil {
		return err
	}
	p := e.progress(c)
	o := e.applyOptions(c, p)
	o.Upgrade, o.Version = upgrade, version()
	result, err := flow.Apply(c.Context, o)
	p.done()
	if err != nil {
		if result != nil && c.String("format") == "text" {
			fmt.Fprintln(e.stdout, report.Printable(result.Summary))
		}
		return err
	}
	warnings := result.Warnings
	if c.String("format") == "text" {
		warnings = result.Others()
	}
	p.warn(warnings)
	if c.Bool("quiet") {
		result.Guide = nil
	}
	switch {
	case c.String("format") == "html":
		err = e.printPage(c, p, page, result)
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
	p.log(fmt.Sprintf("%d go commands", result.GoCalls))
	if result.DryRun && !result.Aligned {
		return errDiffers
	}
	return nil
}

// applyOptions is what c asks for.
func (e *env) applyOptions(c *cli.Context, p *progress) flow.Options {
	return flow.Options{
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

// pageFile is the file that -o names; nil for standard output.
func pageFile(c *cli.Context) (*flow.Page, error) {
	if !c.IsSet("o") || c.String("o") == "-" {
		return nil, nil
	}
	if c.String("o") == "" {
		return nil, &usageError{msg: "-o names no file", help: "apply"}
	}
	return flow.NewPage(c.String("C"), c.String("o"))
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
func (e *env) printPage(c *cli.Context, p *progress, page *flow.Page, result *report.Apply) error {
	result.Made = report.Made{When: e.now(), Version: version(), Commit: flow.Commit(c.Context, c.String("C"), e.environ)}
	if page == nil {
		return result.HTML(e.stdout)
	}
	var b bytes.Buffer
	if err := result.HTML(&b); err != nil {
		return err
	}
	if err := page.Write(c.Context, b.Bytes()); err != nil {
		return err
	}
	p.wrote(c.String("o"))
	return nil
}
