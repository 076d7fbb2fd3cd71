package recipe

import (
	"strings"

	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/toolexec"
)

// A Build is what a recipe does not say: where and what.
type Build struct {
	Dir      string   // to change to; "" for none
	Package  string   // "." or "./cmd/x" or "./x.go"
	Out      string   // "" leaves the name to go build
	Mod      string   // value of -mod
	Work     string   // GOWORK: a go.work, "off", or "" for the one that is found
	CC       string   // C compiler; "" leaves it
	Cgo      []string // variables that go with it, "CXX=x86_64-linux-musl-g++"
	Profile  string   // value of -pgo; "" leaves it
	Paths    string   // what [toolexec.Rules.Flag] gives; "" leaves the file names
	Toolexec string   // value of -toolexec, with Paths; "" is pinfix in PATH
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
	env = append(env, b.Cgo...)
	if b.CC != "" {
		env = append(env, "CC="+b.CC)
	}
	args := append([]string{"build", "-buildmode=plugin"}, r.flags(b)...)
	if b.Profile != "" {
		args = append(args, "-pgo="+b.Profile)
	}
	if b.Out != "" {
		args = append(args, "-o", b.Out)
	}
	return Command{Dir: b.Dir, Env: env, Args: append(args, b.Package)}
}

// flags are those of the recipe, with the rules for file names if there are any. Of the
// standard library the names agree already; a rule would have it compiled again. Of two
// patterns that fit a package, the go command takes the last one's flags alone.
func (r *Recipe) flags(b Build) []string {
	if b.Paths == "" {
		return r.Flags
	}
	const all = "-gcflags=all="
	list := ""
	var out []string
	for _, f := range r.Flags {
		if rest, ok := strings.CutPrefix(f, all); ok {
			list = rest
			continue
		}
		out = append(out, f)
	}
	wrapper := b.Toolexec
	if wrapper == "" {
		wrapper = "pinfix " + toolexec.Name
	}
	return append(out, "-toolexec", wrapper, all+strings.TrimSpace(list+" "+b.Paths), "-gcflags=std="+list)
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
		words = append(words, quote(a))
	}
	line := strings.Join(words, " ")
	if c.Dir != "" {
		line = "cd " + shell.Quote(c.Dir) + " && " + line
	}
	return line
}

// quote is shell.Quote but for the directories that the shell itself finds out.
func quote(word string) string {
	for _, open := range []string{toolexec.ModCache, toolexec.Here} {
		if before, after, ok := strings.Cut(word, open); ok {
			return quote(before) + `"` + open + `"` + quote(after)
		}
	}
	return shell.Quote(word)
}
