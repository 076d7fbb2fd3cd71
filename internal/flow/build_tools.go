package flow

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/pinner"
)

// tools finds the server's toolchain, a C compiler and, for an untrimmed
// server, its module cache. What cannot be had is one error each.
func (b *builder) tools(ctx context.Context) error {
	if err := b.toolchain(ctx); err != nil {
		return err
	}
	var err error
	if b.how.CC, err = b.compiler(b.facts.GOHOSTOS, b.facts.GOHOSTARCH); err != nil {
		return err
	}
	if err := b.moduleCache(); err != nil {
		return err
	}
	if b.work != nil {
		return b.work.write(b.scratch, b.plugin)
	}
	return nil
}

// toolchain asks the server's Go release for its facts. No other one will do:
// it is part of every fingerprint.
func (b *builder) toolchain(ctx context.Context) error {
	want := b.recipe.Toolchain
	image := "build in an image that has it (golang:" + b.server.GoVersion() + "; see pinfix build --print=dockerfile)"
	env := append([]string{"GOTOOLCHAIN=" + want, "CGO_ENABLED=1"}, b.recipe.Env...)
	g := gocmd.New(gocmd.Config{Dir: b.plugin.root, Environ: b.o.environ(), Set: env, Log: b.o.Log})
	var err error
	b.facts, err = g.Facts(ctx)
	var failed *gocmd.Error
	switch {
	case errors.As(err, &failed):
		return fault("let the go command reach the module proxy (GOPROXY), or "+image,
			"the server's toolchain %s could not be fetched: %s", want, lastLine(failed.Stderr))
	case err != nil:
		return err
	}
	have := pinner.Server{Go: b.facts.GOVERSION}
	if "go"+have.GoVersion() != want {
		return fault("install that release, or a go command of 1.21 or newer, which fetches it; or "+image,
			"the server's toolchain is %s, the go command here is %s and does not change to it", want, b.facts.GOVERSION)
	}
	if is := b.facts.GOEXPERIMENT; is != "" && !hasVar(b.recipe.Env, "GOEXPERIMENT") {
		return fault("take it out: go env -u GOEXPERIMENT", "go env -w has set GOEXPERIMENT=%s, which the server was not built with", is)
	}
	return nil
}

func hasVar(env []string, name string) bool {
	return slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
}

// triples are how Debian and most others name their cross-compilers for Linux.
var triples = map[string]string{
	"386":     "i686-linux-gnu",
	"amd64":   "x86_64-linux-gnu",
	"arm":     "arm-linux-gnueabihf",
	"arm64":   "aarch64-linux-gnu",
	"loong64": "loongarch64-linux-gnu",
	"ppc64le": "powerpc64le-linux-gnu",
	"riscv64": "riscv64-linux-gnu",
	"s390x":   "s390x-linux-gnu",
}

// compiler returns the value of CC, "" for that of the user's environment, or
// says which compiler is missing. The machine is hostOS/hostArch.
func (b *builder) compiler(hostOS, hostArch string) (string, error) {
	goos, goarch, ok := b.server.Platform()
	native := !ok || goos == hostOS && (goarch == hostArch || goos == "darwin") // Apple's clang builds for both
	given := vars.Get(b.o.environ(), "CC")
	if given != "" && b.o.Print != "" {
		return "", nil
	}
	if given == "" && b.facts.CC != "" && (native || !slices.Contains([]string{"gcc", "clang", "cc"}, b.facts.CC)) {
		given = b.facts.CC // the default, or of go env -w
	}
	switch {
	case given != "" && gocmd.Compiler(given):
		return "", nil
	case given != "":
		return "", fault("install one (Debian: gcc libc6-dev, Alpine: gcc musl-dev, macOS: xcode-select --install), or name yours in CC",
			"no C compiler, which every plugin needs: %q is not in PATH", given)
	case native:
		return "", nil // --print; go env was not asked
	}
	what := fmt.Sprintf("the server is for %s/%s and this machine is %s/%s", goos, goarch, hostOS, hostArch)
	triple := triples[goarch]
	if goos != "linux" || triple == "" {
		return "", fault(fmt.Sprintf("build on a machine for %s/%s, or name a C cross-compiler in CC", goos, goarch), "%s", what)
	}
	debian := ", Debian's gcc-" + strings.ReplaceAll(triple, "_", "-")
	if b.server.Binary.Libc() == "musl" {
		triple, debian = strings.Replace(triple, "-gnu", "-musl", 1), ""
	}
	cc := triple + "-gcc"
	if b.o.Print == "" && !gocmd.Compiler(cc) {
		return "", fault(fmt.Sprintf("install %s%s, or name yours in CC; or build on a machine or in an image for %s/%s", cc, debian, goos, goarch),
			"%s: a C cross-compiler is needed, and %s is not in PATH", what, cc)
	}
	return cc, nil
}

