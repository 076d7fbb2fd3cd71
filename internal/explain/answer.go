package explain

import (
	"go/version"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/pinner"
)

// Known is what is available next to the text. All of it may be missing. It has many methods,
// one for each kind of finding that it makes concrete.
type Known struct {
	Server *pinner.Server
	Mod    *pinner.Mod // the plugin's go.mod
	Build  string      // the command that builds a plugin as the server was built
	Flags  string      // "-C DIR --server REF" as the user must type it again

	// Vendored returns the version of a module in vendor/modules.txt, or "".
	Vendored func(path string) string
	// Graph returns the plugin's module graph, or nil where it is not available.
	Graph func() *pinner.Graph
}

// Answer makes a finding concrete: which module, what the server has of it, and
// what the plugin.
func (k Known) Answer(f Finding) Finding {
	if k.Server != nil {
		k.byServer(&f)
	} else if f.kind == mismatch && f.Cause == Version && k.Mod != nil {
		k.byGoMod(&f)
	}
	f.Why, f.Fix = bounded(f.Why), bounded(k.typed(f.Fix))
	return f
}

// typed puts the flags that the user has typed where a command needs them.
func (k Known) typed(fix string) string {
	if k.Server == nil && k.Flags == "" {
		return fix
	}
	return strings.ReplaceAll(fix, " --server SERVER", strings.TrimRight(" "+k.Flags, " "))
}

func (k Known) byServer(f *Finding) {
	switch {
	case f.kind == mismatch && f.Cause == ToolchainOrFlags:
		k.std(f)
	case f.kind == mismatch, f.kind == ownPackage:
		k.module(f)
	case f.kind == crash && f.Cause == GoVersion:
		k.crash(f)
	case f.kind == goLine:
		k.goLine(f)
	case f.kind == declaredPath:
		k.declared(f)
	case f.Cause == Platform:
		k.platform(f)
	case f.Cause == NoPluginSupport:
		k.support(f)
	case f.Cause == Vendor, f.action == tidy:
		k.vendor(f)
	case f.action == otherLibc, f.action == unfortify:
		k.libc(f)
	case f.Cause == Content:
		k.content(f)
	case f.Cause == UserCode && k.isServerOwn(f.Package):
		k.serverOwn(f)
	case f.Cause == Tags, f.action == switchCgoOn, f.action == build:
		f.Why += "; the server was built by " + k.built()
		f.say(k.Build)
	}
}

// std: the toolchain and the flags decide.
func (k Known) std(f *Finding) {
	f.Server = plain(k.Server.Go)
	f.Why = "a package of the standard library: the plugin was not built as the server was, by " + k.built()
	f.say(k.Build)
	if tags := buildctx.Tags(k.Server.Settings["-tags"]); (f.Package == "net" || f.Package == "os/user") && (slices.Contains(tags, "netgo") || slices.Contains(tags, "osusergo")) {
		f.Cause = Tags
	}
}

// settings that change fingerprints (docs/how-the-loader-decides.md).
var settings = []string{"-trimpath", "-race", "-msan", "-asan", "-tags", "-gcflags", "-pgo", "GOEXPERIMENT", "GOFIPS140", "CGO_ENABLED"}

// built says in one line how the server was built.
func (k Known) built() string {
	s := plain(k.Server.Go)
	for _, key := range settings {
		switch v := plain(k.Server.Settings[key]); {
		case v == "" || key == "CGO_ENABLED" && v == "1" || key == "GOFIPS140" && v == "off",
			key == "-gcflags" && !strings.Contains(v, "="): // for package main only
		case v == "true":
			s += " " + key
		default:
			s += " " + key + "=" + v
		}
	}
	if !k.Server.Trimmed() {
		s += ", without -trimpath"
	}
	return bounded(s)
}

// crash: a server that was linked statically dies like one of another release.
func (k Known) crash(f *Finding) {
	if err := k.Server.Refuses(); err != nil {
		k.refuses(f, err)
		return
	}
	f.Why = "the plugin was built with another Go release than the server's, " + plain(k.Server.Go) + ", and the loader crashes on that"
	f.say(k.Build)
}

func (k Known) refuses(f *Finding, err error) {
	f.Cause, f.Why = NoPluginSupport, "the server: "+err.Error()
	f.say(fault.Next(err))
}

// goLine: pinfix apply lowers a go line that the server's Go cannot read. What it can read,
// apply leaves alone: the build runs the wrong Go.
func (k Known) goLine(f *Finding) {
	if f.action != apply && f.action != build {
		return
	}
	f.Why += "; the server has Go " + k.Server.GoVersion()
	switch {
	case k.Mod != nil && k.Mod.Go != nil && !k.Server.Accepts(k.Mod.Go.Version):
		f.Why += ", go.mod's go line says " + k.Mod.Go.Version
		f.do(apply)
	case k.serverHas(f.needs):
		f.Why += ", which is new enough: the build runs another Go than the server's"
		f.say(k.Build)
	case k.Mod != nil && f.action == build:
		f.say(k.Build)
	}
}

