package build

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/toolexec"
	"github.com/pinfix/pinfix/pinner"
)

// The file names of a package are part of its fingerprint. Where a build here would give
// a shared package others than the server has, a rule for each directory lets the compiler
// write the server's. recipe.Directory knows the server's directories; this machine's come
// from the go command or, for a line that is printed, from go.mod.

// maxRules is how long the rules may be, in bytes: the kernel takes 128 KiB for one
// argument of a program, and the compiler gets the go command's own with them.
const maxRules = 120_000

// paths asks the go command where the packages are that the plugins share with the
// server, and makes the rules for them.
func (b *builder) paths(ctx context.Context) error {
	if !b.renames() {
		return nil
	}
	b.o.Step("listing the plugin's packages")
	cache := b.facts.GOMODCACHE
	var rules toolexec.Rules
	for i := range b.outputs {
		how := b.how
		if b.work != nil {
			how.Work = b.work.File
		}
		how.Paths = ""
		cmd := b.command(i, how, "", "")
		args := append([]string{"list", "-deps", "-f", `{{if .Module}}{{if not .Standard}}{{printf "%q %q %q %q" .ImportPath .Dir .Module.Path .Module.Version}}{{end}}{{end}}`},
			slices.DeleteFunc(cmd.Args[1:], func(a string) bool { return strings.HasPrefix(a, "-buildmode=") })...)
		if b.o.pinned != nil {
			args = slices.Insert(args, 1, b.o.pinned.flags...)
		}
		out, err := b.runner(cmd.Env).Run(ctx, args...)
		if err != nil {
			return b.explain(err)
		}
		for line := range strings.Lines(string(out)) {
			var f [4]string
			if _, err := fmt.Sscanf(line, "%q %q %q %q", &f[0], &f[1], &f[2], &f[3]); err != nil {
				continue // no line of the template's
			}
			if _, linked := b.server.Packages[f[0]]; linked && !(b.server.Trimmed() && f[3] == "") {
				rules = append(rules, recipe.PathRule(b.server, f[0], f[1], f[2])...)
			}
		}
	}
	var err error
	b.rules, err = b.flag(recipe.Shorter(b.server, rules, cache, filepath.Join(b.plugin.Root, "vendor")))
	return err
}

// renames reports whether a build here may give shared packages other file names than
// the server's. Trimmed names differ for the server's own modules only, outside of a
// go.work, and for those of a GOPATH.
func (b *builder) renames() bool {
	s := b.server
	if !s.Trimmed() {
		return s.Paths != (pinner.Paths{}) || slices.ContainsFunc(s.Pins, func(p pinner.Pin) bool { return filepath.IsAbs(p.Replace.Path) })
	}
	return !s.KnowsModules() || b.work == nil && slices.ContainsFunc(s.Own(), func(path string) bool {
		return path != b.plugin.Now.Module.Mod.Path && plugin.Required(b.plugin.Now, path) != ""
	})
}

// flag is the rules as go build takes them.
func (b *builder) flag(rules toolexec.Rules) (string, error) {
	flag, err := rules.Flag()
	var name *toolexec.NameError
	if errors.As(err, &name) {
		return "", fault.New("build it without pinfix, where the server was built, or have the server built in another directory with go build -trimpath",
			"server %s was built without -trimpath, so the plugin's file names must be those of the server; the compiler's rules for them cannot name %w", b.server.Ref, err)
	}
	if len(flag) > maxRules {
		return "", fault.New("pinfix apply --vendor always", "%d modules need a rule each for their file names, which is more than a command line holds; with vendor/ it is one", len(rules))
	}
	return flag, err
}

// wrapper is -toolexec for the go command that pinfix starts.
func (b *builder) wrapper() (string, error) {
	quote := `"`
	if strings.Contains(b.o.Self, quote) {
		quote = "'"
	}
	if b.o.Self == "" || strings.Contains(b.o.Self, quote) {
		return "", fault.New("install pinfix in another directory", "the go command cannot start pinfix from %s", strconv.Quote(b.o.Self))
	}
	return quote + b.o.Self + quote + " " + toolexec.Name, nil
}
