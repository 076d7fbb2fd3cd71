package recipe

import (
	"path"
	"strings"

	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/pattern"
)

// facts are settings that say nothing of how to build a plugin: it has its own
// build mode and GODEBUG, and cgo must be on.
var facts = map[string]bool{"-buildmode": true, "CGO_ENABLED": true, "DefaultGODEBUG": true}

// A rule takes a setting that is there into the recipe, or leaves it.
type rule func(r *Recipe, name, value string)

// rules is the allow-list. Which settings the loader notices was tried with real
// servers (docs/how-the-loader-decides.md); the forms of the values are those that go
// help environment and go help build name.
var rules = map[string]rule{
	"-trimpath": on,
	"-race":     on,
	"-msan":     on,
	"-asan":     on,
	"-tags":     tags,
	"-gcflags":  compilerFlags,
	"-pgo":      profile,

	"GOOS":         variable(`[a-z0-9]+`),
	"GOARCH":       variable(`[a-z0-9]+`),
	"GOEXPERIMENT": variable(`[a-z0-9]+(,[a-z0-9]+)*`),
	"GOFIPS140":    variable(`latest|off|v[0-9]+\.[0-9]+\.[0-9]+(-[0-9a-f]+)?`),

	// These do not change fingerprints, but belong to "as the server".
	"GO386":     variable(`sse2|softfloat`),
	"GOAMD64":   variable(`v[1-4]`),
	"GOARM":     variable(`[567](,(soft|hard)float)?`),
	"GOARM64":   variable(`v[89]\.[0-9](,lse)?(,crypto)?`),
	"GOPPC64":   variable(`power(8|9|10)`),
	"GORISCV64": variable(`rva2[0-9]u64`),

	"-compiler": func(r *Recipe, name, value string) {
		if value != "gc" {
			r.leave(name, value, "pinfix builds with gc only", true)
		}
	},
	"-cover":       without("it touches the server's main module only"),
	"-asmflags":    without("it does not change fingerprints"),
	"-ldflags":     without("it does not change fingerprints"),
	"CGO_LDFLAGS":  without("it does not change fingerprints"),
	"CGO_CFLAGS":   cFlags,
	"CGO_CPPFLAGS": cFlags,
	"CGO_CXXFLAGS": cFlags,
}

// on takes a flag that has no value.
func on(r *Recipe, name, value string) {
	switch value {
	case "true":
		r.Flags = append(r.Flags, name)
	case "false":
	default:
		r.leave(name, value, "neither true nor false", true)
	}
}

// variable takes an environment variable of a form.
func variable(form string) rule {
	re := pattern.New(`^(?:` + form + `)$`)
	return func(r *Recipe, name, value string) {
		if !re.MatchString(value) {
			r.leave(name, value, "no value that Go gives it", true)
			return
		}
		r.Env = append(r.Env, name+"="+value)
	}
}

func without(why string) rule {
	return func(r *Recipe, name, value string) { r.leave(name, value, why, false) }
}

func cFlags(r *Recipe, name, value string) {
	r.leave(name, value, "C flags are not taken from a server; packages with C code may differ", true)
}

var tagRE = pattern.New(`^[\p{L}\p{N}_.]+$`)

func tags(r *Recipe, name, value string) {
	list := buildctx.Tags(value)
	for _, t := range list {
		if !tagRE.MatchString(t) {
			r.leave(name, value, "no build tags", true)
			return
		}
	}
	if len(list) > 0 {
		r.Flags = append(r.Flags, "-tags="+strings.Join(list, ","))
	}
}

// harmless are flags of the compiler that choose what code it makes, and can
// neither name a file nor start a program (go tool compile -help).
var harmless = pattern.New(`^(-N|-l|-l=[0-4]|-B|-C|-smallframes|-dwarf=(true|false|0|1)|-spectre=(all|index|ret)|-d=checkptr=[0-2])$`)

// compilerFlags takes -gcflags=all=…. Without a pattern they are for the
// packages that go build was named, the server's main package; with another
// one, they are for packages that no one knows.
func compilerFlags(r *Recipe, name, value string) {
	pattern, list, ok := strings.Cut(value, "=")
	switch {
	case !ok || strings.HasPrefix(pattern, "-") || strings.ContainsAny(pattern, " \t"):
		r.leave(name, value, "without a pattern it touches the server's main package only", false)
		return
	case pattern != "all":
		r.leave(name, value, "of the patterns only all= is reproduced", true)
		return
	}
	words := strings.Fields(list)
	for _, w := range words {
		if !harmless.MatchString(w) {
			r.leave(name, value, "it holds other compiler flags than those that pinfix reproduces", true)
			return
		}
	}
	if len(words) > 0 {
		r.Flags = append(r.Flags, name+"=all="+strings.Join(words, " "))
	}
}

// profile names the profile; its content is not in the build info.
func profile(r *Recipe, name, value string) {
	if value == "off" || value == "auto" {
		return
	}
	r.Profile = path.Base(strings.ReplaceAll(value, `\`, "/"))
}
