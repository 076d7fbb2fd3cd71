package flow

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/align"
	"github.com/pinfix/pinfix/internal/conflict"
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

// telling are graphs that one mistake has made wrong and few others show.
var telling = []int{
	3213,     // what go mod tidy brings above a pin is excluded
	120591,   // a lowered module brings one that the graph is pruned before
	130278,   // too new for the server's Go, required, and excluded for what another one asks
	475962,   // lowered by the server's Go, and the plugin's own version is readable
	5001960,  // two versions too new of a module that the server has
	99057308, // a held module is not in its place everywhere in the graph
}

// TestRandomSolver holds the solver against an exhaustive search of random module
// graphs, with a compiler of the test's own: what it calls solved has every pin
// exactly, compiles, and is maximal, and where there is a solution it finds one.
// PINFIX_RANDOM_SOLVER sets the number of graphs, PINFIX_RANDOM_SEED the first.
func TestRandomSolver(t *testing.T) {
	first := 0
	if s := os.Getenv("PINFIX_RANDOM_SEED"); s != "" {
		var err error
		if first, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	solved, impossible, raised, lines, directories := 0, 0, 0, 0, 0
	n := worlds(t, "PINFIX_RANDOM_SOLVER", 400, 4000)
	seeds := slices.Clone(telling)
	for seed := range n {
		seeds = append(seeds, first+seed)
	}
	for _, seed := range seeds {
		w := newWorld(uint64(seed), seed%3 == 0, seed%4 == 0)
		own := w.buildList(w.pluginMod())
		list, in, err := w.solve()
		want := w.solvable(own)
		var none *conflict.NoSolutionError
		var tooNew *pinner.TooNewError
		switch {
		case err == nil:
			solved++
			if w.tooNew(own) {
				lines++
			}
			if linked := w.linked(&w.plugin, list); slices.ContainsFunc(sortedModules(linked), func(j int) bool { return w.local[j] != nil }) {
				directories++
			}
			w.right(t, seed, list)
			for _, c := range in.Caps { // a reason names versions of the last plan
				if d, ok := conflict.CapOf(in.Caps, c.For.Path); ok && d.Version != c.For {
					t.Errorf("seed %d: %s is capped for %s, which ends at %s\n%s", seed, c.Path, c.For, d.Version.Version, w)
				}
			}
			if w.maximal(t, seed, own, list, in) {
				raised++
			}
		case !errors.As(err, &none) && !errors.As(err, &tooNew):
			t.Errorf("seed %d: %v\n%s", seed, err, w)
		case want != nil:
			t.Errorf("seed %d: there is a solution, %v; the solver says: %v\n%s", seed, want, err, w)
		default:
			impossible++
		}
		if t.Failed() {
			return
		}
		again, _, _ := w.solve()
		if fmt.Sprint(list) != fmt.Sprint(again) {
			t.Fatalf("seed %d: %v, then %v", seed, list, again)
		}
	}
	t.Logf("%d solved, %d of them by a raise, %d against Go lines, %d with a directory replacement; %d impossible", solved, raised, lines, directories, impossible)
	if n >= 400 && slices.Min([]int{solved, impossible, raised, lines, directories}) == 0 {
		t.Error("the graphs are not random enough")
	}
}

// maximal fails where one moved module can be nearer to the plugin's version: with it
// there, and all other caps as they are, every pin holds and all compiles. It
// reports whether a module is raised.
func (w *world) maximal(t *testing.T, seed int, own, list map[int]int, in pinner.Input) (raised bool) {
	t.Helper()
	linked := w.linked(&w.plugin, list)
	for j := range linked {
		had, ok := own[j]
		_, pinned := w.pins()[j]
		capped := slices.ContainsFunc(in.Caps, func(c pinner.Cap) bool { return c.Path == w.path(j) })
		if !ok || pinned || w.local[j] != nil || had == list[j] || list[j] > had && !capped {
			continue
		}
		raised = raised || list[j] > had
		for k := had; k != list[j]; k += cmp.Compare(list[j], had) {
			try := in
			try.Caps = slices.DeleteFunc(slices.Clone(in.Caps), func(c pinner.Cap) bool { return c.Path == w.path(j) })
			try.Caps = append(try.Caps, pinner.Cap{Version: module.Version{Path: w.path(j), Version: versionOf(k)}})
			if l, ok := w.tried(try); ok && l[j] == k {
				t.Errorf("seed %d: %s is %d and was %d, but could be %d: %v, in place of %v\n%s", seed, w.path(j), list[j], had, k, l, list, w)
			}
		}
	}
	return raised
}

// tried returns the build list of a plan, and whether all compiles under it.
func (w *world) tried(in pinner.Input) (map[int]int, bool) {
	for range 20 {
		plan, err := pinner.Make(in)
		if err != nil {
			return nil, false
		}
		list, tidied := w.listed(plan)
		linked := w.linked(&w.plugin, list)
		pins := w.pinsOf(linked)
		in.Linked = func(p string) bool { return linked[int(p[len(p)-1]-'a')] }
		if !slices.Equal(pins, in.Pins) {
			in.Pins = pins
			continue
		}
		if more, err := w.above(&in, plan, tidied); more || err != nil {
			continue
		}
		return list, len(w.faults(&w.plugin, list)) == 0 && !w.tooNew(list)
	}
	return nil, false
}

// pinsOf returns the server's pins of what is linked.
func (w *world) pinsOf(linked map[int]bool) []pinner.Pin {
	var pins []pinner.Pin
	for _, p := range w.serverInfo().Pins {
		if linked[int(p.Path[len(p.Path)-1]-'a')] {
			pins = append(pins, p)
		}
	}
	return pins
}

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

// solve goes the way of package align without the go command. It returns the build list,
// and what the last plan was made of.
func (w *world) solve() (map[int]int, pinner.Input, error) {
	in := pinner.Input{Server: w.serverInfo(), Source: w.source, Versions: w.versions, Leave: true}
	var err error
	if in.Mod, err = pinner.ParseMod("go.mod", []byte(w.pluginMod())); err != nil {
		return nil, in, err
	}
	base, err := pinner.LoadGraph(in.Mod, w.source)
	if err != nil {
		return nil, in, err
	}
	solver := solve.New(solve.Options{
		Task: conflict.Task{Server: in.Server, Base: base, Find: pinner.Candidates{Versions: w.versions, Source: w.source}},
		Downgrade: func() ([]pinner.Cap, error) {
			in := in
			in.Caps = nil
			return pinner.Downgrade(in)
		},
	})
	if in.Caps, err = solver.Start(); err != nil {
		return nil, in, err
	}
	wanted := map[string]bool{}
	for range 5000 {
		plan, err := pinner.Make(in)
		if errors.As(err, new(*pinner.TooNewError)) {
			if in.Caps, err = solver.Dead(err); err == nil {
				continue
			}
		}
		if err != nil {
			return nil, in, err
		}
		list, tidied := w.listed(plan)
		linked := w.linked(&w.plugin, list)
		pins := w.pinsOf(linked)
		in.Linked = func(p string) bool { return linked[int(p[len(p)-1]-'a')] || wanted[p] }
		if !slices.Equal(pins, in.Pins) {
			in.Pins = pins
			continue
		}
		faults := w.faults(&w.plugin, list)
		if want := w.excluded(plan, faults, wanted); want != "" {
			wanted[want] = true
			continue
		}
		if refused, more := w.refused(in.Refused, list); more {
			in.Refused = refused
			continue
		}
		st := conflict.State{Plan: plan, Packages: w.packages(list), Faults: w.told(faults)}
		if len(st.Faults) > 0 {
			if in.Caps, err = solver.Next(st); err != nil {
				return nil, in, err
			}
			continue
		}
		caps, done := solver.Solved(st)
		stays := done && slices.EqualFunc(caps, in.Caps, func(b, c pinner.Cap) bool { return b.Version == c.Version })
		in.Caps = caps
		if !stays {
			continue
		}
		if more, err := w.above(&in, plan, tidied); err != nil || !more {
			return list, in, err
		}
	}
	return nil, in, errors.New("no end")
}

// listed returns the build list under a plan as go list has it, and the go.mod that go mod
// tidy makes of the plan: each module that is linked is required, which brings what the
// graph has below it. What the plan holds, and that would raise, stays where it is: see
// [stage.Stage.List].
func (w *world) listed(plan *pinner.Plan) (map[int]int, *pinner.Mod) {
	held := map[int]int{}
	for _, v := range slices.Backward(plan.Held()) {
		held[w.index(v.Path)] = w.number(v.Version)
	}
	rises := map[int]bool{}
	tidied := plan.Mod
	for {
		list := w.selected(w.load(tidied, func(j int) (int, bool) { return held[j], rises[j] }))
		again := false
		for j, k := range held {
			if at, ok := list[j]; ok && at != k && !rises[j] {
				rises[j], again = true, true
			}
		}
		if again {
			tidied = plan.Mod
			continue
		}
		for j := range rises {
			list[j] = held[j]
		}
		next, err := tidied.Clone()
		if err != nil {
			panic(err)
		}
		for _, j := range sortedModules(w.linked(&w.plugin, list)) {
			if err := next.AddRequire(w.path(j), versionOf(list[j])); err != nil {
				panic(err)
			}
		}
		if bytes.Equal(next.Text(), tidied.Text()) {
			return list, tidied
		}
		tidied = next
	}
}

// load loads the graph of a go.mod in which all versions of some modules have the go.mod
// of one.
func (w *world) load(mod *pinner.Mod, replaced func(j int) (int, bool)) *pinner.Graph {
	g, err := pinner.LoadGraph(mod, func(vs []module.Version) (map[module.Version]*pinner.Summary, error) {
		out := map[module.Version]*pinner.Summary{}
		for _, v := range vs {
			of := v
			if k, ok := replaced(w.index(v.Path)); ok && v.Version != "" {
				of.Version = versionOf(k)
			}
			sums, err := w.source([]module.Version{of})
			if err != nil {
				return nil, err
			}
			out[v] = sums[of]
		}
		return out, nil
	})
	if err != nil {
		panic(err)
	}
	return g
}

// above excludes what the tidied go.mod brings above a pin or a cap, and reports whether
// there is something new.
func (w *world) above(in *pinner.Input, plan *pinner.Plan, tidied *pinner.Mod) (more bool, err error) {
	needed, _, err := plan.Recheck(*in, tidied)
	*in, more = align.MoreExcludes(*in, plan, needed)
	return more, err
}

// excluded returns a module that is missing and that the plan has excluded; "" if there
// is none that is not known.
func (w *world) excluded(plan *pinner.Plan, faults []flaw, known map[string]bool) string {
	for _, f := range faults {
		lacks := strings.TrimSuffix(f.lacks, "/sub")
		set := func(v module.Version) bool { return v.Path == lacks }
		left := func(m pinner.TooNew) bool { return m.Path == lacks }
		demanded := func(d pinner.Demand) bool { return d.Path == lacks }
		if slices.ContainsFunc(plan.Demands, demanded) && !known[lacks] && !slices.ContainsFunc(plan.Held(), set) && !slices.ContainsFunc(plan.Left, left) {
			return lacks
		}
	}
	return ""
}

// refused adds what is linked and too new for the server's Go: the go command says so
// where the graph does not show it.
func (w *world) refused(known []module.Version, list map[int]int) (all []module.Version, more bool) {
	for _, j := range sortedModules(w.linked(&w.plugin, list)) {
		v := module.Version{Path: w.path(j), Version: versionOf(list[j])}
		if w.local[j] == nil && w.modules[j][list[j]].go_ == newGo && !slices.Contains(known, v) {
			return append(known, v), true
		}
	}
	return known, false
}

func (w *world) packages(list map[int]int) map[string]*conflict.Package {
	out := map[string]*conflict.Package{}
	add := func(name string, v *release, own bool, m module.Version) {
		p := &conflict.Package{Path: name, Own: own, Module: m}
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
		v := w.code(&w.plugin, j, list[j])
		m := module.Version{Path: w.path(j), Version: versionOf(list[j])}
		add(w.path(j), v, false, m)
		out[w.path(j)].Fixed = w.local[j] != nil
		if v.sub {
			out[w.path(j)+"/sub"] = &conflict.Package{Path: w.path(j) + "/sub", Module: m, Fixed: w.local[j] != nil}
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
