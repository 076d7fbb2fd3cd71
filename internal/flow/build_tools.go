package flow

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/toolexec"
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
		if err := b.work.write(b.scratch, b.plugin); err != nil {
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
	g := gocmd.New(gocmd.Config{Dir: b.plugin.root, Environ: b.o.environ(), Set: env, Log: b.o.Log, Count: b.o.Count})
	var err error
	b.facts, err = g.Facts(ctx)
	var failed *gocmd.Error
	switch {
	case errors.As(err, &failed):
		return fault.New("let the go command reach the module proxy (GOPROXY), or "+image,
			"the server's toolchain %s could not be fetched: %s", want, lastLine(failed.Stderr))
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
	if wantedC(b.server).Libc == "musl" {
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
	vendored := b.o.Vendor != "never" && b.o.pinned == nil && exists(filepath.Join(b.plugin.root, "vendor", "modules.txt"))
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
	var src *serverSource
	if b.work != nil {
		src = b.work.source
	}
	return printed(b.server, b.plugin.now, b.plugin.root, b.how.Mod == "vendor", b.o.environ(), src)
}

// buildsVendored reports whether the server takes a plugin that go build alone makes from
// the vendor/ in root: paths count only in an untrimmed one's fingerprints.
func buildsVendored(s *pinner.Server, root string) bool {
	return s.Trimmed() || s.Paths.Vendored == root
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
	return fault.With(err, nextAfter(failed, filepath.Join(b.plugin.root, "go.mod")))
}

// suffixWarning says that a server's Go is no plain release; what only names
// experiments is one.
func suffixWarning(s *pinner.Server) []string {
	release, _, _ := strings.Cut(s.Go, "X:")
	release = strings.TrimRight(release, " -")
	if strings.TrimPrefix(release, "go") == s.GoVersion() {
		return nil
	}
	return []string{fmt.Sprintf("the server was built by %q, which is not a plain release; its plugins must be too", s.Go)}
}
