package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) unpinCommand() *cli.Command {
	return &cli.Command{
		Name:  "unpin",
		Usage: "take back what apply has changed",
		Description: `Makes the plugin what it was before pinfix: the lines of go.mod that carry a
"// pinfix" mark, the blank imports, and a go.work that apply has written. go.sum
and vendor/ become what your own go command makes for that go.mod. All of it is
written, or nothing. No server is needed: the marks hold the old values.

   pinfix unpin -n                  # show the change first
   pinfix unpin                     # write it
   pinfix unpin -n --format patch   # a patch for git apply
   pinfix unpin -C plugins/a

Exit codes: 0 taken back, or nothing to take back; 1 -n found something; 2 it failed.
---
Your own lines stay, also those that you have changed since: a line that no longer
holds what pinfix wrote only loses its mark.

A vendor/ stays, as go mod vendor makes it; --vendor never leaves it alone. The
snapshot, .pinfix.yaml and the hook stay: remove the first two by hand, and the hook
with pinfix hook uninstall.`,
		Flags: slices.Concat([]cli.Flag{
			dirFlag(),
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "write nothing; show what would change"},
			formatFlag("text", "json", "patch"),
			vendorFlag(),
			&cli.BoolFlag{Name: "full", Usage: "show the whole diff of go.sum and vendor/"},
			&cli.BoolFlag{Name: "offline", Usage: "no network: modules from their cache"},
		}, lookFlags(goCommands)),
		Action: e.unpin,
	}
}

func (e *env) unpin(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	p := e.progress(c)
	result, err := flow.Unpin(c.Context, flow.UnpinOptions{
		Dir: c.String("C"), DryRun: c.Bool("dry-run"), Full: c.Bool("full"), Patch: c.String("format") == "patch", Vendor: c.String("vendor"),
		Offline: c.Bool("offline"), Environ: e.environ, Step: p.step, Log: p.log,
	})
	p.done()
	if err != nil {
		return err
	}
	switch c.String("format") {
	case "json":
		err = report.JSON(e.stdout, result)
	case "patch":
		_, err = e.stdout.Write(result.Patch)
	default:
		err = e.text(c, result)
	}
	if err != nil {
		if !result.DryRun {
			err = fmt.Errorf("it is taken back, but the report could not be printed: %w", err)
		}
		return err
	}
	if result.DryRun && !result.Aligned {
		return errDiffers
	}
	return nil
}
