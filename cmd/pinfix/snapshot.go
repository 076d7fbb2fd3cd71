package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
)

func (e *env) snapshotCommand() *cli.Command {
	return &cli.Command{
		Name:  "snapshot",
		Usage: "write what pinfix needs to know of a server into a text file",
		Description: `A snapshot is a text file that describes a server program: its build info, as go
version -m prints it, and the fingerprints of its packages. apply and verify give the
same result with it as with the program. It is small, and the same server gives the
same bytes. Commit it next to go.mod, so that everyone uses the same server.

   pinfix snapshot -s ./nakama       # writes server.buildinfo
   pinfix snapshot -s ./nakama -o - | head
   pinfix snapshot -s image:heroiclabs/nakama:3.26.0
   pinfix apply                      # now without --server

Exit codes: 0 written, 2 it failed.`,
		Flags: append(serverFlags(),
			&cli.StringFlag{Name: "C", Value: ".", Usage: "write the snapshot for the plugin in `DIR`"},
			&cli.StringFlag{Name: "o", Usage: "write to `FILE` (- for stdout; default: server.buildinfo)"},
			quietFlag(),
		),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			p := e.progress(c)
			data, warnings, err := flow.Snapshot(c.Context, e.reference(c, p), version())
			p.Done()
			if err != nil {
				return err
			}
			p.Warn(warnings)
			if c.String("o") == "-" {
				_, err := e.stdout.Write(data)
				return err
			}
			name, err := flow.WriteSnapshot(c.Context, c.String("C"), c.String("o"), data)
			if err != nil {
				return err
			}
			p.Wrote(name)
			return nil
		},
	}
}
