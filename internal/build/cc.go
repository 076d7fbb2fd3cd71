package build

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/pinner"
)

// compilerAhead refuses what no compiler is there for, before a toolchain is fetched for
// it. A CC of go env -w only the go command knows.
func (b *builder) compilerAhead(ctx context.Context) error {
	want := ccompiler.WantedC(b.server)
	_, err := ccompiler.Choose(want, ccompiler.HostC(b.o.GoEnviron(), gocmd.Facts{}))
	if err == nil {
		return nil
	}
	g := gocmd.New(gocmd.Config{Dir: b.plugin.Root, Environ: b.o.GoEnviron(), Set: []string{"GOTOOLCHAIN=local"}, Log: b.o.Log})
	facts, failed := g.Facts(ctx)
	if failed != nil {
		return err
	}
	_, err = ccompiler.Choose(want, ccompiler.HostC(b.o.GoEnviron(), facts))
	return err
}

// compiler chooses the C compiler, another one where a package has C++ and the first has
// no compiler for that.
func (b *builder) compiler(ctx context.Context) error {
	want, host := ccompiler.WantedC(b.server), ccompiler.HostC(b.o.GoEnviron(), b.facts)
	choice, err := ccompiler.Choose(want, host)
	if err != nil {
		return err
	}
	if choice.CC != "" && choice.CXX == "" {
		if pkg := b.withCXX(ctx); pkg != "" {
			without := choice.CC
			want.CXX = true
			if choice, err = ccompiler.Choose(want, host); err != nil {
				var missing *ccompiler.MissingError
				if errors.As(err, &missing) {
					missing.What = pkg + " has C++: " + missing.What
				}
				return err
			}
			b.warn(fmt.Sprintf("%s has C++, and %s has no C++ compiler here", pkg, without))
		}
	}
	b.useCompiler(choice)
	return nil
}

// useCompiler builds with c, and says so: as a warning where it is not what was wanted.
func (b *builder) useCompiler(c ccompiler.Choice) {
	b.how.CC, b.how.Cgo = c.CC, c.Env()
	switch {
	case c.Say == "":
	case c.Libc != "" && c.Libc != b.server.Binary.Libc():
		b.warn(c.Say)
	default:
		b.o.Step(c.Say)
	}
}

// printedCompiler is compiler for --print, which asks no go command, and prints for a
// machine that may have what this one has not.
func (b *builder) printedCompiler() error {
	want, host := ccompiler.WantedC(b.server), ccompiler.HostC(b.o.GoEnviron(), gocmd.Facts{})
	if host.Given != "" {
		return nil
	}
	c, err := ccompiler.Choose(want, host)
	if err != nil {
		host.Has = func(string) bool { return true }
		if c, err = ccompiler.Choose(want, host); err != nil {
			return err
		}
	}
	b.how.CC, b.how.Cgo = c.CC, c.Env()
	return nil
}

// withCXX returns a package that the plugins link and that has C++ files, or "". What
// cannot be listed cannot be built either, and go build says why.
func (b *builder) withCXX(ctx context.Context) string {
	how := b.how
	if b.work != nil {
		how.Work = b.work.File
	}
	for i := range b.outputs {
		cmd := b.command(i, how, "", "")
		args := append([]string{"list", "-deps", "-f", "{{if .CXXFiles}}{{.ImportPath}}{{end}}"}, cmd.Args[1:]...)
		out, err := b.runner(cmd.Env).Run(ctx, args...)
		if pkg := strings.TrimSpace(string(out)); err == nil && pkg != "" {
			pkg, _, _ = strings.Cut(pkg, "\n")
			return pkg
		}
	}
	return ""
}

// origins finds out which packages' C code asks for what the server lacks: the objects in
// their archives, which the build has left in its cache, say so. Where they cannot be
// listed, the answer is less exact, and that is all.
func (b *builder) origins(ctx context.Context, i int, cmd recipe.Command, plugin *pinner.Server) {
	names := verify.Lacking(b.server, plugin)
	if len(names) == 0 {
		return
	}
	args := []string{"list", "-export", "-deps", "-f", "{{if .CgoFiles}}{{.ImportPath}}\t{{.Export}}{{end}}"}
	out := b.file(i)
	for _, a := range cmd.Args[1:] {
		if a != "-o" && a != out {
			args = append(args, a)
		}
	}
	listed, err := b.runner(cmd.Env).Run(ctx, args...)
	if err != nil {
		return
	}
	from := map[string][]string{}
	for line := range strings.Lines(string(listed)) {
		pkg, archive, _ := strings.Cut(strings.TrimSpace(line), "\t")
		asks, err := target.ArchiveAsks(archive, names)
		if err != nil {
			continue
		}
		for _, name := range asks {
			from[name] = append(from[name], pkg)
		}
	}
	for i := range plugin.Binary.Asks {
		plugin.Binary.Asks[i].From = from[plugin.Binary.Asks[i].Name]
	}
}

// olderCompiler returns the compiler to build again with, where the plugin needs a newer
// glibc than the server is known to have: zig has the older ones. It reports false where
// there is none, and for a CC of the user's.
func (b *builder) olderCompiler(plugin *pinner.Server) (ccompiler.Choice, bool) {
	release, ok := verify.TooOld(b.server, plugin)
	if !ok {
		return ccompiler.Choice{}, false
	}
	want := ccompiler.WantedC(b.server)
	want.Release = release
	c, err := ccompiler.Choose(want, ccompiler.HostC(b.o.GoEnviron(), b.facts))
	return c, err == nil && c.CC == want.Zig()
}
