package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/build"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/terminal"
)

// A printForm is the value of --print, which may be without one.
type printForm string

func (p *printForm) String() string { return string(*p) }

func (p *printForm) IsBoolFlag() bool { return true }

// Values are the forms that there are.
func (p *printForm) Values() []string { return []string{"shell", "dockerfile"} }

func (p *printForm) Set(s string) error {
	switch s {
	case "true", "shell":
		*p = "shell"
	case "dockerfile":
		*p = "dockerfile"
	case "false":
		*p = ""
	default:
		return fmt.Errorf("must be --print or --print=dockerfile")
	}
	return nil
}

func (e *env) buildCommand() *cli.Command {
	form := new(printForm)
	return &cli.Command{
		Name:      "build",
		Usage:     "build the plugin as the server was built, and verify the result",
		ArgsUsage: "[PACKAGE | ./...]",
		Description: `Builds the plugin with the server's Go release, flags and platform, and compares
the result with the server as verify does. Writes the file only if the server would
load it. Run pinfix apply first, except for several servers or with --pin.

   pinfix build -s ./nakama                     # NAME.so next to go.mod
   pinfix build -s ./nakama -o out/x.so ./x     # a package, a file
   pinfix build ./...                           # every plugin below here
   pinfix build -s 'snapshots/*' -o dist/       # a file for each server
   pinfix build -s ./nakama --print             # the command, for a shell
   pinfix build -s ./nakama --print=dockerfile .  # a whole Dockerfile
   pinfix build -s ./tyk --server-source ../tyk

Exit codes: 0 built, and the server would load it; 1 the server would not load it, so
no file is written; 2 it could not be built or compared.
---
build can work for several servers: name several --server or --platform, a list in
.pinfix.yaml, or a pattern (pinfix help compat). It then plans and builds for each
server in a scratch directory, and your files do not change. --pin does the same for one
server. -o may then be a pattern with {name}, {server}, {version}, {os} and {arch};
without -o it is {name}-{server}-{version}-{os}-{arch}.so next to go.mod. build writes
all files at the end. A server that fails does not stop the others. --conflicts, --cap
and --keep mean what they mean for apply, and only for such builds.

PACKAGE is a main package or a Go file of one. Without it, build builds the plugins of
the module: its main packages that export a function or a variable, or all of its main
packages if none does. -o also takes an existing directory, or a name that ends in /.

build uses the server's -trimpath, -race, -msan, -asan, -tags, -gcflags=all=..., -pgo
(with --pgo), GOEXPERIMENT, GOFIPS140 and platform, if their values have a known form.
It shows every other build setting of the server and never runs it. For another
processor, or for a server on musl, it finds a C compiler by its usual name, or zig; CC
names another. If the server was built without -trimpath, build gives the packages the
file names of the server's packages, which it finds in the program.

./... (or DIR/...) builds the plugins of every module below, each for the server that it
names, next to its go.mod. It skips the same modules and has the same exit codes as
apply ./... does. If there is only one module, ./... means its packages.

--print prints the command for a shell, and as a RUN line for a Dockerfile.

--server-source is for a plugin that imports the server's own packages. It is the
server's source at its commit. With --vendor auto, build uses vendor/ if it is there.
With --vendor never it builds from the module cache.

If go.mod and the imports already show that the server would refuse the plugin, build
does not build it. The command of --print builds it as it is.

JSON has "commands" (package, output, built, written, env, args, line, run), "left"
(settings that build does not use), and "plugins" as in verify.`,
		Flags: slices.Concat(serversFlags(), []cli.Flag{
			dirFlag(),
			&cli.StringFlag{Name: "o", Usage: "write to `FILE`, directory or pattern (default: NAME.so)"},
			&cli.BoolFlag{Name: "pin", Usage: "pin the plugin for this build only; change no file"},
			packageFlag(),
			&cli.GenericFlag{Name: "print", Value: form, Usage: "print the command or a Dockerfile, and do not build"},
			&cli.StringFlag{Name: "pgo", Usage: "`FILE`: the profile that the server was built with"},
			serverSourceFlag(),
			vendorFlag(),
			formatFlag("text", "json"),
		}, planFlags(), lookFlags(goCommands)),
		Action: func(c *cli.Context) error { return e.build(c, string(*form)) },
	}
}

