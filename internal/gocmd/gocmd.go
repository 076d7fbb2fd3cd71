// Package gocmd is the only door to the go command. [New] cleans the
// environment and chooses the toolchain; [Go.Run] runs one command.
package gocmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/vars"
)

// Go runs go commands in one module directory.
type Go struct {
	Program string
	Dir     string // the main module's root, symlinks resolved
	Env     []string

	// Log, if set, is told each command line.
	Log func(line string)

	calls *atomic.Int32
	count meter.Count
}

// Config is what the commands run with.
type Config struct {
	Program   string // the go program; "" for the one in PATH
	Dir       string
	Toolchain string // "go1.23.5"; "" leaves the choice to the user's environment
	Environ   []string
	Set       []string // "GOOS=linux": added last
	Log       func(string)
	Count     meter.Count // told how many modules and go.mod files come from the network; may be nil
}

// ownVars are the user's settings for builds of his own: another toolchain may
// not even know them.
var ownVars = []string{"GOFLAGS", "PWD", "GOEXPERIMENT", "GOFIPS140", "GO386", "GOAMD64", "GOARM", "GOARM64", "GOPPC64", "GORISCV64"}

// New returns a Go that runs commands with a clean environment: no go.work, no
// GOFLAGS of the user's but -modcacherw, none of git's hook variables. No command
// writes the state of a repository into what it builds: to find it out, go build
// and an older go list run git status in the plugin's directory and in those
// that a go.work uses, and git starts what the configuration of such a repository
// names (core.fsmonitor, filters).
func New(c Config) *Go {
	env := vars.Without(c.Environ, ownVars, vars.Git)
	// An empty GOFLAGS would let the one of go env -w through; -mod=mod is
	// what every command here wants.
	set := slices.Concat([]string{"GOFLAGS=-mod=mod", "GOWORK=off", "GO111MODULE=on", "PWD=" + c.Dir}, c.Set)
	toolchain := "GOTOOLCHAIN=" + c.Toolchain
	if c.Toolchain != "" {
		env = append(env, toolchain)
	}
	ownFlags(set, c.Environ, append(c.Set, toolchain))
	return &Go{Program: cmp.Or(c.Program, "go"), Dir: c.Dir, Env: append(env, set...), Log: c.Log, calls: new(atomic.Int32), count: c.Count}
}

// Offline returns environ for go commands that must do with the module cache. With
// GOPROXY=off alone the go command would still ask the checksum database, and wait
// for it: a web proxy that does not exist ends that at once, and what the cache
// holds of the database still counts.
func Offline(environ []string) []string {
	env := vars.Without(environ, []string{"https_proxy", "http_proxy", "no_proxy", "NO_PROXY"})
	return append(env, "GOPROXY=off", "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1")
}

// ownFlags adds to the GOFLAGS in set what holds for every command:
// -buildvcs=false, and -modcacherw where environ has it, for a user who wants a
// module cache that can be removed.
func ownFlags(set, environ, toolchain []string) {
	const writable = "-modcacherw"
	more := ""
	if !slices.ContainsFunc(toolchain, beforeStamps) {
		more = " -buildvcs=false"
	}
	if slices.ContainsFunc(environ, func(kv string) bool { return strings.HasPrefix(kv, "GOFLAGS=") && strings.Contains(kv, writable) }) {
		more += " " + writable
	}
	for i, kv := range set {
		if strings.HasPrefix(kv, "GOFLAGS=") {
			set[i] += more
		}
	}
}

// beforeStamps reports whether kv chooses a Go release that never asks git, and
// does not know the flag.
func beforeStamps(kv string) bool {
	name, ok := strings.CutPrefix(kv, "GOTOOLCHAIN=")
	return ok && version.IsValid(name) && version.Compare(name, "go1.18") < 0
}

// With returns a Go for another directory and with more variables.
func (g *Go) With(dir string, set ...string) *Go {
	set = append([]string{"PWD=" + dir}, set...)
	ownFlags(set, g.Env, g.Env)
	return &Go{Program: g.Program, Dir: dir, Env: slices.Concat(g.Env, set), Log: g.Log, calls: new(atomic.Int32), count: g.count}
}

