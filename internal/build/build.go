// Package build builds a plugin as its server was built: toolchain, flags, C compiler and file
// names ([Run]), for one server or for several ([RunMany]). It proves that the file loads
// before it writes it.
package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/prove"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// Options are what pinfix build was asked for.
type Options struct {
	reference.Reference
	ServerSource string   // directory of the server's source, for plugins that import its packages
	Packages     []string // main packages or files of them; none: the plugins of the module
	Out          string   // file, or directory for several
	Profile      string   // for -pgo
	Vendor       string   // "never": not from vendor/
	Print        string   // "shell" or "dockerfile": build nothing
	Version      string   // of pinfix, for the Dockerfile
	Self         string   // pinfix's own program, for the go command to start

	// Of a build for one of several servers, see many.go.
	pinned *pinned
}

// A builder is one run of Build. It has many methods, one for each step of a build and for
// each thing that a step is about: tools, C compiler, file names, outputs.
type builder struct {
	o       Options
	plugin  *plugin.Plugin
	server  *pinner.Server
	named   reference.Servers // the first is server
	recipe  *recipe.Recipe
	outputs []Output
	work    *workspace.Workspace // nil without the server's source
	result  *report.Build

	scratch *stage.Scratch
	ready
}

// ready is what [builder.tools] has made ready for go build.
type ready struct {
	facts gocmd.Facts
	how   recipe.Build // what all builds have in common
	older bool         // how.CC was chosen for a server on an older glibc
	rules string       // for file names, of this machine; how.Paths are those that are shown
}

