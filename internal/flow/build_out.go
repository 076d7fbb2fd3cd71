package flow

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/toolexec"
	"github.com/pinfix/pinfix/internal/vars"
)

// An output is a plugin to be built, and the file that it becomes.
type output struct {
	pkg  string // "." or "./x" or "./x.go"
	name string // as people see it
	abs  string
}

const nextOutput = "name another file with -o"

// name gives each package its file: -o, or next to go.mod what go build would
// name it. A directory after -o takes the latter, too.
func (b *builder) name(pkgs []string) ([]output, error) {
	dir, given := b.plugin.root, b.o.Out
	isDir := given == "" || strings.HasSuffix(given, "/") || strings.HasSuffix(given, string(filepath.Separator))
	if info, err := os.Stat(given); given != "" && err == nil && info.IsDir() {
		isDir = true
	}
	if given != "" && isDir {
		var err error
		if dir, err = filepath.Abs(given); err != nil {
			return nil, err
		}
	}
	if len(pkgs) > 1 && !isDir {
		return nil, fault.New("name one of them, or a directory with -o DIR/", "-o %s: %d main packages would be built into one file: %s", given, len(pkgs), strings.Join(pkgs, " "))
	}
	var outs []output
	for _, pkg := range pkgs {
		o := output{pkg: pkg, abs: filepath.Join(dir, b.base(pkg))}
		if !isDir {
			var err error
			if o.abs, err = filepath.Abs(given); err != nil {
				return nil, err
			}
		}
		o.name = shortName(o.abs)
		if slices.ContainsFunc(outs, func(p output) bool { return p.abs == o.abs }) {
			return nil, fault.New("build one of them with -o FILE", "two main packages would be %s", o.name)
		}
		if b.o.Print == "" {
			if err := mayOverwrite(o, objectFile); err != nil {
				return nil, err
			}
		}
		outs = append(outs, o)
	}
	return outs, nil
}

// base is the file name that go build gives a plugin.
func (b *builder) base(pkg string) string {
	if file, ok := strings.CutSuffix(pkg, ".go"); ok {
		return path.Base(file) + ".so"
	}
	full := path.Join(b.plugin.now.Module.Mod.Path, pkg)
	if prefix, major, ok := module.SplitPathVersion(full); ok && strings.HasPrefix(major, "/") {
		full = prefix
	}
	return path.Base(full) + ".so"
}

// shortName is relative to where the user is, unless that leads away.
func shortName(abs string) string {
	cwd, err := filepath.Abs(".")
	if err != nil {
		return abs
	}
	if real, err := filepath.EvalSymlinks(cwd); err == nil && !strings.HasPrefix(abs, cwd+string(filepath.Separator)) {
		cwd = real
	}
	rel, err := filepath.Rel(cwd, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return abs
	}
	return rel
}

// A fileKind is what pinfix writes with -o, told by how it begins.
type fileKind struct {
	name  string
	heads []string
}

// objectFile is what go build overwrites, too.
var objectFile = fileKind{"an object file", []string{"\x7fELF", "\xcf\xfa\xed\xfe"}}

// mayOverwrite keeps every file that is not empty and of another kind.
func mayOverwrite(o output, kind fileKind) error {
	info, err := os.Stat(o.abs)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(o.abs); err == nil {
			return fault.New(nextOutput, "-o %s: a symbolic link that leads nowhere", o.name)
		}
		return nil
	}
	if err != nil {
		return fault.New(nextOutput, "-o %s: %w", o.name, fault.Cause(err))
	}
	if !info.Mode().IsRegular() {
		return fault.New(nextOutput, "-o %s: not a regular file", o.name)
	}
	f, err := bounded.Open(o.abs)
	if err != nil {
		return fault.New(nextOutput, "-o %s: %w", o.name, fault.Cause(err))
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 16))
	if err != nil {
		return fault.New(nextOutput, "-o %s: %w", o.name, fault.Cause(err))
	}
	known := func(start string) bool { return bytes.HasPrefix(head, []byte(start)) }
	if len(head) == 0 || slices.ContainsFunc(kind.heads, known) {
		return nil
	}
	return fault.New(nextOutput, "-o %s: the file is there and is not %s; it is not overwritten", o.name, kind.name)
}

// writeOutput puts a file where it belongs, whole or not at all. root is the module
// that it may be in.
func writeOutput(ctx context.Context, root string, o output, data []byte) error {
	old, err := bounded.ReadFile(o.abs, bounded.Program)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(nextOutput, "-o %s: %w", o.name, fault.Cause(err))
	}
	if old == nil && err == nil {
		old = []byte{}
	}
	if err := commit.WriteFile(ctx, root, o.abs, old, data, 0o644); err != nil {
		return fault.With(err, nextOutput)
	}
	return nil
}

// show is the command as the user can type it, where he is and in a Dockerfile.
func (b *builder) show(i int) report.Command {
	o := b.outputs[i]
	dir, out := b.plugin.root, o.abs
	if real, err := filepath.Abs("."); err == nil {
		if r, err := filepath.EvalSymlinks(real); err == nil && r == b.plugin.root {
			dir, out = "", o.name
		}
	}
	here := b.command(i, b.how, dir, out)
	cache := b.facts.GOMODCACHE
	if cache == "" { // no go command was asked
		cache = modcache.Dir(func(name string) string { return vars.Get(b.o.environ(), name) })
	}
	args := slices.Clone(here.Args)
	for j := range args { // no shell reads them
		args[j] = strings.NewReplacer(toolexec.ModCache, cache, toolexec.Here, b.plugin.root).Replace(args[j])
	}
	run := b.command(i, inImage(b.how, b.plugin.root), "", inRoot(b.plugin.root, o.abs))
	return report.Command{Package: o.pkg, Output: o.name, Env: here.Env, Args: args, Line: here.Shell(), Run: "RUN " + run.Shell()}
}

// inImage leaves out what is of this machine only.
func inImage(how recipe.Build, root string) recipe.Build {
	how.CC, how.Cgo = "", nil
	if how.Profile != "" && how.Profile != "off" {
		how.Profile = inRoot(root, how.Profile)
	}
	return how
}

// inRoot names a file of the module as seen from its root, any other by its
// base name.
func inRoot(root, file string) string {
	if rel, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.Base(file)
}
