package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) applyCommand() *cli.Command {
	return &cli.Command{
		Name:      "apply",
		Usage:     "pin the plugin's modules to what the server has",
		UsageText: "pinfix apply --server FILE [options]",
		Description: `Writes go.mod (require, exclude, replace, go, toolchain), blank imports in the
plugin's entry file, go.sum and vendor/: all of it, or nothing. A second apply
changes nothing.

   pinfix apply -s ./nakama -n                      show the change first
   pinfix apply -s ./nakama                         write it
   pinfix apply -s ./nakama -n --format patch       a patch for git apply
   go version -m ./nakama > server.buildinfo        keep the server's facts in the
   pinfix apply                                     repository and pin to them

Lines that pinfix sets carry "// pinfix"; your own stay as they are.`,
		Flags: append([]cli.Flag{
			serverFlag(),
			dirFlag(),
			&cli.StringSliceFlag{Name: "package", Usage: "a main package or a Go file of one, `PKG|FILE` (repeatable; default: every main package of the module)"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "write nothing; show what would change, and exit 1 if anything would"},
			formatFlag("text, json, patch"),
			&cli.StringFlag{Name: "conflicts", Value: "auto", Usage: "modules that ask for more than the server has: auto (lower those that do not compile), keep (only exclude what they ask for), downgrade (lower all of them), fail (report and stop)"},
			&cli.StringSliceFlag{Name: "cap", Usage: "lower a module of the plugin's at least to `MODULE@VERSION` (repeatable)"},
			&cli.StringSliceFlag{Name: "keep", Usage: "never lower `MODULE` (repeatable)"},
			&cli.StringFlag{Name: "imports", Value: "auto", Usage: "blank imports for pinned transitive modules: auto, none"},
			&cli.StringFlag{Name: "imports-file", Usage: "put the blank imports in `FILE` of a main package (relative to -C); it is made if it is missing"},
			serverSourceFlag(),
			&cli.StringFlag{Name: "vendor", Value: "auto", Usage: "vendor/: auto (write it, unless a vendored plugin cannot load), always, never"},
			&cli.BoolFlag{Name: "full", Usage: "show the whole diff of go.sum and vendor/"},
		}, lookFlags()...),
		Action: e.apply,
	}
}

func (e *env) apply(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	for flag, values := range map[string][]string{
		"format":    {"text", "json", "patch"},
		"conflicts": {"auto", "keep", "downgrade", "fail"},
		"imports":   {"auto", "none"},
		"vendor":    {"auto", "always", "never"},
		"color":     {"auto", "always", "never"},
	} {
		if err := oneOf(c, flag, values...); err != nil {
			return err
		}
	}
	p := e.progress(c)
	result, err := flow.Apply(c.Context, flow.Options{
		Dir:         c.String("C"),
		Server:      e.server(c),
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
		Environ:     e.environ,
		Step:        p.step,
		Log:         p.log,

		ServerSource: c.String("server-source"),
	})
	p.done()
	if err != nil {
		return err
	}
	p.warn(result.Warnings)
	if err := e.print(c, result); err != nil {
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

func (e *env) print(c *cli.Context, result *report.Apply) error {
	switch c.String("format") {
	case "json":
		return report.JSON(e.stdout, result)
	case "patch":
		_, err := e.stdout.Write(result.Patch)
		return err
	}
	return result.Text(e.stdout, e.style(c))
}
