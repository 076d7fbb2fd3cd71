// Package pinner decides which require, exclude, replace and go lines make a
// plugin's go.mod select what one given server linked. It is pure: build info and
// go.mod bytes go in, go.mod bytes and reasons come out.
//
// The rule behind all of it: the loader compares one fingerprint per package, and
// a package's fingerprint holds its label, which under -trimpath is module@version
// with the version that the build list selects, before replacement
// (cmd/go/internal/work/gc.go, trimpath; cmd/link, go:link.pkghashbytes). So a
// pin is both halves of the server's build-info line, and going down is done with
// exclude, never with replace.
//
// [Server.Label] says which label a package of the server has: that follows from how the
// server was built. [Label.Fit] says which way of taking a module gives a plugin the same.
// What go.mod can match is [Server.Required]; for [Server.Own] it takes a go.work.
//
// # The way through
//
// [FromBuildInfo] makes the [Server] of its program's build info. [ParseMod] reads
// the plugin's go.mod, and [Mod.Restore] takes earlier changes back, so that a plan
// has no history. [Compare] finds the pins: the modules of which server and plugin
// link a package both. [Make] makes the [Plan], whose Mod goes to go mod tidy;
// [Plan.Recheck] and [Plan.Finish] make of what that has left the go.mod to be
// written. [Expect] does it without tidy, to see whether a plugin is still pinned.
// testdata/embed in the repository is a whole program of it, a plugin builder.
//
// # What it asks for
//
// The plan depends on the module graph, and that on other modules' go.mod files: a
// [Source] gives them, read by [Summarize]. [Versions] lists the released versions
// of modules, for those that the server's Go cannot read.
//
// # Conflicts
//
// A module that the server does not link may ask for more than a pin. The plan
// excludes that and says who asked, in [Demand]. Where it must be lowered instead,
// it gets a [Cap]: [Downgrade] finds the caps under which no one asks for more than
// it gets, [Candidates] lists what a cap may be, and [Plan.Allows] says whether it
// can be next to the plan. A [Graph] tells who requires what.
//
// Errors are for people: file and line where there are some, all of them and not the
// first. One that the user can do something about has a method NextStep() string.
//
// # Its size
//
// It is large, because a program that embeds pinfix imports it alone, and all of it
// works on the lines of one go.mod.
package pinner
