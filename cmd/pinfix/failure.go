package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/terminal"
)

// wrap makes outputs of the streams. Messages fit the terminal that shows them.
func (e *env) wrap() {
	stderr := &terminal.Output{Writer: e.stderr}
	if terminal.IsTerminal(e.stderr) {
		stderr.Width, _ = e.width(e.stderr)
	}
	e.stdout, e.stderr = &terminal.Output{Writer: e.stdout}, stderr
}

// failed writes err to stdout in the form that --format names, if that is one for programs
// or reviews and nothing is there yet. An error of writing is not one more.
func (e *env) failed(app *cli.App, args []string, err error) {
	out, ok := e.stdout.(*terminal.Output)
	if !ok || out.Used || errors.Is(err, context.Canceled) {
		return // who has interrupted it does not wait for a result
	}
	command, format, dir := e.asked(app, args)
	f := e.failureOf(command, dir, err)
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
		for _, f := range manual.Flags(cmd) {
			if slices.Contains(f.Names, "--format") && slices.Contains(f.Values, format) {
				return command, format, dir
			}
		}
	}
	return command, "", dir
}

// placeRE is how an error begins that has a place, as the go command's do.
var placeRE = pattern.New(`^([^\s:]+):([0-9]+)(?::[0-9]+)?: (.+)$`)

// failureOf is err in the form of a command: its parts ([env.partsOf]), and its place apart
// from what is wrong there.
func (e *env) failureOf(command, dir string, err error) *report.Failure {
	p := e.partsOf(err)
	f := &report.Failure{SchemaVersion: 1, Command: command, Error: report.Failed{Message: p.what, Cause: p.cause, Fix: p.fix, Try: p.try}}
	var some *flow.CheckError
	if errors.As(err, &some) {
		var each []string
		for _, one := range some.Errs {
			each = append(each, strings.Join(e.partsOf(one).lines(), "; "))
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

// parts are what every form shows of an error: what is wrong, with its place; the cause, in
// lines; and the next step, which fixes it, or else only helps to find what does.
type parts struct{ what, cause, fix, try string }

// partsOf takes an error apart. Without -v, that of a go command is its line that matters.
func (e *env) partsOf(err error) parts {
	msg := e.textOf(err)
	if errors.Is(err, context.Canceled) && !strings.Contains(msg, "\n") {
		return parts{what: "interrupted; nothing was changed"}
	}
	var long interface {
		error
		Short() string
	}
	if !e.verbose && errors.As(err, &long) {
		msg = strings.Replace(msg, long.Error(), long.Short(), 1)
	}
	var p parts
	p.what, p.cause, _ = strings.Cut(causeBelow(strings.TrimSuffix(strings.TrimSpace(msg), ":")), "\n")
	if step := strings.ReplaceAll(fault.Next(err), "\n", " "); step != "" {
		if try, ok := strings.CutPrefix(step, "try: "); ok {
			p.try = try
		} else {
			p.fix = step
		}
	}
	return p
}

// lines are the parts as people read them.
func (p parts) lines() []string {
	out := []string{p.what}
	if p.cause != "" {
		out = append(out, p.cause)
	}
	switch {
	case p.fix != "":
		out = append(out, "fix: "+p.fix)
	case p.try != "":
		out = append(out, "try: "+p.try)
	}
	return out
}

// complain prints an error.
func (e *env) complain(err error) {
	p := e.partsOf(err)
	step := p.lines()[1:]
	if p.cause != "" {
		p.what, step = p.what+"\n"+p.cause, step[1:]
	}
	fmt.Fprintf(e.stderr, "pinfix: %s\n", terminal.Message(p.what))
	for _, line := range step {
		fmt.Fprintln(e.stderr, terminal.Message(line))
	}
}

// causeBelow puts what follows the first semicolon of a message of one line below it,
// unless that is in quotes or parentheses: it is a cause, or another fact.
func causeBelow(msg string) string {
	if strings.Contains(msg, "\n") {
		return msg
	}
	depth, quoted := 0, false
	for i, r := range msg {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ';' && depth <= 0 && strings.HasPrefix(msg[i:], "; "):
			return msg[:i] + "\n" + msg[i+2:]
		}
	}
	return msg
}
