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
		why: "server and plugin link {pkg}, from another version or replacement of its module", fix: fixApply,
		refine: refineMismatch,
	},
	{
		key: "plugin already loaded", cause: AlreadyLoaded,
		re:  pattern.New(openRE + `plugin already loaded|^plugin already loaded$`),
		why: "the server has loaded another file with the same plugin path: a copy of this plugin, or a plugin whose module has the same path",
		fix: "remove the copy from the server's plugin directory, or give the second plugin a module path of its own: go mod edit -module=PATH",
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
		why: whyCrash, fix: fixToolchain,
	},
	{
		key: "realpath failed", cause: BuildContext,
		re:  pattern.New(openRE + `realpath failed`),
		why: "there is no file {so} where the server looks for it",
		fix: "copy the plugin to {so}, as the server (in its container) sees it",
	},
	{
		key: "not found in plugin", cause: UserCode,
		re:  pattern.New(`plugin: symbol (?P<sym>\S+) not found in plugin ` + pkgRE),
		why: "the plugin has no exported function or variable {sym}, which the server asks for",
		fix: "declare {sym} in package main of the plugin, with the signature that the server documents",
	},
	{
		key: "could not find symbol", cause: UserCode, // Go 1.8 and 1.9
		re:  pattern.New(`plugin(?:\.Open)?: could not find symbol (?P<sym>[^\s:]+)[^"]*`),
		why: "the plugin has no exported function or variable {sym}, which the server asks for",
		fix: "declare {sym} in package main of the plugin, with the signature that the server documents",
	},
	{
		key: "plugin.Symbol is", cause: UserCode,
		re:  pattern.New(`(?:panic: )?interface conversion: plugin\.Symbol is (?P<have>[^"]+?), not (?P<want>[^"]+)`),
		why: "the plugin declares it as {have}; the server asks for {want}",
		fix: "change the declaration in package main of the plugin to {want}",
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
		fix:  fixApply,
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

// refineMismatch tells packages of the toolchain from those of modules.
func refineMismatch(f *finder, m match, finding *Finding) bool {
	finding.Package = strings.ReplaceAll(finding.Package, "%2e", ".") // as in symbol names
	if finding.Package == "" {
		return false
	}
	finding.Text = strings.TrimRight(finding.Text, ".,;:")
	switch {
	case isStd(finding.Package):
		finding.Cause, finding.Why, finding.Fix = ToolchainOrFlags, stdWhy(finding.Package), fixToolchain
	case f.isOwn(finding.Package):
		// Plugins are compared with each other, too.
		finding.Cause, finding.kind = AlreadyLoaded, ownPackage
		finding.Why = finding.Package + " is the plugin's own package: the server has loaded another build of it, from an old copy of the plugin or from another plugin of this module"
		finding.Fix = "remove old copies from the server's plugin directory, and build the plugins of this module together"
	}
	return true
}

// refineCheckPlugin: the list begins with the Go release and the C library.
func refineCheckPlugin(f *finder, m match, finding *Finding) bool {
	lines := strings.Split(finding.Text, "\n")
	switch {
	case len(lines) < 2:
	case lines[1] == "go":
		finding.Cause, finding.Fix = GoVersion, fixToolchain
	case lines[1] == "libc":
		finding.Cause, finding.Fix = Libc, fixLibc
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
		finding.Fix = fixLibc
	}
	return true
}
