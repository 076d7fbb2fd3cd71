package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/terminal"
)

// maxLog is how much of a log is read; an error is near its start.
const maxLog = 16 << 20

func (e *env) explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "say what an error of a server or a build means, and what to do",
		ArgsUsage: "[FILE|-]",
		Description: `Reads a server's log, or the output of docker build or go build, from FILE or stdin.
Finds each error that keeps a plugin from being built or loaded, and says its line,
its cause and the one thing to do.

   pinfix explain server.log
   docker logs nakama 2>&1 | pinfix explain
   go build -buildmode=plugin . 2>&1 | pinfix explain -
   pinfix explain -s ./nakama -C ./plugin server.log  # which module and version
   pinfix explain --format json server.log

Causes in the JSON form: those of pinfix verify, and toolchain-or-flags (a package of
the standard library), no-plugin-support (of the server), vendor, build-context (a file
is missing where the build runs), user-code.

Exit codes: 0 found an error, 1 found none, 2 the text, or a server that you name,
could not be read.
---
A log may be plain, JSON or logfmt. With the server and the plugin's go.mod, explain
says which module, which version, and what requires it. It reads files, and the image
if you name one, and runs no go command, so it takes no server's source, but a snapshot
of source. If only .pinfix.yaml names an image, explain takes it from the cache.`,
		Flags:  slices.Concat(serverFlags(), []cli.Flag{dirFlag(), formatFlag("text", "json")}, lookFlags("show the whole error, and everything that requires a version")),
		Action: e.explain,
	}
}

func (e *env) explain(c *cli.Context) error {
	name, err := oneArgument(c)
	if err != nil {
		return err
	}
	text, all, err := e.readLog(c.Context, name)
	if err != nil {
		return err
	}
	p := e.progress(c)
	result, err := flow.Explain(c.Context, flow.ExplainOptions{
		Reference: e.reference(c, p), Must: c.IsSet("C"), Flags: typedFlags(c), Env: e.get,
	}, text)
	p.Done()
	if err != nil {
		return err
	}
	if !all {
		result.Warnings = append(result.Warnings, fmt.Sprintf("only the first %d MiB were read; name a file with the part that matters", maxLog>>20))
	}
	p.Warn(result.Warnings)
	if err := e.showExplained(c, result); err != nil {
		return err
	}
	if len(result.Findings) == 0 {
		return errDiffers
	}
	return nil
}

func (e *env) showExplained(c *cli.Context, r *report.Explain) error {
	if c.String("format") == "json" {
		return report.JSON(e.stdout, r)
	}
	return e.text(c, r)
}

// oneArgument returns the name of the file, "-" where there is none.
func oneArgument(c *cli.Context) (string, error) {
	args := c.Args().Slice()
	switch len(args) {
	case 0:
		return "-", nil
	case 1:
		return args[0], nil
	}
	exists := func(name string) bool { _, err := os.Lstat(name); return err == nil }
	if len(args) > 2 && !slices.ContainsFunc(args[1:], exists) {
		return "", notFile(strings.Join(args, " "))
	}
	return "", &manual.UsageError{Msg: fmt.Sprintf("explain takes one file; %q is a second", args[1]), Help: "explain"}
}

// notFile is the error of a text that was typed where a file is named.
func notFile(text string) error {
	const long = 150
	if len(text) > long {
		text = "THE ERROR"
	}
	return fault.New("pipe it: echo "+shell.Quote(text)+" | pinfix explain", "explain takes a file or stdin, and the text of an error was typed as an argument")
}

// typedFlags returns the flags that other commands need as well, as the shell
// takes them.
func typedFlags(c *cli.Context) string {
	var flags []string
	for _, name := range []string{"C", "server", "platform", "path"} {
		if !c.IsSet(name) {
			continue
		}
		dashes := strings.Repeat("-", min(len(name), 2))
		flags = append(flags, dashes+name+" "+shell.Quote(c.String(name)))
	}
	return strings.Join(flags, " ")
}

// readLog returns the text, and whether that is all of it.
func (e *env) readLog(ctx context.Context, name string) (text string, all bool, err error) {
	if name == "-" && terminal.IsTerminal(e.stdin) {
		fmt.Fprintln(e.stderr, "paste the error, then type Ctrl-D")
	}
	data, err := bounded.Wait(ctx, 0, func() ([]byte, error) { return e.readStart(name) })
	if err != nil {
		if _, missing := os.Lstat(name); missing != nil && strings.ContainsAny(name, " \t\n") {
			return "", false, notFile(name)
		}
		return "", false, notLog(name, err)
	}
	if isProgram(data) {
		return "", false, notLog(name, errors.New("a program, not a log; for a plugin: pinfix verify"))
	}
	return decode(data[:min(len(data), maxLog)]), len(data) <= maxLog, nil
}

// notLog returns err as the reason why the file called name, or "-", cannot be read as
// a log.
func notLog(name string, err error) error {
	if name == "-" {
		name = "stdin"
	}
	return fault.New("name a file with the server's log or the output of go build, or - for stdin", "%s: %w", name, fault.Cause(err))
}

// readStart reads the first of a log, a byte more than maxLog. The user may name
// a pipe, <(docker logs nakama), or a terminal: it may wait for ever.
func (e *env) readStart(name string) ([]byte, error) {
	in := e.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, maxLog+1))
}

// isProgram reports whether data is a program or a library rather than text.
func isProgram(data []byte) bool {
	for _, magic := range []string{"\x7fELF", "MZ\x90\x00", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	return false
}
