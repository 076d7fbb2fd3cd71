package main

import (
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/page"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/terminal"
	"github.com/pinfix/pinfix/internal/wants"
)

// serversFlags are serverFlags of a command that takes several servers.
func serversFlags() []cli.Flag {
	flags := serverFlags()
	flags[0] = &cli.StringSliceFlag{Name: "server", Aliases: []string{"s"}, Usage: "`REF`: a server or a pattern (repeatable)"}
	flags[1] = &cli.StringSliceFlag{Name: "platform", Usage: "use the image for `OS/ARCH` (repeatable)"}
	return flags
}

// planFlags say how a plan is made.
func planFlags() []cli.Flag {
	return []cli.Flag{
		manual.Choice("conflicts", "`HOW`: how to treat modules that require newer versions than the server's", choices["conflicts"]...),
		&cli.StringSliceFlag{Name: "cap", Usage: "use `MODULE@VERSION` or older (repeatable)"},
		&cli.StringSliceFlag{Name: "keep", Usage: "never lower or raise `MODULE` (repeatable)"},
	}
}

func (e *env) compatCommand() *cli.Command {
	return &cli.Command{
		Name:      "compat",
		Usage:     "show which servers can load the plugin, and what each needs",
		ArgsUsage: "[REF...]",
		Description: `Plans for each server as apply --dry-run does for one. Prints one row for each server:
the plugin fits as it is, fits once it is pinned, or does not fit. Builds nothing, and
writes only the page that -o names.

   pinfix compat -s ./nakama-3.30 -s ./nakama-3.31
   pinfix compat 'snapshots/*.buildinfo'             # files, by a pattern
   pinfix compat 'image:heroiclabs/nakama:3.*'       # tags, from the registry
   pinfix compat 'mod:example.com/server@>=v1.2,<v2' # versions, from the proxy
   pinfix compat -v -s ./nakama-3.31                 # every module that moves

Exit codes: 0 all servers can load it, some once it is pinned; 1 one cannot; 2 one
could not be determined.
---
REF is what --server takes. You can use both. Quote a pattern, so that the shell does not
expand it. Without REF and --server, the servers are those of PINFIX_SERVER, of server:
in .pinfix.yaml, which may be a list, or of server.buildinfo. If some tags of an image
are versions, only versions count, and pre-releases only if the pattern has a hyphen. A
pattern may match at most 100 servers.

With several --platform, each image counts once for each platform.

In a row, "lowered" and "raised" count your own modules: those that the server does not
have.`,
		Flags: slices.Concat(serversFlags(), []cli.Flag{
			dirFlag(),
			packageFlag(),
			formatFlag("text", "json", "markdown", "html"),
			pageFlag(),
			serverSourceFlag(),
		}, planFlags(), lookFlags("also show what each server needs, and the go commands")),
		Action: e.compat,
	}
}

func (e *env) compat(c *cli.Context) error {
	if err := e.checkPage(c); err != nil {
		return err
	}
	file, err := pageFile(c)
	if err != nil {
		return err
	}
	p := e.progress(c)
	result, err := flow.Compat(c.Context, flow.CompatOptions{Options: e.planOptions(c, p), Platforms: c.StringSlice("platform"),
		Brief: c.String("format") == "text" && !c.Bool("verbose")})
	p.Done()
	if err != nil {
		return err
	}
	for _, s := range result.Servers {
		p.Of(s.Name).Warn(s.Warnings)
	}
	switch c.String("format") {
	case "json":
		err = report.JSON(e.stdout, result)
	case "markdown":
		err = result.Markdown(e.stdout)
	case "html":
		err = e.writePage(c, p, file, func(w io.Writer) error { return page.Compat(w, result) })
	default:
		err = e.text(c, result)
	}
	if err != nil {
		return err
	}
	return verdictOf(len(result.Servers), result.Differ, result.Unknown, "no result for")
}

// planOptions is applyOptions for a command that makes plans for several servers and has
// not all of apply's flags.
func (e *env) planOptions(c *cli.Context, p *terminal.Progress) wants.Options {
	o := e.applyOptions(c, p)
	o.Conflicts, o.Imports, o.Vendor = orFirst(o.Conflicts, "conflicts"), orFirst(o.Imports, "imports"), orFirst(o.Vendor, "vendor")
	return o
}

// orFirst is a choice's value, or its default where the command has no such flag.
func orFirst(value, choice string) string {
	if value == "" {
		return choices[choice][0]
	}
	return value
}

// verdictOf is the error that makes the exit code of a run for several servers.
func verdictOf(all, differ, unknown int, what string) error {
	switch {
	case unknown > 0 && all == 1:
		return fault.New("see the reason in the result", "%s the server", what)
	case unknown > 0:
		return fault.New("see the reason of each in the result", "%s %s", what, report.Of(unknown, all, "server"))
	case differ > 0:
		return errDiffers
	}
	return nil
}

// typedServers are the values of --server, and of compat the arguments.
func typedServers(c *cli.Context) []string {
	if !takesSeveral(c) {
		if s := c.String("server"); s != "" {
			return []string{s}
		}
		return nil
	}
	refs := slices.DeleteFunc(c.StringSlice("server"), func(s string) bool { return s == "" })
	if c.Command.Name == "compat" {
		refs = append(refs, reference.Sorted(c.Args().Slice())...)
	}
	return refs
}

// takesSeveral reports whether the command of c takes several servers.
func takesSeveral(c *cli.Context) bool {
	return slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool {
		_, slice := f.(*cli.StringSliceFlag)
		return slice && slices.Contains(f.Names(), "server")
	})
}

// onePlatform is --platform of a command for one server.
func onePlatform(c *cli.Context) string {
	if !takesSeveral(c) {
		return c.String("platform")
	}
	if all := c.StringSlice("platform"); len(all) > 0 {
		return all[0]
	}
	return ""
}
