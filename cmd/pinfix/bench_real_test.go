package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/tools/go/packages"
)

// BenchmarkReal compares pinfix apply on testdata/real/firebase against Nakama
// 3.26.0, three modules of which do not compile at first, with one full type-check
// of the same import graph, go mod tidy and go mod vendor, all on warm caches. It
// reports, each the best of all runs,
//
//	apply-s, check-s, tidy+vendor-s
//	apply/go      apply over the sum of the others
func BenchmarkReal(b *testing.B) {
	if os.Getenv("PINFIX_REAL") == "" {
		b.Skip("it needs hundreds of modules from the network: make bench")
	}
	server, err := filepath.Abs("../../testdata/servers/nakama-3.26.0.buildinfo")
	if err != nil {
		b.Fatal(err)
	}
	plugin := filepath.Join("..", "..", "testdata", "real", "firebase")
	pinned := copyTree(b, plugin)
	applyTo(b, pinned, server)
	if err := os.RemoveAll(filepath.Join(pinned, "vendor")); err != nil {
		b.Fatal(err)
	}
	env := append(os.Environ(), "GOTOOLCHAIN=go1.23.5", "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=1")
	typeCheck(b, pinned, env)
	const never = time.Duration(math.MaxInt64)
	ours, check, mods := never, never, never
	for b.Loop() {
		dir := copyTree(b, plugin)
		start := time.Now()
		applyTo(b, dir, server)
		ours = min(ours, time.Since(start))

		dir = copyTree(b, pinned)
		start = time.Now()
		typeCheck(b, dir, env)
		check = min(check, time.Since(start))

		start = time.Now()
		for _, verb := range []string{"tidy", "vendor"} {
			cmd := exec.Command("go", "mod", verb)
			cmd.Dir, cmd.Env = dir, env
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("go mod %s: %v\n%s", verb, err, out)
			}
		}
		mods = min(mods, time.Since(start))
	}
	b.ReportMetric(ours.Seconds(), "apply-s")
	b.ReportMetric(check.Seconds(), "check-s")
	b.ReportMetric(mods.Seconds(), "tidy+vendor-s")
	b.ReportMetric(ours.Seconds()/(check+mods).Seconds(), "apply/go")
}

// typeCheck type-checks the plugin and all that it imports from source.
func typeCheck(b *testing.B, dir string, env []string) {
	b.Helper()
	roots, err := packages.Load(&packages.Config{
		Dir: dir, Env: env,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedTypesSizes,
	}, ".")
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	packages.Visit(roots, nil, func(p *packages.Package) {
		n++
		if len(p.Errors) > 0 {
			b.Fatalf("%s: %v", p.PkgPath, p.Errors[0])
		}
	})
	if n < 700 {
		b.Fatalf("%d packages", n)
	}
}
