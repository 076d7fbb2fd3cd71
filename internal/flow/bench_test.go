package flow

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/toolchain"
	"github.com/pinfix/pinfix/internal/wants"
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
	o := wants.Options{Reference: reference.Reference{Dir: dir, Servers: reference.Servers{{Ref: server, From: "--server"}}, Environ: os.Environ(), Step: quiet, Log: quiet}, Conflicts: "auto", Imports: "auto", Vendor: "auto"}
	p, err := plugin.Read(o.Dir, o.Packages, o.ImportsFile)
	if err != nil {
		b.Fatal(err)
	}
	s, _, err := o.Read(b.Context(), p.Root)
	if err != nil {
		b.Fatal(err)
	}
	tool, err := toolchain.Choose(b.Context(), o, s, p.Root)
	if err != nil {
		b.Fatal(err)
	}
	var plan, commands time.Duration
	for b.Loop() {
		st, err := stage.New(stage.Config{Go: tool.Go, Cache: tool.Cache})
		if err != nil {
			b.Fatal(err)
		}
		in := pinner.Input{Server: s, Mod: p.User, Source: st.Fetch.ModFiles(b.Context())}
		listing, err := st.List(b.Context(), p.User, nil, nil, nil)
		if err != nil {
			b.Fatal(err)
		}

		start := time.Now()
		match := pinner.Compare(s, listing.Linked())
		choice, err := (&wants.Case{Options: o, Server: s, Plugin: p}).ChooseImports(st.Sources, importgraph.Files{}, listing, match.Pins, nil)
		if err != nil {
			b.Fatal(err)
		}
		in.Pins = match.Pins
		pl, err := pinner.Make(in)
		if err != nil {
			b.Fatal(err)
		}
		plan += time.Since(start)

		start = time.Now()
		tidied, sum, err := st.Tidy(b.Context(), pl.Mod, choice.Files)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := st.Vendor(b.Context(), tidied, sum, choice.Files); err != nil {
			b.Fatal(err)
		}
		commands += time.Since(start)

		start = time.Now()
		needed, _, err := pl.Recheck(in, tidied)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := pl.Finish(p.User, tidied, needed); err != nil {
			b.Fatal(err)
		}
		plan += time.Since(start)
		st.Close()
	}
	b.ReportMetric(float64(plan)/float64(commands), "plan/go")
}