func serverSourceFlag() cli.Flag {
	return &cli.StringFlag{Name: "server-source", Usage: "`DIR`: the server's source, for plugins that import it"}
}

func (e *env) build(c *cli.Context, form string) error {
	if isWalk(c) {
		return e.buildAll(c, form)
	}
	packages, err := buildPackages(c)
	if err != nil {
		return err
	}
	if len(packages) == 1 && c.NArg() == 1 {
		*e.set = append(*e.set, setting{flag: "--package", value: packages[0], written: packages[0]})
	}
	p := e.progress(c)
	o, err := e.buildOptions(c, p, packages, form)
	if err != nil {
		return err
	}
	if c.Bool("pin") || o.Servers.Several() || len(c.StringSlice("platform")) > 1 {
		return e.buildMany(c, p, o)
	}
	result, err := build.Run(c.Context, o)
	p.Done()
	if err != nil {
		return err
	}
	if err := e.showBuild(c, result, form); err != nil {
		return err
	}
	if !result.Loads() {
		return errDiffers
	}
	return nil
}

// buildOptions is what c asks for.
func (e *env) buildOptions(c *cli.Context, p *terminal.Progress, packages []string, form string) (build.Options, error) {
	self, err := os.Executable()
	return build.Options{
		Reference:    e.reference(c, p),
		ServerSource: c.String("server-source"),
		Packages:     packages,
		Out:          c.String("o"),
		Profile:      c.String("pgo"),
		Vendor:       c.String("vendor"),
		Print:        form,
		Version:      version(),
		Self:         self,
	}, err
}

func (e *env) showBuild(c *cli.Context, r *report.Build, form string) error {
	p := e.progress(c)
	p.Warn(r.Warnings)
	for _, v := range r.Plugins {
		p.Warn(v.Warnings)
	}
	if c.Bool("quiet") {
		r.Ignore = ""
	}
	switch {
	case c.String("format") == "json":
		return report.JSON(e.stdout, r)
	case form != "":
		return r.Print(e.stdout)
	}
	return e.text(c, r)
}

// buildPackages are --package and the one argument.
func buildPackages(c *cli.Context) ([]string, error) {
	args := c.Args().Slice()
	switch {
	case len(args) > 1:
		if err := oneWalk(c); err != nil {
			return nil, err
		}
		return nil, &manual.UsageError{Msg: fmt.Sprintf("build takes one package; %q is a second", args[1]), Help: "build"}
	case len(args) == 1 && c.IsSet("print") && (args[0] == "dockerfile" || args[0] == "shell"):
		return nil, &manual.UsageError{Msg: fmt.Sprintf("--print %s: the form goes after =", args[0]), Help: "build", Next: "write --print=" + args[0]}
	}
	return append(c.StringSlice("package"), args...), nil
}

// buildMany builds for several servers, or pinned for one.
func (e *env) buildMany(c *cli.Context, p *terminal.Progress, o build.Options) error {
	for flag, set := range map[string]bool{"--print": o.Print != "", "--server-source": o.ServerSource != "", "--pgo": o.Profile != ""} {
		if set {
			return &manual.UsageError{Msg: flag + " is for one server, without --pin", Help: "build", Next: "name one with --server"}
		}
	}
	result, err := build.RunMany(c.Context, build.ManyOptions{Options: o, Plan: e.planOptions(c, p), Platforms: c.StringSlice("platform")})
	p.Done()
	if err != nil {
		return err
	}
	for _, s := range result.Servers {
		p.Of(s.Name).Warn(s.Warnings)
		for _, v := range s.Plugins {
			p.Of(s.Name).Warn(v.Warnings)
		}
	}
	if c.String("format") == "json" {
		err = report.JSON(e.stdout, result)
	} else {
		err = e.text(c, result)
	}
	if err != nil {
		return err
	}
	return verdictOf(len(result.Servers), result.Differ, result.Unknown, "no plugin was built for")
}
