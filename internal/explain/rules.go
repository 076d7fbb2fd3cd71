package explain

import (
	"slices"

	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/pattern"
)

// A rule recognises one error. Where two match the same words, the earlier of
// rules wins, so that the general ones are last. It has many fields, because most errors
// need no code of their own then.
type rule struct {
	key   string // is in every match; cheaper to look for
	re    *pattern.Pattern
	cause Cause
	kind  kind
	why   string // {name} is the group of that name in re
	libc  string // the C library whose loader says it; "" for any
	do    action // what to do, where several rules ask for it
	fix   string // what to do in words, if not those of do; SERVER stands for the server reference

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

// action is what there is to do, where several rules ask for it or an answer depends on
// it. The zero value is what only the words of a finding say.
type action int

const (
	_           action = iota
	apply              // pin
	build              // pin, and build as the server was built
	buildThere         // build for the server's platform
	tidy               // the go command adds lines to go.mod or go.sum
	leaveWork          // build without the go.work
	switchCgoOn        // plugins need cgo
	useImage           // build where the server runs
	otherLibc          // use a C compiler for the server's C library
	unfortify          // compile C code without what only glibc has
	takeSource         // write a go.work of the plugin and the server's source
)

// actions are the actions in words. SERVER stands for the server reference.
var actions = [...]string{
	apply:       "pinfix apply --server SERVER",
	build:       "pinfix apply --server SERVER, then build with the command that it prints",
	buildThere:  "build the plugin for the server's platform; pinfix server --server SERVER shows it",
	tidy:        "go mod tidy",
	leaveWork:   "GOWORK=off go build -buildmode=plugin",
	switchCgoOn: "CGO_ENABLED=1 go build -buildmode=plugin, with a C compiler installed",
	useImage:    useServersImage,
	otherLibc:   findCompiler + "; or " + useServersImage,
	unfortify:   findCompiler + " or, without one, compiles without fortify; if CC is set, set also " + noFortify,
	takeSource:  takeSourceAt + "the commit that it was built from" + takeSourceWith,
}

// Parts of them.
const (
	startNamed      = "start the server that is named, or name the one that said this with --server"
	useServersImage = "build the plugin in the image that the server runs in, or in the builder image of its publisher"
	noFortify       = "CGO_CFLAGS='" + ccompiler.DefaultFlags + " " + ccompiler.NoFortify + "'"
	findCompiler    = "pinfix build --server SERVER, which looks for a C compiler for the server's libc (musl-gcc, zig)"

	takeSourceAt, takeSourceWith = "check out the server's source at ", " and let pinfix write a go.work of both: pinfix apply --server SERVER --server-source DIR"
)

const whyCrash = "the plugin was built with another Go release than the server (or the server was linked statically), and the loader crashes on that"

// do sets what to do, and its words.
func (f *Finding) do(a action) { f.action, f.Fix = a, actions[a] }

// say sets what to do in words of its own.
func (f *Finding) say(fix string) { f.action, f.Fix = 0, fix }

// Parts of expressions.
const (
	pkgRE  = `(?P<pkg>[\p{L}\p{N}_][\p{L}\p{N}_.~/+%-]*)`
	openRE = `(?:plugin\.Open(?:\("(?P<so>[^"]*)"\)|\((?P<old>[^")\s]*)\))?: )` // the name without quotes: Go 1.8
	posRE  = `(?:\S+\.go:\d+:\d+: )`
)