// Run builds plugins as the server was built, and, when all are built, writes
// those that it would load. The tree is built as it is: pinning is Apply's. An
// error means that nothing was written, unless writing itself failed.
//
// server -> recipe -> what is refused in any case -> tools -> go build into a scratch
// directory -> verify -> commit.
func Run(ctx context.Context, o Options) (*report.Build, error) {
	b, err := newBuilder(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.Print != "" {
		return b.print()
	}
	if err := b.comparable(); err != nil {
		return nil, err
	}
	if err := b.parse(); err != nil {
		return nil, err
	}
	refused := b.ahead()
	if len(refused) < len(b.outputs) {
		if b.scratch, err = stage.NewScratch(); err != nil {
			return nil, err
		}
		defer b.scratch.Close()
		if err := b.tools(ctx); err != nil {
			return nil, err
		}
	}
	for i := range b.outputs {
		if v, ok := refused[i]; ok {
			b.result.Plugins = append(b.result.Plugins, v)
			b.result.Commands = append(b.result.Commands, b.show(i))
			continue
		}
		if err := b.build(ctx, i); err != nil {
			return nil, err
		}
	}
	return b.result, b.write(ctx)
}

// comparable returns an error if nothing is known that a plugin could be compared with. A
// build without that comparison is the user's to run.
func (b *builder) comparable() error {
	err := prove.Comparable(b.server)
	if err == nil {
		return nil
	}
	first := ""
	if b.o.pinned != nil {
		first = "pin the plugin with pinfix apply and "
	}
	return fault.With(err, fault.Next(err)+"; or "+first+"run the command of pinfix build --print, which is not verified")
}

// newBuilder reads what there is to read: plugin, server, and their recipe.
func newBuilder(ctx context.Context, o Options) (*builder, error) {
	b := &builder{o: o}
	var err error
	if b.plugin, err = plugin.Read(o.Dir, o.Packages, ""); err != nil {
		return nil, err
	}
	if o.pinned != nil {
		b.server, b.named = o.pinned.server, o.Servers
	} else if b.server, b.named, err = o.Reading(ctx, b.plugin.Root); err != nil {
		return nil, err
	}
	if err := reference.Hopeless(b.server); err != nil {
		return nil, err
	}
	b.recipe = recipe.Of(b.server)
	module := b.plugin.Now.Module.Mod.Path
	found, others, err := plugin.NewFinder(b.plugin.Root, module, b.server).Find(b.plugin.Patterns)
	if err != nil {
		return nil, err
	}
	name := (*builder).name
	if o.pinned != nil && o.pinned.many || strings.Contains(o.Out, "{") {
		name = (*builder).nameByPattern
	}
	if b.outputs, err = name(b, found); err != nil {
		return nil, err
	}
	if err := b.clash(found); err != nil {
		return nil, err
	}
	b.result = &report.Build{
		SchemaVersion: 1, Command: "build", Server: reference.Report(b.server),
		Plugin:   report.Module{Dir: b.plugin.Root, Module: module},
		Commands: []report.Command{}, Left: []report.Left{}, Plugins: []report.Verified{}, Warnings: []string{},
	}
	b.result.Note = plugin.LeftAlone(others)
	b.left()
	if b.work, err = b.workspace(ctx); err != nil {
		return nil, err
	}
	b.o.SetAside(b.plugin.Root, b.work != nil)
	return b, b.common()
}

// common finds out what all builds have in common, as far as that is a matter
// of files.
func (b *builder) common() error {
	b.how = recipe.Build{Mod: "readonly", Work: "off"}
	b.sources()
	if b.work != nil {
		b.how.Mod, b.how.Work = "readonly", "" // found next to go.mod
		b.warn(b.work.Warnings...)
	}
	var err error
	if b.renames() {
		if b.how.Paths, err = b.flag(b.printed()); err != nil {
			return err
		}
	}
	return b.profile()
}

// clash looks whether the server links a package that a plugin has the import path of.
func (b *builder) clash(found []string) error {
	module := b.plugin.Now.Module.Mod.Path
	var pkgs []string
	for _, pkg := range found {
		if !strings.HasSuffix(pkg, ".go") { // a plugin from a file gets a name that is nothing else's
			pkgs = append(pkgs, path.Join(module, pkg))
		}
	}
	return wants.Clash(b.server, module, pkgs)
}

func (b *builder) warn(warnings ...string) {
	b.result.Warnings = append(b.result.Warnings, warnings...)
}

// left reports what the recipe did not take from the server.
func (b *builder) left() {
	for _, l := range b.recipe.Left {
		r := report.Left{Setting: l.Setting, Value: l.Value, Why: l.Why}
		b.result.Left = append(b.result.Left, r)
		if l.Matters {
			b.warn("not taken from the server: " + r.String())
		}
	}
	b.warn(recipe.SuffixWarning(b.server)...)
}

// command is the go build of one plugin, to be typed where dir is; out is how
// the output is then named.
func (b *builder) command(i int, how recipe.Build, dir, out string) recipe.Command {
	how.Dir, how.Package, how.Out = dir, b.outputs[i].pkg, out
	if b.pgoOff(b.outputs[i].pkg) {
		how.Profile = "off"
	}
	return b.recipe.Command(how)
}

// file is where a plugin is built.
func (b *builder) file(i int) string { return b.scratch.Path(fmt.Sprintf("%d.so", i)) }

// build builds one plugin and compares it with the server.
func (b *builder) build(ctx context.Context, i int) error {
	out := b.outputs[i]
	b.o.Step(fmt.Sprintf("go build %s with %s", out.pkg, b.recipe.Toolchain))
	how := b.how
	if b.work != nil {
		how.Work = b.work.File
	}
	if how.Paths = b.rules; how.Paths != "" {
		var err error
		if how.Toolexec, err = b.wrapper(); err != nil {
			return err
		}
	}
	cmd := b.command(i, how, "", b.file(i))
	if b.o.pinned != nil {
		cmd.Args = slices.Insert(cmd.Args, 1, b.o.pinned.flags...)
	}
	if _, err := b.runner(cmd.Env).Run(ctx, cmd.Args...); err != nil {
		return b.explain(err)
	}
	b.o.Step("comparing with the server")
	plugin, err := target.ReadPlugin(b.file(i))
	if err != nil {
		return err
	}
	more, err := prove.Ask(ctx, b.server, plugin, b.o.Options(b.named[0]))
	if err != nil {
		return err
	}
	if c, ok := b.olderCompiler(plugin); ok && !b.older {
		b.older = true
		b.useCompiler(c)
		return b.build(ctx, i)
	}
	linked := slices.DeleteFunc(slices.Collect(maps.Keys(plugin.Packages)), func(pkg string) bool { return !modpath.In(pkg, plugin.Main.Path) })
	if err := wants.Clash(b.server, b.plugin.Now.Module.Mod.Path, linked); err != nil {
		return err
	}
	b.origins(ctx, i, cmd, plugin)
	look := modcache.New(b.facts.GOMODCACHE, buildctx.Of(b.server))
	verdict := verify.Compare(b.server, plugin, look.Imports)
	verdict.Warnings = append(verdict.Warnings, more...)
	b.result.Plugins = append(b.result.Plugins, prove.Report(out.Name, verdict))
	shown := b.show(i)
	shown.Built = true
	b.result.Commands = append(b.result.Commands, shown)
	return nil
}

// write writes the plugins that the server would load. One that it would refuse
// must not lie there and look good; an older file stays.
func (b *builder) write(ctx context.Context) error {
	for i, out := range b.outputs {
		if !b.result.Plugins[i].Loads {
			continue
		}
		data, err := bounded.ReadFile(b.file(i), bounded.Program)
		if err != nil {
			return err
		}
		first := !place.Exists(out.Abs)
		if err := WriteOutput(ctx, b.plugin.Root, out, data); err != nil {
			return err
		}
		b.result.Commands[i].Written = true
		if rel, err := filepath.Rel(b.plugin.Root, out.Abs); first && b.result.Ignore == "" && !b.o.Walk && err == nil && filepath.IsLocal(rel) && place.InRepository(b.plugin.Root) {
			b.result.Ignore = place.IgnoreLine(ctx, b.plugin.Root, filepath.ToSlash(rel), b.o.Environ)
		}
	}
	return nil
}

// runner returns the go command in the plugin's directory.
func (b *builder) runner(env []string) *gocmd.Go {
	set := slices.Clone(env)
	if !hasVar(env, "GOFIPS140") {
		set = append(set, "GOFIPS140=off") // a go env -w of the user's
	}
	if vars.Get(b.o.GoEnviron(), "GOTMPDIR") == "" {
		// A go command that is interrupted may leave its files; so they go too.
		set = append(set, "GOTMPDIR="+b.scratch.Path())
	}
	return gocmd.New(gocmd.Config{Dir: b.plugin.Root, Environ: b.o.GoEnviron(), Set: set, Log: b.o.Log, Count: b.o.Count})
}

// profile checks --pgo against the server.
func (b *builder) profile() error {
	name := b.recipe.Profile
	switch {
	case name == "" && b.o.Profile == "":
		return nil
	case name == "":
		return fault.OfSetting("--pgo", b.o.Profile, "leave it out: the plugin would differ", "the server was built without a profile")
	case b.o.Profile == "":
		return fault.New("name it with --pgo FILE; default.pgo is in the main package of the server's source",
			"server %s was built with the profile %q, which is not in the program, and refuses plugins built without it", b.server.Ref, name)
	}
	f, err := bounded.Open(b.o.Profile)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("no such file")
	}
	if err != nil {
		return fault.OfSetting("--pgo", b.o.Profile, "name the profile that the server was built with", "%w", fault.Cause(err))
	}
	f.Close() // the go command reads it
	b.how.Profile, err = filepath.Abs(b.o.Profile)
	return err
}

// pgoOff reports whether a default.pgo of the plugin's must be kept out.
func (b *builder) pgoOff(pkg string) bool {
	if b.recipe.Profile != "" || filepath.Ext(pkg) == ".go" {
		return false
	}
	return place.Exists(filepath.Join(b.plugin.Root, filepath.FromSlash(pkg), "default.pgo"))
}
