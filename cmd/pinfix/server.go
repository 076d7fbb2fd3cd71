package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) serverCommand() *cli.Command {
	return &cli.Command{
		Name:  "server",
		Usage: "show what pinfix knows about the server",
		Description: `Shows the server's Go release, build settings, modules and replacements, and what the
reference cannot know. The examples show the forms of a reference (REF).

   pinfix server -s ./nakama                        # its program
   pinfix server -s nakama.buildinfo                # a snapshot, or go version -m
   pinfix server -s image:heroiclabs/nakama:3.26.0  # from its registry
   pinfix server -s docker-archive:nakama.tar       # or oci-archive:, oci:
   pinfix server -s ../nakama                       # its source, or its go.mod
   pinfix server -s mod:example.com/server@v1.2.3   # a module on the proxy
   pinfix server --format renovate                  # what Renovate must not touch

Without --server, pinfix uses the first of these: PINFIX_SERVER, server: in
.pinfix.yaml, or server.buildinfo, the last two next to go.mod or above it.

Images need no Docker. pinfix takes the program that the entrypoint starts, or --path,
and keeps it in ~/.cache/pinfix. --offline uses only that cache.

Exit codes: 0 shown, 2 it failed.
---
If the reference cannot know something, pinfix assumes it and says so. It also says which
place named the server.

image:NAME:TAG comes from its registry, with the credentials of docker login or podman
login. docker-archive:FILE[:TAG], oci-archive:FILE and oci:DIR are what docker save,
skopeo copy and docker buildx write. The platform is linux on this machine's
architecture, or --platform. You can delete the cache ($XDG_CACHE_HOME/pinfix or
~/.cache/pinfix).

--format renovate prints a preset that tells Renovate which modules to leave alone.`,
		Flags: slices.Concat(serverFlags(), []cli.Flag{namingDirFlag(), formatFlag("text", "json", "renovate")}, lookFlags(goCommands)),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			p := e.progress(c)
			result, err := flow.Server(c.Context, e.reference(c, p))
			p.Done()
			if err != nil {
				return err
			}
			p.Warn(result.Warnings)
			switch c.String("format") {
			case "json":
				return report.JSON(e.stdout, result)
			case "renovate":
				return result.Renovate(e.stdout)
			}
			return e.text(c, result)
		},
	}
}
