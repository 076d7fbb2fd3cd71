package build

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
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/toolexec"
	"github.com/pinfix/pinfix/internal/vars"
)

// An Output is a plugin to be built, and the file that it becomes.
type Output struct {
	pkg  string // "." or "./x" or "./x.go"
	Name string // as people see it
	Abs  string
}

const nextOutput = "name another file with -o"

// name gives each package its file: -o, or next to go.mod what go build would
// name it. A directory after -o takes the latter, too.
func (b *builder) name(pkgs []string) ([]Output, error) {
	dir, given := b.plugin.Root, b.o.Out
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
	var outs []Output
	for _, pkg := range pkgs {
		o := Output{pkg: pkg, Abs: filepath.Join(dir, b.base(pkg))}
		if !isDir {
			var err error
			if o.Abs, err = filepath.Abs(given); err != nil {
				return nil, err
			}
		}
		o.Name = place.Short(o.Abs)
		if slices.ContainsFunc(outs, func(p Output) bool { return p.Abs == o.Abs }) {
			return nil, fault.New("build one of them with -o FILE", "two main packages would be %s", o.Name)
		}
		if b.o.Print == "" {
			if err := MayOverwrite(o, objectFile); err != nil {
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
	full := path.Join(b.plugin.Now.Module.Mod.Path, pkg)
	if prefix, major, ok := module.SplitPathVersion(full); ok && strings.HasPrefix(major, "/") {
		full = prefix
	}
	return path.Base(full) + ".so"
}

// A FileKind is what pinfix writes with -o, told by how it begins.
type FileKind struct {
	Name  string
	Heads []string
}

// objectFile is what go build overwrites, too.
var objectFile = FileKind{"an object file", []string{"\x7fELF", "\xcf\xfa\xed\xfe"}}

// MayOverwrite keeps every file that is not empty and of another kind.
func MayOverwrite(o Output, kind FileKind) error {
	info, err := os.Stat(o.Abs)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(o.Abs); err == nil {
			return fault.New(nextOutput, "-o %s: a symbolic link that leads nowhere", o.Name)
		}
		return nil
	}
	if err != nil {
		return fault.New(nextOutput, "-o %s: %w", o.Name, fault.Cause(err))
	}
	if !info.Mode().IsRegular() {
		return fault.New(nextOutput, "-o %s: not a regular file", o.Name)
	}
	f, err := bounded.Open(o.Abs)
	if err != nil {
		return fault.New(nextOutput, "-o %s: %w", o.Name, fault.Cause(err))
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 16))
	if err != nil {
		return fault.New(nextOutput, "-o %s: %w", o.Name, fault.Cause(err))
	}
	known := func(start string) bool { return bytes.HasPrefix(head, []byte(start)) }
	if len(head) == 0 || slices.ContainsFunc(kind.Heads, known) {
		return nil
	}
	return fault.New(nextOutput, "-o %s: the file is there and is not %s; it is not overwritten", o.Name, kind.Name)
}

// WriteOutput puts a file where it belongs, whole or not at all. root is the module
// that it may be in.
func WriteOutput(ctx context.Context, root string, o Output, data []byte) error {
	old, err := bounded.ReadFile(o.Abs, bounded.Program)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(nextOutput, "-o %s: %w", o.Name, fault.Cause(err))
	}
	if old == nil && err == nil {
		old = []byte{}
	}
	if err := commit.WriteFile(ctx, root, o.Abs, old, data, 0o644); err != nil {
		return fault.With(err, nextOutput)
	}
	return nil
}

// show is the command as the user can type it, where he is and in a Dockerfile.
func (b *builder) show(i int) report.Command {
	o := b.outputs[i]
	dir, out := b.plugin.Root, o.Abs
	if cwd, err := filepath.Abs("."); err == nil {
		if r, err := filepath.EvalSymlinks(cwd); err == nil && r == b.plugin.Root {
			dir, out = "", o.Name
		}
	}
	here := b.command(i, b.how, dir, out)
	cache := b.facts.GOMODCACHE
	if cache == "" { // no go command was asked
		cache = modcache.Dir(func(name string) string { return vars.Get(b.o.GoEnviron(), name) })
	}
	args := slices.Clone(here.Args)
	for j := range args { // no shell reads them
		args[j] = strings.NewReplacer(toolexec.ModCache, cache, toolexec.Here, b.plugin.Root).Replace(args[j])
	}
	run := b.command(i, inImage(b.how, b.plugin.Root), "", inRoot(b.plugin.Root, o.Abs))
	return report.Command{Package: o.pkg, Output: o.Name, Env: here.Env, Args: args, Line: here.Shell(), Run: "RUN " + run.Shell()}
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
