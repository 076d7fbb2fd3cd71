package flow

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// BenchmarkPlan measures the plan itself (what is shared, which blank imports,
// the module graph from go.mod files on disk, the excludes, the marks) for
// testdata/bench against Nakama 3.26.0, and reports
//
//	plan/go       its time over that of the go mod tidy and go mod vendor around it
func BenchmarkPlan(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "plugin")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "testdata", "bench"))); err != nil {
		b.Fatal(err)
	}
	server, err := filepath.Abs(filepath.Join("..", "..", "testdata", "servers", "nakama-3.26.0.buildinfo"))
	if err != nil {
		b.Fatal(err)
	}
	quiet := func(string) {}
	o := Options{Reference: Reference{Dir: dir, Servers: Servers{{Ref: server, From: "--server"}}, Environ: os.Environ(), Step: quiet, Log: quiet}, Conflicts: "auto", Imports: "auto", Vendor: "auto"}
	p, err := readPlugin(o.Dir, o.Packages, o.ImportsFile)
	if err != nil {
		b.Fatal(err)
	}
	s, _, err := o.read(b.Context(), p.root)
	if err != nil {
		b.Fatal(err)
	}
	tool, err := chooseToolchain(b.Context(), o, s, p.root)
	if err != nil {
		b.Fatal(err)
	}
	var plan, commands time.Duration
	for b.Loop() {
		st, err := stage.New(stage.Config{Go: tool.go_, Cache: tool.cache})
		if err != nil {
			b.Fatal(err)
		}
		a := &aligner{o: o, server: s, plugin: p, stage: st, sources: st.Sources, bare: importgraph.Files{}}
		a.in = pinner.Input{Server: s, Mod: p.user, Source: st.ModFiles(b.Context())}
		listing, err := st.List(b.Context(), p.user, nil, nil, nil)
		if err != nil {
			b.Fatal(err)
		}

		start := time.Now()
		match := pinner.Compare(s, listing.Linked())
		choice, err := a.chooseImports(listing, match.Pins)
		if err != nil {
			b.Fatal(err)
		}
		a.in.Pins = match.Pins
		pl, err := pinner.Make(a.in)
		if err != nil {
			b.Fatal(err)
		}
		plan += time.Since(start)

		start = time.Now()
		tidied, sum, err := st.Tidy(b.Context(), pl.Mod, choice.files)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := st.Vendor(b.Context(), tidied, sum, choice.files); err != nil {
			b.Fatal(err)
		}
		commands += time.Since(start)

		start = time.Now()
		needed, _, err := pl.Recheck(a.in, tidied)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := pl.Finish(p.user, tidied, needed); err != nil {
			b.Fatal(err)
		}
		plan += time.Since(start)
		st.Close()
	}
	b.ReportMetric(float64(plan)/float64(commands), "plan/go")
}