// hostCompiler is compiler for --print, which asks no go command.
func (b *builder) hostCompiler() (string, error) { return b.compiler(runtime.GOOS, runtime.GOARCH) }

// sources chooses between vendor/ and the module cache. A trimmed server does
// not notice; in an untrimmed one's fingerprints the paths stand.
func (b *builder) sources() error {
	vendored := b.o.Vendor != "never" && b.o.pinned == nil && exists(filepath.Join(b.plugin.root, "vendor", "modules.txt"))
	if vendored && buildsVendored(b.server, b.plugin.root) {
		b.how.Mod = "vendor"
		return nil
	}
	paths := b.server.Paths
	switch {
	case b.server.Trimmed():
	case paths.ModCache != "":
		b.how.ModCache = paths.ModCache
		if vendored {
			b.warn("vendor/ is not used: the server was built without -trimpath from a module cache, so the paths of the sources count")
		}
	case paths.Vendored == "":
		b.warn("the server was built without -trimpath, so the paths of the sources count, and where its modules were is not known from this reference: official images have them in /go/pkg/mod (GOMODCACHE)")
	case paths.Vendored == b.plugin.root:
		return fault("pinfix apply --vendor always", "server %s was built without -trimpath from the vendor/ here, and the plugin has none", b.server.Ref)
	case b.o.Print == "shell":
		b.how.Mod, b.how.Dir = "vendor", paths.Vendored
		b.warn(vendoredElsewhere(b.server) + ": " + paths.Elsewhere(b.plugin.root))
	default:
		return fault(paths.Elsewhere(b.plugin.root), "%s", vendoredElsewhere(b.server))
	}
	return nil
}

// buildsVendored reports whether the server takes a plugin that is built from the
// vendor/ in root: paths count only in an untrimmed one's fingerprints.
func buildsVendored(s *pinner.Server, root string) bool {
	return s.Trimmed() || s.Paths.Vendored == root
}

// vendoredElsewhere says why a plugin of a server that was built from its vendor/ loads
// only from that directory.
func vendoredElsewhere(s *pinner.Server) string {
	return fmt.Sprintf("server %s was built without -trimpath from %s, so the paths of the sources count", s.Ref, filepath.Join(s.Paths.Vendored, "vendor"))
}

// moduleCache makes sure that an untrimmed server's module cache can be had at
// the same path.
//
// The path is foreign text, and the go command will write there: pinfix goes to
// the user's own module cache, to one that is there, or to where a GOPATH has
// one, if no other user can write there, and asks for all else.
func (b *builder) moduleCache() error {
	want := b.how.ModCache
	if want == "" || want == b.facts.GOMODCACHE {
		return nil
	}
	what := fmt.Sprintf("server %s was built without -trimpath with its module cache at %s, so the plugin needs one at that path", b.server.Ref, want)
	if !exists(filepath.Join(want, "cache", "download")) && !strings.HasSuffix(want, "/pkg/mod") {
		return fault("run it with GOMODCACHE="+want+" if pinfix may make that, or in an image that has its module cache there", "%s", what)
	}
	err := stage.MakeCache(want)
	if foreign := (*stage.ForeignError)(nil); errors.As(err, &foreign) {
		return fault("run it with GOMODCACHE="+want+" if you trust who can write there, or build in an image whose module cache is there (see pinfix build --print=dockerfile)",
			"%s, and %w: modules in it could be others than go.sum says", what, foreign)
	}
	if err != nil {
		return fault("build in an image whose module cache is there (golang:"+b.server.GoVersion()+" has /go/pkg/mod; see pinfix build --print=dockerfile)",
			"%s, which cannot be made here: %w", what, cause(err))
	}
	b.other = true
	b.proxy = "file://" + filepath.ToSlash(filepath.Join(b.facts.GOMODCACHE, "cache", "download")) + "," + b.facts.GOPROXY
	return nil
}

// unaligned is what the go command says of a tree that pinfix apply mends.
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
			return &Error{err, "pinfix apply makes go.mod, go.sum and vendor/ fit"}
		}
	}
	return &Error{err, nextAfter(failed, filepath.Join(b.plugin.root, "go.mod"))}
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
