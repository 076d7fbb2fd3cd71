package solve_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// BenchmarkCurve solves generated module graphs of 100, 1,000 and 10,000 modules
// in memory: the plan, two rounds of the solver, the look at what is needed in the
// end, and the sound downgrade. It reports
//
//	plan-ms, downgrade-ms  per graph
//	plan/nlogn             the growth since the size before, over that of n log n
//	downgrade/nlogn
//
// A growth of at most 1 is no worse than n log n. Times are those of the processor,
// of all threads, the best of several: other programs do not change them much.
func BenchmarkCurve(b *testing.B) {
	var before [2]time.Duration
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
			for b.Loop() {
				w := newWorld(b, n)
				for i, f := range []func(*testing.B){w.solve, w.downgrade} {
					runtime.GC() // what others have left is not in the figure
					start := cpuTime(b)
					f(b)
					best[i] = min(best[i], cpuTime(b)-start)
				}
			}
			grown := float64(n) * math.Log(float64(n)) / (float64(n/10) * math.Log(float64(n/10)))
			for i, name := range []string{"plan", "downgrade"} {
				b.ReportMetric(float64(best[i].Microseconds())/1000, name+"-ms")
				if before[i] > 0 {
					b.ReportMetric(float64(best[i])/float64(before[i])/grown, name+"/nlogn")
				}
			}
			before = best
		})
	}
}

// cpuTime is what this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A world is a plugin that requires n modules of four versions each. They form a
// binary tree, in which each requires the two below it at its own version, and each
// leaf a fifth, which the server has two versions back.
type world struct {
	n      int
	sums   map[module.Version]*pinner.Summary
	user   *pinner.Mod
	server *pinner.Server
}

func path(i int) string { return fmt.Sprintf("example.com/m%d", i) }

func version(k int) string { return fmt.Sprintf("v1.%d.0", k) }

func newWorld(b *testing.B, n int) *world {
	w := &world{n: n, sums: map[module.Version]*pinner.Summary{}}
	var text strings.Builder
	text.WriteString("module example.com/plugin\n\ngo 1.23\n\nrequire (\n")
	for i := range n {
		fmt.Fprintf(&text, "\t%s %s\n", path(i), version(3))
		for k := range 4 {
			s := &pinner.Summary{Go: "1.20"}
			if i%10 == 3 {
				s.Go = "1.16" // its own requirements count as well
			}
			for _, j := range w.requires(i) {
				s.Require = append(s.Require, module.Version{Path: path(j), Version: version(k)})
			}
			w.sums[module.Version{Path: path(i), Version: version(k)}] = s
		}
	}
	text.WriteString(")\n")
	user, err := pinner.ParseMod("go.mod", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	w.user = user
	w.server = &pinner.Server{Go: "go1.23.5", Settings: map[string]string{"-trimpath": "true"}}
	for i := 0; i < n; i += 5 {
		w.server.Pins = append(w.server.Pins, pinner.Pin{Version: module.Version{Path: path(i), Version: version(1)}})
	}
	return w
}

func (w *world) requires(i int) []int {
	var out []int
	for _, j := range []int{2*i + 1, 2*i + 2} {
		if j < w.n {
			out = append(out, j)
		}
	}
	if len(out) == 0 && i%5 != 0 {
		out = append(out, i-i%5)
	}
	return out
}

func (w *world) source(want []module.Version) (map[module.Version]*pinner.Summary, error) {
	return w.sums, nil
}

func (w *world) versions(paths []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, p := range paths {
		out[p] = []string{version(0), version(1), version(2), version(3)}
	}
	return out, nil
}

func (w *world) input() pinner.Input {
	return pinner.Input{
		Server: w.server, Mod: w.user, Pins: w.server.Pins, Source: w.source, Versions: w.versions,
		Linked: func(string) bool { return true },
	}
}

// solve plans until everything compiles, as apply does it.
func (w *world) solve(b *testing.B) {
	base, err := pinner.LoadGraph(w.user, w.source)
	if err != nil {
		b.Fatal(err)
	}
	in := w.input()
	s := solve.New(solve.Options{Task: conflict.Task{Server: w.server, Base: base, Find: pinner.Candidates{Versions: w.versions, Source: w.source}}})
	for rounds := 0; ; rounds++ {
		plan, err := pinner.Make(in)
		if err != nil {
			b.Fatal(err)
		}
		packages, faults := w.compile(plan)
		if len(faults) > 0 {
			if in.Caps, err = s.Next(conflict.State{Plan: plan, Packages: packages, Faults: faults}); err != nil {
				b.Fatal(err)
			}
			continue
		}
		if rounds != 2 || len(in.Caps) < w.n/60 {
			b.Fatalf("%d rounds, %d caps", rounds, len(in.Caps))
		}
		needed, _, err := plan.Recheck(in, plan.Mod)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := plan.Finish(w.user, plan.Mod, needed); err != nil {
			b.Fatal(err)
		}
		return
	}
}

// compile finds the faults under a plan: the newer versions of every fiftieth
// leaf need the server's module to be newer, and those of the module above need
// the leaf to be.
func (w *world) compile(plan *pinner.Plan) (map[string]*conflict.Package, []typecheck.Fault) {
	selected := map[string]string{}
	for _, r := range plan.Mod.Require {
		selected[r.Mod.Path] = r.Mod.Version
	}
	packages := map[string]*conflict.Package{"example.com/plugin": {Path: "example.com/plugin", Own: true, Imports: []string{path(0)}}}
	old := func(i int) bool { return semver.Compare(selected[path(i)], version(2)) < 0 }
	var faults []typecheck.Fault
	for i := range w.n {
		p := &conflict.Package{Path: path(i), Module: module.Version{Path: path(i), Version: selected[path(i)]}}
		for _, j := range w.requires(i) {
			p.Imports = append(p.Imports, path(j))
		}
		packages[p.Path] = p
	}
	needs := func(i, j int) {
		if old(j) && !old(i) {
			faults = append(faults, typecheck.Fault{Package: path(i), File: "m.go", Line: 1, Msg: "undefined: m.New", Blames: []string{path(j)}})
		}
	}
	for i := w.n/100*50 + 9; i < w.n; i += 50 {
		needs(i, i-4)
		needs((i-1)/2, i)
	}
	return packages, faults
}

func (w *world) downgrade(b *testing.B) {
	caps, err := pinner.Downgrade(w.input())
	if err != nil || len(caps) < w.n/2 {
		b.Fatalf("%d caps: %v", len(caps), err)
	}
}
