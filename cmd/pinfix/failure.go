package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/report"
)

// An output is stdout or stderr.
type output struct {
	io.Writer
	used  bool // there is something on it: a form for programs is one object
	width int  // of a terminal that shows messages; 0: their lines stay as they are
}

func (o *output) Write(p []byte) (int, error) {
	o.used = o.used || len(p) > 0
	if o.width == 0 || bytes.ContainsAny(p, "\r\x1b") { // the live line is short enough
		return o.Writer.Write(p)
	}
	_, err := io.WriteString(o.Writer, report.Fold(string(p), o.width))
	return len(p), err
}

// wrap makes outputs of the streams. Messages fit the terminal that shows them.
func (e *env) wrap() {
	stderr := &output{Writer: e.stderr}
	if isTerminal(e.stderr) {
		stderr.width, _ = e.width(e.stderr)
	}
	e.stdout, e.stderr = &output{Writer: e.stdout}, stderr
}

// fileOf returns the file behind a stream of env.
func fileOf(stream any) (f *os.File, ok bool) {
	if o, is := stream.(*output); is {
		stream = o.Writer
	}
	f, ok = stream.(*os.File)
	return f, ok
}

// failed writes err to stdout in the form that --format names, if that is one for programs
// or reviews and nothing is there yet. An error of writing is not one more.
func (e *env) failed(app *cli.App, args []string, err error) {
	out, ok := e.stdout.(*output)
	if !ok || out.used || errors.Is(err, context.Canceled) {
		return // who has interrupted it does not wait for a result
	}
	command, format, dir := e.asked(app, args)
	f := failureOf(command, dir, err)
	switch format {
	case "json":
		_ = report.JSON(out, f)
	case "markdown":
		_ = f.Markdown(out)
	case "github":
		_ = f.GitHub(out)
	case "sarif":
		_ = f.SARIF(out)
	}
}

// asked finds the command and its --format and -C: where the command line is wrong, there
// is nothing else to ask.
func (e *env) asked(app *cli.App, args []string) (command, format, dir string) {
	dir = "."
	for i, arg := range args {
		name, value, has := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !has && i+1 < len(args) {
			value = args[i+1]
		}
		switch {
		case i > 0 && command == "" && !strings.HasPrefix(arg, "-"):
			command = arg
		case strings.HasPrefix(arg, "-") && name == "format":
			format = value
		case strings.HasPrefix(arg, "-") && name == "C":
			dir = value
		}
	}
	if cmd := app.Command(command); cmd != nil {
		for _, f := range flagDocs(cmd) {
			if slices.Contains(f.names, "--format") && slices.Contains(f.values, format) {
				return command, format, dir
			}
		}
	}
	return command, "", dir
}

// placeRE is how an error begins that has a place, as the go command's do.
var placeRE = pattern.New(`^([^\s:]+):([0-9]+)(?::[0-9]+)?: (.+)$`)

// failureOf is err in its parts: what is wrong with its place, the cause in further lines,
// and the next step.
func failureOf(command, dir string, err error) *report.Failure {
	f := &report.Failure{SchemaVersion: 1, Command: command}
	message, cause, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	f.Error.Message, f.Error.Cause = strings.TrimSuffix(message, ":"), strings.TrimSpace(cause)
	f.Error.Fix = fault.Next(err)
	var some *flow.CheckError
	if errors.As(err, &some) {
		var each []string
		for _, one := range some.Errs {
			text := strings.TrimSpace(one.Error())
			if next := fault.Next(one); next != "" {
				text += "; fix: " + next
			}
			each = append(each, text)
		}
		f.Error.Cause = strings.Join(each, "\n")
	}
	if m := placeRE.Regexp().FindStringSubmatch(f.Error.Message); m != nil {
		f.Error.Place, f.Error.Message = m[1]+":"+m[2], m[3]
		f.Line, _ = strconv.Atoi(m[2])
		f.File = m[1]
		if in := path.Join(filepath.ToSlash(dir), f.File); !path.IsAbs(f.File) && !path.IsAbs(in) {
			if _, err := os.Lstat(filepath.FromSlash(in)); err == nil {
				f.File = in
			}
		}
	}
	return f
}