// serverHas reports whether the server's Go is the release needs or a newer one.
func (k Known) serverHas(needs string) bool {
	return version.IsValid("go"+needs) && version.Compare("go"+needs, "go"+k.Server.GoVersion()) <= 0
}

func (k Known) platform(f *Finding) {
	if err := k.Server.Refuses(); err != nil {
		k.refuses(f, err)
		return
	}
	goos, goarch, ok := k.Server.Platform()
	if !ok {
		return
	}
	f.Server = plain(goos + "/" + goarch)
	f.Why += "; the server is for " + f.Server
	f.say(k.Build)
}

func (k Known) support(f *Finding) {
	if err := k.Server.Refuses(); err != nil {
		k.refuses(f, err)
		return
	}
	f.Why = "the server that is named can load plugins, so another program, or another build of it, said this"
	f.say(startNamed)
}

// vendor: pinfix apply writes go.mod, go.sum and vendor/ so that they fit.
func (k Known) vendor(f *Finding) {
	if f.action == leaveWork {
		return
	}
	if f.Cause == Vendor && !k.Server.Trimmed() && !recipe.Vendored(k.Server) {
		f.Why += "; the server was built without -trimpath, so a vendored plugin does not load"
	}
	f.do(apply)
}

// libc: the named server tells which C library is right, unless another one says it.
func (k Known) libc(f *Finding) {
	libc := k.Server.Binary.Libc()
	if f.libc != "" && libc != "" && f.libc != libc {
		f.Why = "the server that is named uses " + libc + ", and " + f.libc + " says this, so another program, or another build of it, said this"
		f.say(startNamed)
		return
	}
	switch libc {
	case "musl":
		f.Why += "; the server uses musl"
		how := findCompiler
		if f.action == unfortify {
			how = f.Fix
		}
		f.say(how + "; or build the plugin in an image with musl, such as " + recipe.BaseImage(k.Server) + " with gcc and musl-dev")
	case "glibc":
		f.Why += "; the server uses glibc"
		if v := k.Server.Binary.Glibc; v != "" {
			f.Why += " (" + v + " or newer)"
		}
		f.say("pinfix build --server SERVER, which compiles for the server's glibc if zig is installed; or build the plugin in an image with glibc that is no newer than the server's, such as " + recipe.BaseImage(k.Server))
	case "":
		if f.action == unfortify {
			f.say("export " + noFortify + ", then " + k.Build)
		} else if k.Server.Packages == nil {
			f.say(useServersImage)
		}
	}
}

// content: the server's own sum tells which side is wrong.
func (k Known) content(f *Finding) {
	pin, ok := k.pin(f.Package)
	if !ok || pin.Path != f.Package || pin.Sum == "" {
		return
	}
	f.Module, f.Server = pin.Path, plain(pin.Versions())
	for _, side := range []struct{ name, what string }{
		{"downloaded: ", "what was downloaded is what the server was built with, so go.sum is wrong"},
		{"go.sum: ", "go.sum has what the server was built with, so what was downloaded is wrong"},
	} {
		if _, rest, ok := strings.Cut(f.Text, side.name); ok && strings.HasPrefix(strings.TrimSpace(rest), pin.Sum) {
			f.Why += "; " + side.what
			if side.name == "downloaded: " {
				f.say("remove the lines of " + pin.Path + " from go.sum, then: " + actions[apply])
			}
		}
	}
}

// declared: a server that takes a module from its fork says how to require it.
func (k Known) declared(f *Finding) {
	pins := k.Server.Required()
	i := slices.IndexFunc(pins, func(p pinner.Pin) bool {
		return f.Package != "" && (p.Path == f.Package || p.Replace.Path == f.Package)
	})
	if i < 0 {
		return
	}
	p := pins[i]
	f.Module, f.Server = p.Path, plain(p.Versions())
	f.Why += "; the server has " + p.String()
	f.do(apply)
}

// graph returns the plugin's module graph, or nil.
func (k Known) graph() *pinner.Graph {
	if k.Graph == nil {
		return nil
	}
	return k.Graph()
}

// requiredVersion returns the version that the plugin's go.mod requires, or "".
func (k Known) requiredVersion(path string) string {
	if k.Mod == nil {
		return ""
	}
	for _, r := range k.Mod.Require {
		if r.Mod.Path == path {
			return r.Mod.Version
		}
	}
	return ""
}

// replacedBy returns what go.mod replaces v with, or nothing.
func (k Known) replacedBy(v module.Version) module.Version {
	if k.Mod == nil {
		return module.Version{}
	}
	r := k.Mod.Replacement(v)
	if r == nil {
		return module.Version{}
	}
	return r.New
}
