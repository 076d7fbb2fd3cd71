package recipe

import (
	"strings"

	"github.com/pinfix/pinfix/internal/shell"
)

// A Build is what a recipe does not say: where and what.
type Build struct {
	Dir      string   // to change to; "" for none
	Package  string   // "." or "./cmd/x" or "./x.go"
	Out      string   // "" leaves the name to go build
	Mod      string   // value of -mod
	Work     string   // GOWORK: a go.work, "off", or "" for the one that is found
	ModCache string   // GOMODCACHE; "" leaves it
	CC       string   // C compiler; "" leaves it
	Cgo      []string // variables that go with it, "CXX=x86_64-linux-musl-g++"
	Profile  string   // value of -pgo; "" leaves it
}

// A Command is one go build.
type Command struct {
	Dir  string
	Env  []string
	Args []string // without the go
}

// Command returns the go build of b.
//
// GOFLAGS is set since one of the user's own would be added; an empty one would
// let that of go env -w through.
func (r *Recipe) Command(b Build) Command {
	env := []string{"GOTOOLCHAIN=" + r.Toolchain, "GOWORK=" + b.Work, "GOFLAGS=-mod=" + b.Mod, "CGO_ENABLED=1"}
	env = append(env, r.Env...)
	if b.ModCache != "" {
		env = append(env, "GOMODCACHE="+b.ModCache)
	}
	env = append(env, b.Cgo...)
	if b.CC != "" {
		env = append(env, "CC="+b.CC)
	}
	args := append([]string{"build", "-buildmode=plugin"}, r.Flags...)
	if b.Profile != "" {
		args = append(args, "-pgo="+b.Profile)
	}
	if b.Out != "" {
		args = append(args, "-o", b.Out)
	}
	return Command{Dir: b.Dir, Env: env, Args: append(args, b.Package)}
}

// Shell returns the command as one line for a POSIX shell.
func (c Command) Shell() string {
	var words []string
	for _, kv := range c.Env {
		name, value, _ := strings.Cut(kv, "=")
		if value != "" {
			value = shell.Quote(value)
		}
		words = append(words, name+"="+value)
	}
	words = append(words, "go")
	for _, a := range c.Args {
		words = append(words, shell.Quote(a))
	}
	line := strings.Join(words, " ")
	if c.Dir != "" {
		line = "cd " + shell.Quote(c.Dir) + " && " + line
	}
	return line
}
