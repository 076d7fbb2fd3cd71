package explain

import (
	"slices"

	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/pattern"
)

// A rule recognises one error. Where two match the same words, the earlier of
// rules wins, so that the general ones are last.
type rule struct {
	key   string // is in every match; cheaper to look for
	re    *pattern.Pattern
	cause Cause
	kind  kind
	why   string // {name} is the group of that name in re
	fix   string // SERVER stands for the server reference

	same  string           // the group that tells one such error from another; "" for all of the text
	more  *pattern.Pattern // lines below that belong to the error though they are not indented
	alone bool             // no line below belongs to it
	item  bool             // by itself it is an error, below another only an item of its list

	// refine makes the finding more exact than the rule; false drops it.
	refine func(*finder, match, *Finding) bool
}

var rules = slices.Concat(oneLine(loaderRules), oneLine(libraryRules), registerRules, linkerRules, goRules, vendorRules, moduleRules, fetchRules, toolRules, codeRules, lastRules)

// oneLine: what the loader says is one line, but for lists.
func oneLine(rules []rule) []rule {
	for i := range rules {
		rules[i].alone = rules[i].more == nil
	}
	return rules
}

// What to do, where several rules ask for it.
const (
	fixOwn       = "check out the server's source at the commit that it was built from and let pinfix write a go.work of both: pinfix apply --server-source DIR"
	fixApply     = "pinfix apply --server SERVER"
	fixToolchain = "pinfix apply --server SERVER, then build with the command that it prints"
	fixPlatform  = "build the plugin for the server's platform; pinfix server --server SERVER shows it"
	fixTidy      = "go mod tidy"
	fixWork      = "GOWORK=off go build -buildmode=plugin"
	fixImage     = "build the plugin in the image that the server runs in, or in the builder image of its publisher"
	fixLibc      = "pinfix build --server SERVER, which looks for a C compiler for the server's libc (musl-gcc, zig); or " + fixImage
	fixFortify   = "CGO_CFLAGS='" + ccompiler.DefaultFlags + " " + ccompiler.NoFortify + "' pinfix build --server SERVER, which leaves the fingerprints as they are; or with a C compiler for musl in CC (musl-gcc, zig)"

	whyCrash = "the plugin was built with another Go release than the server (or the server was linked statically); the loader does not survive it"
)

// Parts of expressions.
const (
	pkgRE  = `(?P<pkg>[\p{L}\p{N}_][\p{L}\p{N}_.~/+%-]*)`
	openRE = `(?:plugin\.Open(?:\("(?P<so>[^"]*)"\)|\((?P<old>[^")\s]*)\))?: )` // the name without quotes: Go 1.8
	posRE  = `(?:\S+\.go:\d+:\d+: )`
)
