package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/vars"
)

// Flags of several commands.

// serverFlags name the server, and say how it is read.
func serverFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Aliases: []string{"s"}, Usage: "the server, `REF`: its program, a snapshot, the output of go version -m, image:NAME:TAG, docker-archive:FILE[:TAG], oci-archive:FILE, oci:DIR, its source's directory or go.mod, mod:PATH@VERSION (else $PINFIX_SERVER, then server: of .pinfix.yaml, then server.buildinfo beside go.mod)"},
		&cli.StringFlag{Name: "platform", Usage: "take the image for `OS/ARCH` (default: linux on this machine's architecture)"},
		&cli.StringFlag{Name: "path", Usage: "the server program is `FILE` in the image (default: what its entrypoint starts)"},
		&cli.BoolFlag{Name: "offline", Usage: "no network: an image must be in the cache from an earlier run, and modules in the module cache"},
	}
}

func dirFlag() cli.Flag {
	return &cli.StringFlag{Name: "C", Value: ".", Usage: "look for the plugin in `DIR`"}
}

func formatFlag(forms string) cli.Flag {
	return &cli.StringFlag{Name: "format", Value: "text", Usage: "the form of the result: " + forms}
}

func lookFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "color", Value: "auto", Usage: "colours: auto, always, never"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress and no warnings on stderr"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "show the go commands as well"},
	}
}

func (e *env) get(name string) string { return vars.Get(e.environ, name) }

// reference is which server c means, and how it is read.
func (e *env) reference(c *cli.Context, p *progress) flow.Reference {
	return flow.Reference{
		Dir: c.String("C"), Servers: e.servers, Platform: c.String("platform"), Path: c.String("path"),
		Offline: c.Bool("offline"), Environ: e.environ, Step: p.step, Log: p.log,
	}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// style decides about colour: --color, then NO_COLOR, CLICOLOR_FORCE,
// TERM=dumb, and at last whether stdout is a terminal (https://no-color.org).
func (e *env) style(c *cli.Context) report.Style {
	st := report.Style{Verbose: c.Bool("verbose")}
	switch c.String("color") {
	case "always":
		st.Color = true
	case "auto":
		switch {
		case e.get("NO_COLOR") != "":
		case e.get("CLICOLOR_FORCE") != "" && e.get("CLICOLOR_FORCE") != "0":
			st.Color = true
		case e.get("TERM") == "dumb":
		default:
			st.Color = isTerminal(e.stdout)
		}
	}
	return st
}

// A progress shows what happens: one live line on a terminal, plain lines
// elsewhere.
type progress struct {
	mu      *sync.Mutex
	prefix  string // "plugins/a: ", of a walk
	w       io.Writer
	live    bool
	quiet   bool
	verbose bool
}

// silent is the progress of what takes no time worth telling.
var silent = &progress{quiet: true}

func (e *env) progress(c *cli.Context) *progress {
	return &progress{
		mu:      &sync.Mutex{},
		w:       e.stderr,
		live:    isTerminal(e.stderr) && e.get("TERM") != "dumb" && e.get("CI") == "" && !c.Bool("verbose"),
		quiet:   c.Bool("quiet"),
		verbose: c.Bool("verbose"),
	}
}

// of returns p for one module among others.
func (p *progress) of(module string) *progress {
	own := *p
	own.prefix = report.Printable(module) + ": "
	return &own
}

func (p *progress) step(what string) {
	if p.quiet {
		return // silent has no mutex
	}
	// Names in images are foreign text; a step is one line.
	what = p.prefix + report.Printable(strings.ReplaceAll(what, "\n", `\n`))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live {
		fmt.Fprintf(p.w, "\r\x1b[K%s …", what)
		return
	}
	fmt.Fprintf(p.w, "%s\n", what)
}

func (p *progress) log(line string) {
	if p.verbose && !p.quiet {
		p.mu.Lock()
		defer p.mu.Unlock()
		fmt.Fprintf(p.w, "  %s%s\n", p.prefix, message(line))
	}
}

// done clears the live line.
func (p *progress) done() {
	if p.live && !p.quiet {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func (p *progress) warn(warnings []string) {
	if p.quiet {
		return
	}
	for _, w := range warnings {
		fmt.Fprintf(p.w, "pinfix: warning: %s%s\n", p.prefix, message(w))
	}
}

// note prints what cannot be known.
func (p *progress) note(notes []string) {
	if p.quiet {
		return
	}
	for _, n := range notes {
		fmt.Fprintf(p.w, "pinfix: note: %s\n", message(n))
	}
}

// message is a text of several lines behind pinfix's name: none of them can pass
// for another message.
func message(text string) string {
	return strings.ReplaceAll(report.Printable(text), "\npinfix:", "\n  pinfix:")
}
