package build

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/toolexec"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// tools finds the server's toolchain, a C compiler, and the rules for file names. What
// is missing is one error each.
func (b *builder) tools(ctx context.Context) error {
	if err := b.compilerAhead(ctx); err != nil {
		return err
	}
	if err := b.toolchain(ctx); err != nil {
		return err
	}
	if b.work != nil {
		if err := b.work.Write(b.scratch, b.plugin); err != nil {
			return err
		}
	}
	if err := b.compiler(ctx); err != nil {
		return err
	}
	return b.paths(ctx)
}

// toolchain asks the server's Go release for its facts. No other one will do:
// it is part of every fingerprint.
func (b *builder) toolchain(ctx context.Context) error {
	want := b.recipe.Toolchain
	image := "build in an image that has it (golang:" + b.server.GoVersion() + "; see pinfix build --print=dockerfile)"
	env := append([]string{"GOTOOLCHAIN=" + want, "CGO_ENABLED=1"}, b.recipe.Env...)
	g := gocmd.New(gocmd.Config{Dir: b.plugin.Root, Environ: b.o.GoEnviron(), Set: env, Log: b.o.Log, Count: b.o.Count})
	var err error
	b.facts, err = g.Facts(ctx)
	var failed *gocmd.Error
	switch {
	case errors.As(err, &failed):
		next := "let the go command reach the module proxy (GOPROXY), or "
		if failed.ByOffline() {
			next = "run it once without --offline, or "
		}
		return fault.New(next+image, "the server's toolchain %s could not be fetched: %s", want, failed.Last())
	case err != nil:
		return err
	}
	have := pinner.Server{Go: b.facts.GOVERSION}
	if "go"+have.GoVersion() != want {
		return fault.New("install that release, or a go command of 1.21 or newer, which fetches it; or "+image,
			"the server's toolchain is %s, the go command here is %s and does not change to it", want, b.facts.GOVERSION)
	}
	if is := b.facts.GOEXPERIMENT; is != "" && !hasVar(b.recipe.Env, "GOEXPERIMENT") {
		return fault.New("remove it: go env -u GOEXPERIMENT", "go env -w has set GOEXPERIMENT=%s, which the server was not built with", is)
	}
	if ccompiler.WantedC(b.server).Libc == "musl" {
		return g.CFlags(ctx, &b.facts) // a compiler for another libc gets more of them
	}
	return nil
}

func hasVar(env []string, name string) bool {
	return slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
}

// sources chooses between vendor/ and the module cache. A trimmed server does not
// notice. Where an untrimmed one had its modules in the module cache, apply leaves
// vendor/ as it is, so that may be another than go.mod's.
func (b *builder) sources() {
	vendored := b.o.Vendor != "never" && b.o.pinned == nil && place.Exists(filepath.Join(b.plugin.Root, "vendor", "modules.txt"))
	switch {
	case b.server.Trimmed(), b.server.Paths.Vendored != "":
	case recipe.Placed(b.server):
		if vendored {
			b.warn("vendor/ is not used: the server was built without -trimpath from a module cache, so the paths of the sources count")
		}
		vendored = false
	default:
		vendored = false
		b.warn("the server was built without -trimpath, so the paths of the sources count, and where its modules were is not known from this reference: official images have them in /go/pkg/mod (GOMODCACHE)")
	}
	if vendored {
		b.how.Mod = "vendor"
	}
}

// printed are the rules for a build that is typed.
func (b *builder) printed() toolexec.Rules {
	var src *workspace.Source
	if b.work != nil {
		src = b.work.Source
	}
	return recipe.PathRules(b.server, b.plugin.Now, b.plugin.Root, b.how.Mod == "vendor", b.o.GoEnviron(), src)
}

// unaligned is what the go command says of a tree that pinfix apply fixes.
var unaligned = []string{
	"inconsistent vendoring", "missing go.sum entry", "updates to go.mod needed", "updates to go.sum needed",
	"go.mod requires go >= ", "errors parsing go.mod", "note: module requires Go ", "requires go1.",
}

// explain adds the next step to what go build says.
func (b *builder) explain(err error) error {
	var failed *gocmd.Error
	if !errors.As(err, &failed) {
		return err
	}
	for _, sign := range unaligned {
		if strings.Contains(failed.Stderr, sign) {
			return fault.With(err, "run pinfix apply: it makes go.mod, go.sum and vendor/ fit")
		}
	}
	return fault.With(err, gocmd.NextAfter(failed, filepath.Join(b.plugin.Root, "go.mod")))
}

// workspace finds the workspace to build in: with the source that was named, or
// the one that pinfix apply has written next to go.mod; nil for none.
func (b *builder) workspace(ctx context.Context) (*workspace.Workspace, error) {
	tree, used, err := workspace.InTree(b.plugin.Root, b.server, workspace.ReadMod)
	if err != nil {
		return nil, err
	}
	dir := b.o.ServerSource
	if dir == "" {
		dir = used
	}
	if dir == "" {
		return nil, nil
	}
	if b.o.pinned != nil {
		return nil, reference.Refusal{Err: fault.New("apply it to that server, and build it without --pin", "a plugin that imports the server's own packages is built in a go.work, which the tree must have")}
	}
	src, err := workspace.ReadSource(ctx, b.o.GoEnviron(), b.server, dir)
	if err != nil {
		return nil, err
	}
	w := &workspace.Workspace{Source: src, InTree: used == src.Dir, Warnings: src.Warnings}
	if w.InTree {
		w.Tree = tree
	}
	if !b.server.Trimmed() && b.server.Paths.Own == "" {
		w.Warnings = append(w.Warnings, "the server was built without -trimpath, so the path of its source counts: "+src.Dir+" must be where it was built")
	}
	return w, nil
}