// In returns a Go for another directory that counts its calls with g's.
func (g *Go) In(dir string) *Go {
	return &Go{Program: g.Program, Dir: dir, Env: g.Env, Log: g.Log, calls: g.calls, count: g.count}
}

// Many returns a Go for another directory that fetches many files at a time: the
// go command takes the number from GOMAXPROCS, and waits for the network most of
// that time. Its calls count with g's.
func (g *Go) Many(dir string) *Go {
	m := g.In(dir)
	m.Env = append(slices.Clone(g.Env), "GOMAXPROCS=16", "PWD="+dir)
	return m
}

// Calls returns how many go commands were started.
func (g *Go) Calls() int { return int(g.calls.Load()) }

// An Error is a go command that failed. It prints what the command says of the
// failure, one fault a line, and a cause that stopped several modules once; the
// command line is in Args.
type Error struct {
	Args   []string
	Stderr string
	Err    error
}

func (e *Error) Error() string { return e.verb() + strings.Join(e.lines(), "\n") }

// Short is the line that matters, the first one, and how many more there are.
func (e *Error) Short() string {
	lines := e.lines()
	if n := len(lines) - 1; n > 0 {
		return fmt.Sprintf("%s%s\nand %d more from the go command: -v shows all", e.verb(), lines[0], n)
	}
	return e.verb() + lines[0]
}

// verb names the command: "go mod tidy: ".
func (e *Error) verb() string { return "go " + verb(e.Args) + ": " }

// lines are the faults that the command names. What it advises is left out, since the
// go command does not know of the pins, and so is the name of a package above its faults.
func (e *Error) lines() []string {
	causes, others := Causes(e.Stderr)
	var lines []string
	if len(causes) > 0 {
		lines = strings.Split(Explain(causes), "\n")
	}
	head := ""
	for i, line := range others {
		switch more := i+1 < len(others); {
		case more && strings.HasPrefix(line, "# "):
		case more && strings.HasSuffix(line, ":") && head == "":
			head = line + " " // "malformed go.sum:"
		default:
			lines = append(lines, head+adviceEndRE.Regexp().ReplaceAllString(line, ""))
			head = ""
		}
	}
	if len(lines) == 0 {
		lines = []string{e.Err.Error()}
	}
	return lines
}

// adviceEndRE is the go command's advice at the end of a fault, in one line.
var adviceEndRE = pattern.New(`; to (add|update)( it)?: .*$`)

func (e *Error) Unwrap() error { return e.Err }

// NextStep says what the user can do about the first module that the command did
// not get; "" where the failure is another one.
func (e *Error) NextStep() string {
	if causes, _ := Causes(e.Stderr); len(causes) > 0 {
		return causes[0].NextStep()
	}
	return ""
}

// Faults returns each fault that the command names, in one line.
func (e *Error) Faults() []string {
	var out []string
	for _, f := range faults(e.Stderr) {
		out = append(out, oneLine(f))
	}
	return out
}

// faults leaves the progress out of the go command's words and keeps the lines
// of each fault together: "go: a imports\n\tb imports\n\tc: no such module" is
// one. Its general advice, as after "SECURITY ERROR", is left out as well.
func faults(stderr string) []string {
	var out []string
	advice := false
	for line := range strings.Lines(stderr) {
		text, isGo := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "go: ")
		advice = !isGo && (advice || adviceRE.MatchString(text))
		switch {
		case advice:
		case isGo && (strings.HasPrefix(text, "downloading ") || strings.HasPrefix(text, "finding ") || strings.HasPrefix(text, "found ") || strings.HasPrefix(text, "warning: ")):
		case strings.HasPrefix(text, "\t") && len(out) > 0:
			out[len(out)-1] += "\n" + text
		case text != "":
			out = append(out, text)
		}
	}
	return out
}

var adviceRE = pattern.New(`^(SECURITY ERROR$|Confirm the import path was entered correctly|If this is a private repository)`)

// oneLine joins the lines of a fault.
func oneLine(fault string) string {
	first, rest, more := strings.Cut(fault, "\n")
	for more {
		var line string
		line, rest, more = strings.Cut(rest, "\n")
		first += " " + strings.TrimSpace(line)
	}
	return first
}

