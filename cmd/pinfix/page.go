package main

import (
	"bytes"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/terminal"
)

// pageFlag names the file of --format html, for all commands with that form.
func pageFlag() cli.Flag {
	return &cli.StringFlag{Name: "o", Usage: "write the html page to `FILE` (- for stdout)"}
}

// checkPage returns an error if -o and --format do not fit together.
func (e *env) checkPage(c *cli.Context) error {
	html := c.String("format") == "html"
	wrong, next := "", ""
	switch {
	case c.IsSet("o") && !html:
		wrong, next = "-o is the file of the page, and is for --format html", "add --format html"
	case c.IsSet("o") && c.String("o") == "":
		wrong = "-o names no file"
	case html && !c.IsSet("o") && terminal.IsTerminal(e.stdout):
		wrong, next = "--format html is a page for a browser", "name its file with -o plan.html"
	default:
		return nil
	}
	return &manual.UsageError{Msg: wrong, Help: c.Command.Name, Next: next}
}

// pageFile is the file that -o names; nil for standard output.
func pageFile(c *cli.Context) (*flow.Page, error) {
	if !c.IsSet("o") || c.String("o") == "-" {
		return nil, nil
	}
	return flow.NewPage(c.String("C"), c.String("o"))
}

// writePage writes what render writes to file, and says where it is; to standard output
// for nil.
func (e *env) writePage(c *cli.Context, p *terminal.Progress, file *flow.Page, render func(io.Writer) error) error {
	if file == nil {
		return render(e.stdout)
	}
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return err
	}
	if err := file.Write(c.Context, b.Bytes()); err != nil {
		return err
	}
	p.Wrote(c.String("o"))
	return nil
}
