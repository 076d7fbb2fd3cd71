package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/report"
)

// A printForm is the value of --print, which may stand without one.
type printForm string

func (p *printForm) String() string   { return string(*p) }
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
		Usage:     "build the plugin as the server was built, and verify it",
		ArgsUsage: "[PACKAGE]",
		Description: `Builds the plugin with the server's Go release, flags and platform, compares the
result with the server as verify does, and writes it if the server would load it.
Pin the plugin first: pinfix apply.

   pinfix build -s ./nakama                     # NAME.so beside go.mod
   pinfix build -s ./nakama -o out/x.so ./x     # a package, a file
   pinfix build -s ./nakama --print             # the command, for a shell
   pinfix build -s ./nakama --print=dockerfile .  # a whole Dockerfile
   pinfix build -s ./tyk --server-source ../tyk
   pinfix build ./...                           # every plugin below

Exit codes: 0 built, and the server would load it; 1 built, but it would not: why is
shown, and no file is written; 2 it could not be built or compared.
---
PACKAGE is a main package or a Go file of one; without it, the plugins of the module
are built: its main packages that export a function or a variable, or all of them if
none does. -o takes an existing directory too, or one that ends in /.

It takes over -trimpath, -race, -msan, -asan, -tags, -gcflags=all=..., -pgo (with
--pgo), GOEXPERIMENT, GOFIPS140 and the platform, with values of their known forms;
every other build setting of the server is shown and never run. Another platform needs a C cross-compiler; name it in
CC. A server that was not built with -trimpath needs the module cache at the same
path; pinfix finds the path in the program.

./... (or DIR/...) builds the plugins of every module below, each for the server that
it names, next to its go.mod. What is skipped, and the exit codes, are as for apply
./...; where there is but one module, it stands for its packages.

--print prints the command for a shell, and as a RUN line for a Dockerfile.

--server-source is for a plugin that imports the server's own packages: the server's
source at its commit. --vendor never builds from the module cache, as apply with it
leaves vendor/ alone.

JSON holds "commands" (package, output, written, env, args, line, run), "left"
(settings that were not taken), and "plugins" as in verify.`,
		Flags: slices.Concat(serverFlags(), []cli.Flag{
			dirFlag(),
			&cli.StringFlag{Name: "o", Usage: "write to `FILE` or directory (default: NAME.so)"},
			packageFlag(),
			&cli.GenericFlag{Name: "print", Value: form, Usage: "build nothing; print the command, or a Dockerfile"},
			&cli.StringFlag{Name: "pgo", Usage: "the profile `FILE` that the server was built with"},
			serverSourceFlag(),
			choice("vendor", "`WHEN`: build from vendor/, if it is there", choices["vendor"]...),
			formatFlag("text", "json"),
		}, lookFlags(goCommands)),
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
	p := e.progress(c)
	result, err := flow.Build(c.Context, e.buildOptions(c, p, packages, form))
	p.done()
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
func (e *env) buildOptions(c *cli.Context, p *progress, packages []string, form string) flow.BuildOptions {
	return flow.BuildOptions{
		Reference:    e.reference(c, p),
		ServerSource: c.String("server-source"),
		Packages:     packages,
		Out:          c.String("o"),
		Profile:      c.String("pgo"),
		Vendor:       c.String("vendor"),
		Print:        form,
		Version:      version(),
	}
}

func (e *env) showBuild(c *cli.Context, r *report.Build, form string) error {
	p := e.progress(c)
	p.warn(r.Warnings)
	for _, v := range r.Plugins {
		p.warn(v.Warnings)
	}
	switch {
	case c.String("format") == "json":
		return report.JSON(e.stdout, r)
	case form != "":
		return r.Print(e.stdout)
	}
	return r.Text(e.stdout, e.style(c))
}

// buildPackages are --package and the one argument.
func buildPackages(c *cli.Context) ([]string, error) {
	args := c.Args().Slice()
	if i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") }); i > 0 {
		return nil, &usageError{msg: fmt.Sprintf("flag %s stands after the argument %q; put flags first", args[i], args[i-1]), help: "build"}
	}
	switch {
	case len(args) > 1:
		return nil, &usageError{msg: fmt.Sprintf("build takes one package; %q is a second", args[1]), help: "build"}
	case len(args) == 1 && c.IsSet("print") && (args[0] == "dockerfile" || args[0] == "shell"):
		return nil, &usageError{msg: fmt.Sprintf("--print %s: the form stands after =: --print=%[1]s", args[0]), help: "build"}
	}
	return append(c.StringSlice("package"), args...), nil
}