// verb returns the words of args before the first flag: "mod tidy".
func verb(args []string) string {
	for i, a := range args {
		if strings.HasPrefix(a, "-") {
			return strings.Join(args[:i], " ")
		}
	}
	return strings.Join(args, " ")
}

// Run runs go with args and returns its standard output. The error is ctx's
// where ctx was cancelled, else an *Error; with an *Error there may be output as
// well, for go mod download -json says there what is wrong.
func (g *Go) Run(ctx context.Context, args ...string) ([]byte, error) {
	out, _, err := g.RunSettled(ctx, args...)
	return out, err
}

// RunSettled is Run. settled is false where the command has asked for versions of modules
// and taken the newest that serves: at another time it may take another one.
func (g *Go) RunSettled(ctx context.Context, args ...string) (out []byte, settled bool, err error) {
	if g.Log != nil {
		g.Log("go " + strings.Join(args, " "))
	}
	g.calls.Add(1)
	out, stderr, err := start(ctx, g.Program, g.Dir, g.Env, args, bounded.MaxOutput, g.count)
	return out, !foundRE.Regexp().Match(stderr), err
}

// foundRE is what the go command prints when it looks for a module that go.mod lacks.
var foundRE = pattern.New(`(?m)^go: (finding|found|upgraded|added|downgraded|removed) `)

// start runs the go program to its end, to ctx's, or until it has printed more than
// limit bytes, and returns what it prints, on stderr only if it succeeds.
func start(ctx context.Context, program, dir string, env, args []string, limit int, count meter.Count) (out, errs []byte, err error) {
	stdout, stderr := bounded.Output{Left: limit}, bounded.Output{Left: limit}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, env
	watch := newWatch(&stderr, count, args)
	cmd.Stdout, cmd.Stderr = &stdout, watch
	group(cmd)
	cmd.Cancel = func() error { return interrupt(cmd) }
	cmd.WaitDelay = 500 * time.Millisecond
	err = cmd.Run()
	watch.end()
	if err != nil {
		// First: a child that handles the interrupt reports an exit status.
		if ctx.Err() != nil {
			if cmd.Process != nil {
				end(cmd)
			}
			return nil, nil, ctx.Err()
		}
		if errors.Is(err, exec.ErrNotFound) {
			return nil, nil, fault.New("install Go from https://go.dev/dl, or set PATH", "no %s command in PATH", program)
		}
		if stdout.Full() || stderr.Full() { // the child dies of the broken pipe, if it does
			return nil, nil, &Error{Args: args, Err: bounded.ErrOutput}
		}
		return stdout.Kept.Bytes(), nil, &Error{Args: args, Stderr: stderr.Kept.String(), Err: err}
	}
	return stdout.Kept.Bytes(), stderr.Kept.Bytes(), nil
}

// Facts are what go env says of the toolchain in use, and of settings that go
// env -w may have made.
type Facts struct {
	GOMODCACHE, GOVERSION, GOROOT, GOPROXY string
	GOHOSTOS, GOHOSTARCH, CC               string
	GOEXPERIMENT                           string

	// Only [Go.CFlags] sets these: the go command starts the C compiler to tell them.
	CGO_CFLAGS, CGO_CXXFLAGS string
}

// factNames are the fields of [Facts].
var factNames = []string{"GOMODCACHE", "GOVERSION", "GOROOT", "GOPROXY", "GOHOSTOS", "GOHOSTARCH", "CC", "GOEXPERIMENT"}

// Facts asks go env.
func (g *Go) Facts(ctx context.Context) (Facts, error) {
	var f Facts
	err := g.env(ctx, &f, factNames)
	return f, err
}

// CFlags sets the flags of the C and C++ compilers in f.
func (g *Go) CFlags(ctx context.Context, f *Facts) error {
	return g.env(ctx, f, []string{"CGO_CFLAGS", "CGO_CXXFLAGS"})
}

func (g *Go) env(ctx context.Context, f *Facts, names []string) error {
	out, err := g.Run(ctx, append([]string{"env", "-json"}, names...)...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, f); err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	return nil
}
