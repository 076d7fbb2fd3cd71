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
		Usage: "revert what apply changed",
		Description: `Reverts what apply changed: the lines of go.mod that end in a "// pinfix" mark, the blank
imports, and a go.work. Your own go command then makes go.sum for that go.mod, and
vendor/, which stays even if apply made it. Writes all of that or nothing. It needs no
server, because the marks hold the old values.

   pinfix unpin -n                  # show the change first
   pinfix unpin                     # write it
   pinfix unpin -n --format patch   # a patch for git apply
   pinfix unpin -C plugins/a

Exit codes: 0 reverted, or nothing to revert; 1 -n found a change; 2 it failed.
---
Your own lines stay, and so does what you have changed since: if a line no longer holds
what pinfix wrote, it only loses its mark.

With --vendor never, vendor/ does not change. If apply made it and you do not want it,
remove it by hand.
The snapshot, .pinfix.yaml and the hook stay. Remove the first two by hand, and the hook
with pinfix hook uninstall: until then it refuses the commit. unpin says so if the hook
is there.`,
		Flags: slices.Concat([]cli.Flag{
			dirFlag(),
			dryRunFlag(),
			formatFlag("text", "json", "patch"),
			vendorFlag(),
			fullFlag(),
			offlineFlag(),
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
		Offline: c.Bool("offline"), Environ: e.environ, Step: p.Step, Log: p.Log,
	})
	p.Done()
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
			err = fmt.Errorf("it is reverted, but the report could not be printed: %w", err)
		}
		return err
	}
	if result.DryRun && !result.Aligned {
		return errDiffers
	}
	return nil
}
