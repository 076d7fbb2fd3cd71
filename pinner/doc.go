// Package pinner decides which require, exclude, replace and go lines make a
// plugin's go.mod select what one given server linked. It is pure: go.mod
// bytes and build info go in, go.mod bytes and reasons come out; other
// modules' go.mod files are asked for through [Source].
//
// The way through it: [ParseMod] reads the plugin's go.mod, [Mod.Restore]
// takes pinfix's earlier changes back, [Match] compares the plugin's linked
// packages with the [Server], and [Make] makes the [Plan].
//
// The rule behind all of it: a package's fingerprint holds its label, and
// under -trimpath the label is module@version with the version that the build
// list selects, before replacement. So a pin is both halves of the server's
// build-info line, and going down is done with exclude, never with replace.
package pinner
