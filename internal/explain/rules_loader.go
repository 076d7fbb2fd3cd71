package explain

import (
	"path"
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// loaderRules: what plugin.Open, Lookup and the servers around them say.
var loaderRules = []rule{
	{
		key: "different version of package", cause: Version, kind: mismatch,
		re:  pattern.New(openRE + `?plugin was built with a different version of package ` + pkgRE + `(?: \(previous failure\))?`),
		why: "server and plugin link {pkg}, but from different versions or replacements of its module", do: apply,
		refine: refineMismatch,
	},
	{
		key: "already loaded", cause: AlreadyLoaded,
		re:   pattern.New(openRE + `plugin already loaded|^(?:fatal error: plugin: )?plugin already loaded$|plugin: plugin (?P<path>\S+) already loaded$`), // the last two: Go 1.8 and 1.9
		same: "so",
		why:  "the server has loaded another file with the same plugin path: a copy of this plugin, or a plugin whose module has the same path",
		fix:  "remove the copy from the server's plugin directory, or give the second plugin a module path of its own (go mod edit -module=PATH), change the imports of its own packages to match, and build it again",
	},
	{
		key: "plugin: not implemented", cause: NoPluginSupport,
		re:  pattern.New(openRE + `?plugin: not implemented`),
		why: "the server was built without cgo, or for a platform without plugins; it can load no plugin at all",
		fix: "rebuild the server with CGO_ENABLED=1, or take its publisher's build with plugin support",
	},
	{
		key: "Dynamic loading not supported", cause: NoPluginSupport,
		re:  pattern.New(openRE + `?Dynamic loading not supported`),
		why: "the server is linked statically with musl; it can load no plugin at all",
		fix: "rebuild the server without -static, or take its publisher's build with plugin support",
	},
	{
		key: "no plugin module data", cause: GoVersion, kind: crash,
		re:  pattern.New(`(?:fatal error: )?runtime: no plugin module data`),
		why: whyCrash, do: build,
	},
	{
		key: "realpath failed", cause: BuildContext,
		re:  pattern.New(openRE + `realpath failed`),
		why: "there is no file {so}{old} where the server looks for it",
		fix: "copy the plugin to {so}{old}, as the server (in its container) sees it",
	},
	{
		key: "not found in plugin", cause: UserCode,
		re:  pattern.New(`plugin: symbol (?P<sym>\S+) not found in plugin(?: ` + pkgRE + `| (?P<path>[^\s"]+))?`),
		why: "the plugin has no exported function or variable {sym}, which the server asks for",
		fix: "declare {sym} in package main of the plugin, with the signature that the server documents",
	},
	{
		key: "could not find symbol", cause: UserCode, // Go 1.8 and 1.9
		re:  pattern.New(`(?:` + openRE + `|plugin: )could not find symbol (?P<sym>[^\s:]+)[^"]*`),
		why: "the plugin has no exported function or variable {sym}, which the server asks for",
		fix: "declare {sym} in package main of the plugin, with the signature that the server documents", refine: refinePath,
	},
	{
		key: "plugin.Symbol is", cause: UserCode,
		re:  pattern.New(`(?:panic: )?interface conversion: plugin\.Symbol is (?P<have>[^"]+?), not (?P<want>[^"]+)`),
		why: "the plugin declares it as {have}; the server asks for {want}",
		fix: "change the declaration in package main of the plugin to {want}", refine: refineSymbolType,
	},
	{
		key: " (types from different ", cause: UserCode,
		re:  pattern.New(`(?:panic: )?interface conversion: [^"]*? is (?P<have>[^"]+?), not (?P<want>[^"]+?) \(types from different (?:packages|scopes)\)`),
		why: whyTwoPackages, fix: fixTwoPackages,
	},
	{
		key: "new module data overlaps", cause: AlreadyLoaded,
		re:   pattern.New(openRE + `?(?:fatal error: )?plugin: new module data overlaps with previous moduledata`),
		same: "so", why: "the server has opened the file while another one was written over it, or the same plugin twice in one place",
		fix: "never write over a plugin that a server has loaded: write the new one next to it and rename it, and start the server again",
	},
	{
		key: "InitModule function in Go module", cause: UserCode, // Nakama
		re:  pattern.New(`Error looking up InitModule function in Go module`),
		why: "the plugin has no exported function InitModule",
		fix: "declare InitModule in package main, with the signature of nakama-common/runtime",
	},
	{
		key: "InitModule function in Go module", cause: UserCode,
		re:  pattern.New(`Error reading InitModule function in Go module`),
		why: "InitModule has another signature than the server asks for",
		fix: "declare InitModule with the signature of nakama-common/runtime, at the version that the server has",
	},
	{
		key: "incompatibility(ies) found", cause: Version, // krakend check-plugin
		re:   pattern.New(`\d+ incompatibility\(ies\) found\.*`),
		why:  "the plugin's go.sum, Go release or libc is not the server's",
		do:   apply,
		more: pattern.New(`^(?:go|libc|[\w.-]+\.[\w.-]+/\S+)$|^(?:have|want): `), refine: refineCheckPlugin,
	},
}

// lastRules: what only looks like an error of a plugin.
var lastRules = []rule{
	{
		key: "plugin.Open", cause: Unknown,
		re:  pattern.New(`plugin\.Open\("(?P<so>[^"]+)"\): (?P<rest>[^"]+)`),
		why: "the system's loader refuses the file",
		fix: "pinfix verify --server SERVER PLUGIN.so",
	},
}

const (
	whyTwoPackages = "there are two types {want}, of two packages with one name: plugin and server import it from two paths (a fork, another major version, a copy in the plugin's own module)"
	fixTwoPackages = "import in the plugin the package that the server has, by the same path"
)

// refinePath: what the linker calls a plugin must be what it was compiled as.
func refinePath(f *finder, m match, finding *Finding) bool {
	_, missing, ok := strings.Cut(m.whole(), "undefined symbol: ")
	name, ok2 := strings.CutSuffix(strings.TrimSpace(missing), "."+m.group("sym"))
	if ok && ok2 {
		finding.Cause = Flags
		finding.Why = "the plugin holds " + m.group("sym") + ", but compiled under its import path: the linker was given another one, " + name + ", with -ldflags=-pluginpath"
		finding.say("build the plugin without -pluginpath; a path of its own comes from go mod edit -module=PATH")
	}
	return true
}

// refineSymbolType tells the ways apart in which a type does not fit.
func refineSymbolType(f *finder, m match, finding *Finding) bool {
	want, missing, ok := strings.Cut(m.group("want"), ": missing method ")
	have := m.group("have")
	typ := strings.TrimPrefix(strings.TrimPrefix(have, "*"), "main.")
	switch {
	case strings.Contains(m.group("want"), " (types from different "):
		want, _, _ = strings.Cut(m.group("want"), " (types ")
		finding.Why = strings.ReplaceAll(whyTwoPackages, "{want}", want)
		finding.say(fixTwoPackages)
	case ok:
		finding.Why = "the plugin declares it as " + have + ", which lacks the method " + missing + " of " + want
		finding.say("add method " + missing + " to " + typ + ", with the signature of " + want)
	case have == "*"+want:
		finding.Why += "; Lookup returns a pointer to what is a variable"
		finding.say("export in package main a variable of the type " + strings.TrimPrefix(want, "*") + ", or a function, as the server documents")
	}
	return true
}

// refineMismatch tells packages of the toolchain from those of modules.
func refineMismatch(f *finder, m match, finding *Finding) bool {
	finding.Package = strings.ReplaceAll(finding.Package, "%2e", ".") // as in symbol names
	if finding.Package == "" {
		return false
	}
	finding.Text = strings.TrimRight(finding.Text, ".,;:")
	switch {
	case finding.Package == "main":
		finding.Cause, finding.kind = AlreadyLoaded, ownPackage
		finding.Why = "the plugin's module is called main, and so is the server's own package main"
		finding.say("give the plugin's module a path of its own, and build it again: go mod edit -module=PATH")
	case isStd(finding.Package):
		finding.Cause, finding.Why = ToolchainOrFlags, stdWhy(finding.Package)
		finding.do(build)
	case f.isOwn(finding.Package):
		// Plugins are compared with each other, too.
		finding.Cause, finding.kind = AlreadyLoaded, ownPackage
		finding.Why = finding.Package + " is the plugin's own package: the server has loaded another build of it, from an old copy of the plugin or from another plugin of this module"
		finding.say("remove old copies from the server's plugin directory, and build the plugins of this module together")
	case f.isServers(finding.Package):
		finding.Cause = ServerOwn
		finding.Why = finding.Package + " is the server's own package: its label has no version, and no go.mod can match that"
		finding.do(takeSource)
	}
	return true
}

// refineCheckPlugin: the list begins with the Go release and the C library.
func refineCheckPlugin(f *finder, m match, finding *Finding) bool {
	lines := strings.Split(finding.Text, "\n")
	switch {
	case len(lines) < 2:
	case lines[1] == "go":
		finding.Cause = GoVersion
		finding.do(build)
	case lines[1] == "libc":
		finding.Cause = Libc
		finding.do(otherLibc)
	}
	return true
}

// foreign are other systems' plugins, which the same loader loads.
var foreign = []string{"ImportError", "OSError", "UnsatisfiedLinkError", "LoadError", "DLL load failed", ".node:", "cpython-", "gem "}

// refineLibrary looks at which file the loader speaks of: the plugin, or a
// library that it needs.
func refineLibrary(f *finder, m match, finding *Finding) bool {
	for _, word := range foreign {
		if strings.Contains(m.text, word) {
			return false
		}
	}
	file := path.Base(m.group("file"))
	if finding.Cause == Platform && strings.HasPrefix(file, "lib") && file != path.Base(m.group("so")) {
		finding.Cause = Libc
		finding.Why = "the plugin needs " + file + ", and the file of that name on the server's system is another one: the plugin was built for another C library (musl, glibc)"
		finding.do(otherLibc)
	}
	return true
}
