package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "say whether the server would load a built plugin, and why not",
		ArgsUsage: "PLUGIN.so...",
		Description: `Compares server and plugin as the loader does, without starting the server. Shows
all mismatched packages at once, grouped by cause, and for each cause the one thing
to do. The server is its program, an image, or a snapshot.

   pinfix verify -s ./nakama plugin.so
   pinfix verify plugin.so                 # with server.buildinfo next to go.mod
   pinfix verify -s ./nakama -v a.so b.so  # both, in this order; list every package
   pinfix verify -s ./nakama --format json plugin.so

Causes: platform, libc, go-version, trimpath, flags, tags (how it was built);
version, replace, content (a module), server-own (the server's own packages),
already-loaded (the name is taken), unknown. If a package differs only because of one
that it imports, it counts under that one.

Exit codes: 0 the server would load them, 1 it would not load one, 2 could not be
determined.`,
		Flags: slices.Concat(serverFlags(), []cli.Flag{namingDirFlag(), formatFlag("text", "json", "markdown", "github", "sarif")}, lookFlags("list every mismatched package")),
		Action: func(c *cli.Context) error {
			if err := plugins(c); err != nil {
				return err
			}
			p := e.progress(c)
			result, err := flow.Verify(c.Context, e.reference(c, p), c.Args().Slice(), e.get)
			p.Done()
			if err != nil {
				return err
			}
			if err := e.showVerified(c, result); err != nil {
				return err
			}
			if !result.Loads() {
				return errDiffers
			}
			return nil
		},
	}
}

// plugins refuses a command line without a file.
func plugins(c *cli.Context) error {
	if c.NArg() == 0 {
		return &manual.UsageError{Msg: "verify: no plugin", Help: "verify", Next: "name the .so files"}
	}
	return nil
}

func (e *env) showVerified(c *cli.Context, r *report.Verify) error {
	for _, p := range r.Plugins {
		e.progress(c).Warn(p.Warnings)
	}
	return e.show(c, r)
}
