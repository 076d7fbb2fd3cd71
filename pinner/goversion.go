package pinner

import (
	"go/version"
	"strings"
)

// The forms and directives that a toolchain accepts in the main module's
// go.mod; an older one fails with "unknown directive"
// (https://go.dev/ref/mod#go-mod-file-grammar and the release notes).
var directiveSince = map[string]string{
	"retract": "1.16",
	"godebug": "1.23",
	"tool":    "1.24",
	"ignore":  "1.25",
}

// compareGo compares two Go versions written as in a go line ("1.23.5").
func compareGo(a, b string) int { return version.Compare("go"+a, "go"+b) }

// knowsToolchains reports whether Go v reads toolchain lines, three-part go
// lines, and refuses go lines above itself. All three came with Go 1.21.
func knowsToolchains(v string) bool { return compareGo(v, "1.21") >= 0 }

// goLine returns the highest go line that the server's Go accepts: "1.23.5",
// or "1.20" for Go 1.20.14, which knows no patch releases in a go line.
func goLine(server string) string {
	if knowsToolchains(server) {
		return server
	}
	return goLang(server)
}

// acceptsGo reports whether a toolchain of Go server reads the go line v of
// the main module.
func acceptsGo(server, v string) bool {
	if compareGo(v, server) > 0 {
		return false
	}
	return knowsToolchains(server) || v == goLang(v)
}

// goLang returns the language version of a go line: "1.18" of "1.18.3".
func goLang(v string) string { return strings.TrimPrefix(version.Lang("go"+v), "go") }
