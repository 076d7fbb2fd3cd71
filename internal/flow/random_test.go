package flow

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/tier"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// worlds is how many worlds a test goes through: some, in the whole suite all, or what the environment says.
func worlds(t testing.TB, name string, some, all int) int {
	t.Helper()
	if s := os.Getenv(name); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	return tier.Rounds(t, "module graphs", some, all)
}

// TestRandomSolver holds the solver against an exhaustive search of random module
// graphs, with a compiler of the test's own: what it calls solved has every pin
// exactly and compiles, and where there is a solution it finds one. PINFIX_RANDOM_SOLVER sets the number of graphs.
func TestRandomSolver(t *testing.T) {
	solved, impossible, brought := 0, 0, 0
	for seed := range worlds(t, "PINFIX_RANDOM_SOLVER", 400, 2000) {
		w := newWorld(uint64(seed), seed%3 == 0)
		list, err := w.solve()
		want := w.solvable(w.buildList(w.pluginMod()))
		var none *solve.NoSolutionError
		var tooNew *pinner.TooNewError
		switch {
		case err == nil:
			solved++
			w.right(t, seed, list)
		case errors.Is(err, errBrought):
			brought++
		case !errors.As(err, &none) && !errors.As(err, &tooNew):
			t.Errorf("seed %d: %v\n%s", seed, err, w)
		case tooNew != nil && w.noOlder(tooNew):
			impossible++ // a solution that does without the module is not looked for
		case want != nil:
			t.Errorf("seed %d: there is a solution, %v; the solver says: %v\n%s", seed, want, err, w)
		default:
			impossible++
		}
		if t.Failed() {
			return
		}
		again, _ := w.solve()
		if fmt.Sprint(list) != fmt.Sprint(again) {
			t.Fatalf("seed %d: %v, then %v", seed, list, again)
		}
	}
	t.Logf("%d solved, %d impossible, %d brought", solved, impossible, brought)
	if solved == 0 || impossible == 0 || brought > solved/500 {
		t.Error("the graphs are not random enough")
	}
}

// errBrought: a lowered module brings another one whose go line is above the
// server's Go, and its go.mod, which lists all it needs, hides that from the graph.
// The go command says so then, and apply passes it on; it does not search further.
var errBrought = errors.New("a lowered module brings one that is too new")

// right fails unless the plugin compiles under a build list that has the pins.
func (w *world) right(t *testing.T, seed int, list map[int]int) {
	t.Helper()
	if f := w.faults(&w.plugin, list); len(f) > 0 {
		t.Errorf("seed %d: called solved, but %v\n%s", seed, f, w)
	}
	if w.tooNew(list) {
		t.Errorf("seed %d: called solved, but too new: %v\n%s", seed, list, w)
	}
	pins := w.pins()
	for j := range w.linked(&w.plugin, list) {
		if pin, pinned := pins[j]; pinned && list[j] != pin {
			t.Errorf("seed %d: %s is %d, the server has %d\n%s", seed, w.path(j), list[j], pin, w)
		}
	}
}

// noOlder reports whether the modules have no lower version that the server's Go
// reads.
func (w *world) noOlder(e *pinner.TooNewError) bool {
	for _, m := range e.Modules {
		for _, v := range w.modules[int(m.Path[len(m.Path)-1]-'a')][:w.number(m.Version.Version)] {
			if v.go_ != newGo {
				return false
			}
		}
	}
	return true
}

// solve goes the way of [aligner] without the go command.
func (w *world) solve() (map[int]int, error) {
	user, err := pinner.ParseMod("go.mod", []byte(w.pluginMod()))
	if err != nil {
		return nil, err
	}
	base, err := pinner.LoadGraph(user, w.source)
	if err != nil {
		return nil, err
	}
	in := pinner.Input{Server: w.serverInfo(), Mod: user, Source: w.source, Versions: w.versions}
	solver := &solve.Solver{
		Server: in.Server, Base: base, Find: pinner.Candidates{Versions: w.versions, Source: w.source},
		Downgrade: func() ([]pinner.Cap, error) {
			in := in
			in.Caps = nil
			return pinner.Downgrade(in)
		},
	}
	if in.Caps, err = solver.Start(); err != nil {
		return nil, err
	}
	held := map[int]bool{}
	for range 1000 {
		plan, err := pinner.Make(in)
		if errors.As(err, new(*pinner.TooNewError)) {
			if in.Caps, err = solver.Dead(err); err == nil {
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		g, err := pinner.LoadGraph(plan.Mod, w.source)
		if err != nil {
			return nil, err
		}
		list := w.selected(g)
		linked := w.linked(&w.plugin, list)
		var pins []pinner.Pin
		for _, p := range in.Server.Pins {
			if j := int(p.Path[len(p.Path)-1] - 'a'); linked[j] || held[j] && slices.ContainsFunc(in.Pins, func(q pinner.Pin) bool { return q == p }) {
				pins = append(pins, p)
			}
		}
		in.Linked = func(p string) bool { return linked[int(p[len(p)-1]-'a')] }
		if !slices.Equal(pins, in.Pins) {
			in.Pins = pins
			continue
		}
		faults := w.faults(&w.plugin, list)
		if w.tooNew(list) {
			return nil, errBrought
		}
		if len(faults) == 0 {
			return list, nil
		}
		if in.Caps, err = solver.Next(solve.State{Plan: plan, Packages: w.packages(list), Faults: w.told(faults)}); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("no end")
}

func (w *world) packages(list map[int]int) map[string]*solve.Package {
	out := map[string]*solve.Package{}
	add := func(name string, v *release, own bool, m module.Version) {
		p := &solve.Package{Path: name, Own: own, Module: m}
		for _, d := range v.deps {
			if d.imported {
				p.Imports = append(p.Imports, w.path(d.module))
			}
			if d.sub {
				p.Imports = append(p.Imports, w.path(d.module)+"/sub")
			}
		}
		out[name] = p
	}
	add(w.prefix+"/plugin", &w.plugin, true, module.Version{Path: w.prefix + "/plugin"})
	for _, j := range sortedModules(w.linked(&w.plugin, list)) {
		v := &w.modules[j][list[j]]
		m := module.Version{Path: w.path(j), Version: versionOf(list[j])}
		add(w.path(j), v, false, m)
		if v.sub {
			out[w.path(j)+"/sub"] = &solve.Package{Path: w.path(j) + "/sub", Module: m}
		}
	}
	return out
}

// told turns flaws into what the type-checker would say.
func (w *world) told(flaws []flaw) []typecheck.Fault {
	var out []typecheck.Fault
	for _, f := range flaws {
		t := typecheck.Fault{Package: w.prefix + "/plugin", File: "x.go", Line: 1, Msg: f.msg, Missing: f.lacks}
		if f.module >= 0 {
			t.Package = w.path(f.module)
		}
		for _, j := range f.on {
			t.Blames = append(t.Blames, w.path(j))
		}
		if f.lacks != "" {
			t.Blames = []string{f.lacks}
		}
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b typecheck.Fault) int { return strings.Compare(a.Package, b.Package) })
	return out
}
