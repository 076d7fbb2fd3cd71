package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
)

func (e *env) serverCommand() *cli.Command {
	return &cli.Command{
		Name:      "server",
		Usage:     "show what pinfix knows of the server",
		UsageText: "pinfix server --server REF [options]",
		Description: `Shows the server's Go version, build settings, modules and replacements; what its
reference cannot know, and what pinfix assumes instead; and which place named it:
--server, PINFIX_SERVER, server: in .pinfix.yaml, server.buildinfo beside go.mod,
the first of them that there is.

   pinfix server -s ./nakama
   pinfix server -s nakama.buildinfo --format json
   pinfix server -s ../nakama-source
   pinfix server -s mod:example.com/server@v1.2.3
   pinfix server -s image:heroiclabs/nakama:3.26.0
   pinfix server --format renovate > renovate-pinfix.json

IMAGES: image:NAME:TAG comes straight from its registry, with the credentials of
docker login or podman login; docker-archive:FILE[:TAG], oci-archive:FILE and
oci:DIR are what docker save, skopeo copy and docker buildx write. The program is
what the entrypoint starts, or --path. It stays in a cache below
$XDG_CACHE_HOME/pinfix or ~/.cache/pinfix, which may be removed; --offline uses
only that.`,
		Flags: slices.Concat(serverFlags(), []cli.Flag{dirFlag(), formatFlag("text, json, renovate (which modules Renovate shall leave alone)")}, lookFlags()),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if err := oneOf(c, "format", "text", "json", "renovate"); err != nil {
				return err
			}
			if err := oneOf(c, "color", "auto", "always", "never"); err != nil {
				return err
			}
			p := e.progress(c)
			result, err := flow.Server(c.Context, e.reference(c, p))
			p.done()
			if err != nil {
				return err
			}
			p.warn(result.Warnings)
			switch c.String("format") {
			case "json":
				return report.JSON(e.stdout, result)
			case "renovate":
				return result.Renovate(e.stdout)
			}
			return result.Text(e.stdout, e.style(c))
		},
	}
}
