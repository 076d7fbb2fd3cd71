package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/terminal"
	"github.com/pinfix/pinfix/internal/vars"
)

// Flags of several commands.

// serverFlags name the server, and say how it is read.
func serverFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Aliases: []string{"s"}, Usage: "`REF`: the server; forms: pinfix help server"},
		platformFlag(),
		pathFlag(),
		offlineFlag(),
	}
}

func platformFlag() cli.Flag {
	return &cli.StringFlag{Name: "platform", Usage: "use the image for `OS/ARCH` (default: linux, this CPU)"}
}

func pathFlag() cli.Flag {
	return &cli.StringFlag{Name: "path", Usage: "use the program `PATH` of the image, not its entrypoint"}
}

func offlineFlag() cli.Flag {
	return &cli.BoolFlag{Name: "offline", Usage: "use no network, only the caches"}
}

func dirFlag() cli.Flag {
	return &cli.StringFlag{Name: "C", Value: ".", Usage: "use the plugin in `DIR`"}
}

// namingDirFlag is -C of commands that only look there for what names the server.
func namingDirFlag() cli.Flag {
	return &cli.StringFlag{Name: "C", Value: ".", Usage: "`DIR`: without -s, use the server that DIR names"}
}

func formatFlag(forms ...string) cli.Flag {
	return manual.Choice("format", "`FORM`: how to show the result", forms...)
}

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no progress and no warnings"}
}

func packageFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "package", Usage: "`PKG|FILE`: a main package, or a Go file of one (repeatable)"}
}

func importsFlag() cli.Flag {
	return manual.Choice("imports", "`HOW`: blank imports for transitive modules", choices["imports"]...)
}

func importsFileFlag() cli.Flag {
	return &cli.StringFlag{Name: "imports-file", Usage: "`FILE`: the Go file for the blank imports"}
}

func vendorFlag() cli.Flag {
	return manual.Choice("vendor", "`WHEN`: whether to use vendor/", choices["vendor"]...)
}

func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "write nothing; show what would change"}
}

func fullFlag() cli.Flag {
	return &cli.BoolFlag{Name: "full", Usage: "show the whole diff of go.sum and vendor/"}
}

// goCommands is what --verbose shows of commands that run go.
const goCommands = "also show the go commands"

// lookFlags say how a result is shown; verbose is what --verbose adds.
func lookFlags(verbose string) []cli.Flag {
	return []cli.Flag{
		manual.Choice("color", "`WHEN`: colours", "auto", "always", "never"),
		quietFlag(),
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: verbose},
	}
}

func (e *env) get(name string) string { return vars.Get(e.environ, name) }

// reference is which server c means, and how it is read.
func (e *env) reference(c *cli.Context, p *terminal.Progress) reference.Reference {
	return reference.Reference{
		Dir: c.String("C"), Servers: e.servers, Platform: onePlatform(c), Path: c.String("path"),
		Offline: c.Bool("offline"), Environ: e.environ, Step: p.Step, Count: p.Count, Note: p.Say, Log: p.Log,
	}
}

// typedFlags returns those flags of the names that were typed, as words of a
// command line.
func (e *env) typedFlags(c *cli.Context, names ...string) []string {
	var words []string
	for _, name := range names {
		if !slices.Contains(e.typed, name) {
			continue
		}
		switch v := c.Value(name).(type) {
		case bool:
			if v {
				words = append(words, "--"+name)
			}
		case cli.StringSlice:
			for _, s := range v.Value() {
				words = append(words, "--"+name, s)
			}
		default:
			words = append(words, "--"+name, fmt.Sprint(v))
		}
	}
	return words
}

// width is how wide text is, and whether something shows it that breaks longer lines: what
// COLUMNS says, else a terminal.
func (e *env) width(stream io.Writer) (columns int, fold bool) {
	if n, err := strconv.Atoi(e.get("COLUMNS")); err == nil && n > 0 {
		return n, true
	}
	f, ok := terminal.FileOf(stream)
	if !ok {
		return report.DefaultWidth, false
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns, true
	}
	return report.DefaultWidth, term.IsTerminal(int(f.Fd()))
}

// text prints a result for people. On a terminal no line is longer than that is wide.
func (e *env) text(c *cli.Context, r printed) error { return e.textTo(e.stdout, c, r) }

// printed is a result that people read.
type printed interface {
	Text(io.Writer, report.Style) error
}

// A summary is a result of one sentence.
type summary string

func (s summary) Text(w io.Writer, _ report.Style) error {
	_, err := fmt.Fprintln(w, report.Printable(string(s)))
	return err
}

// textTo writes to w what text prints.
func (e *env) textTo(w io.Writer, c *cli.Context, r printed) error {
	st := e.style(c)
	var b strings.Builder
	if err := r.Text(&b, st); err != nil {
		return err
	}
	fold := report.FoldSentences
	if st.Fold {
		fold = report.Fold
	}
	_, err := io.WriteString(w, fold(b.String(), st.Width))
	return err
}

// style decides about colour: --color, then NO_COLOR, CLICOLOR_FORCE,
// TERM=dumb, and at last whether stdout is a terminal (https://no-color.org).
func (e *env) style(c *cli.Context) report.Style {
	st := report.Style{Verbose: c.Bool("verbose")}
	st.Width, st.Fold = e.width(e.stdout)
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
			st.Color = terminal.IsTerminal(e.stdout)
		}
	}
	return st
}

func (e *env) progress(c *cli.Context) *terminal.Progress {
	s := &terminal.Screen{
		W:       e.stderr,
		Live:    terminal.IsTerminal(e.stderr) && e.get("TERM") != "dumb" && e.get("CI") == "" && !c.Bool("verbose"),
		Quiet:   c.Bool("quiet"),
		Verbose: c.Bool("verbose"),
	}
	if f, ok := terminal.FileOf(e.stderr); ok && s.Live {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			s.Width = width
		}
	}
	return &terminal.Progress{Screen: s, Meter: meter.New(time.Now)}
}
