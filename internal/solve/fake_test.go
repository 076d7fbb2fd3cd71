package solve

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// A fake is a world of modules with one package each, and a compiler for it:
// "path@version", or "plugin" -> words of
//
//	go VERSION         its go line; 1.20 without
//	require PATH VERSION
//	has NAME           it declares NAME
//	package NAME       it has a package PATH/NAME, which is empty
//	import PATH        of a module's package, or of PATH/NAME
//	use PATH.NAME      and imports it
//	match PATH PATH    both must declare the same names, or it does not compile
//	replace PATH       by a directory, whose text is that of "./PATH"
//	unreadable         and nothing else: its go.mod cannot be read
//
// The line of a fault is the number of the word.
type fake map[string]string

type text struct {
	goLine  string
	require []module.Version
	has     []string
	subs    []string
	imports []string
	lines   []string
	dirs    []string
}

func (w fake) text(key string) *text {
	x := &text{goLine: "1.20"}
	for line := range strings.SplitSeq(w[key], "; ") {
		f := strings.Fields(line)
		x.lines = append(x.lines, line)
		if len(f) == 0 {
			continue
		}
		switch f[0] {
		case "go":
			x.goLine = f[1]
		case "require":
			x.require = append(x.require, module.Version{Path: f[1], Version: f[2]})
		case "replace":
			x.dirs = append(x.dirs, f[1])
		case "has":
			x.has = append(x.has, f[1])
		case "package":
			x.subs = append(x.subs, f[1])
		case "import":
			x.add(f[1])
		case "use":
			path, _, _ := strings.Cut(f[1], ".")
			x.add(path)
		case "match":
			x.add(f[1])
			x.add(f[2])
		}
	}
	return x
}

func (x *text) add(path string) {
	if !slices.Contains(x.imports, path) {
		x.imports = append(x.imports, path)
	}
}

func (w fake) source(vs []module.Version) (map[module.Version]*pinner.Summary, error) {
	out := map[module.Version]*pinner.Summary{}
	for _, v := range vs {
		key := v.String()
		if v.Version == "" {
			key = v.Path
		}
		if text, ok := w[key]; !ok || text == "unreadable" {
			return nil, fmt.Errorf("%s could not be fetched", v)
		}
		x := w.text(key)
		out[v] = &pinner.Summary{Go: x.goLine, Require: x.require}
	}
	return out, nil
}

func (w fake) versions(paths []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, p := range paths {
		for key := range w {
			if path, v, ok := strings.Cut(key, "@"); ok && path == p && semver.Prerelease(v) == "" {
				out[p] = append(out[p], v)
			}
		}
		semver.Sort(out[p])
	}
	return out, nil
}

// listing returns the packages under a graph.
func (w fake) listing(g *pinner.Graph) (map[string]*conflict.Package, map[string]*text) {
	pkgs, texts := map[string]*conflict.Package{}, map[string]*text{}
	var visit func(path, key string, own bool)
	visit = func(path, key string, own bool) {
		if pkgs[path] != nil {
			return
		}
		x := w.text(key)
		v := module.Version{Path: path}
		if !own {
			v.Version = g.Selected(path)
		}
		pkgs[path], texts[path] = &conflict.Package{Path: path, Module: v, Own: own, Fixed: strings.HasPrefix(key, "./"), Imports: x.imports}, x
		for _, s := range x.subs {
			pkgs[path+"/"+s] = &conflict.Package{Path: path + "/" + s, Module: v}
		}
		for _, q := range x.imports {
			q, _, _ = strings.Cut(q, "/")
			key := q + "@" + g.Selected(q)
			if slices.Contains(w.text("plugin").dirs, q) {
				key = "./" + q
			}
			visit(q, key, false)
		}
	}
	visit("plugin", "plugin", true)
	return pkgs, texts
}

// compile returns the faults.
func compile(pkgs map[string]*conflict.Package, texts map[string]*text) []typecheck.Fault {
	var out []typecheck.Fault
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		for i, line := range texts[path].lines {
			f := strings.Fields(line)
			fault := typecheck.Fault{Package: path, File: "/root/" + path + ".go", Line: i + 1}
			if len(f) < 2 {
				continue
			}
			switch f[0] {
			case "import":
				if pkgs[f[1]] == nil {
					fault.Missing, fault.Msg, fault.Blames = f[1], f[1]+" is not there", []string{f[1]}
				}
			case "use":
				m, name, _ := strings.Cut(f[1], ".")
				if !slices.Contains(texts[m].has, name) {
					fault.Msg, fault.Blames = "undefined: "+f[1], []string{m}
				}
			case "match":
				if !slices.Equal(texts[f[1]].has, texts[f[2]].has) {
					fault.Msg, fault.Blames = f[1]+" and "+f[2]+" differ", f[1:3]
				}
			}
			if fault.Msg != "" {
				out = append(out, fault)
			}
		}
	}
	return out
}

// A game is what the solver plays in a fake world.
type game struct {
	fake
	pins []string // "x v1.0.0"
	keep []string
	user []string // caps
	only bool
	slow time.Duration // what a try takes
	last string        // what an earlier run has come to: "x v1.0.0, y v1.0.0"
}

// play goes the rounds, and returns the caps in the end and how many tries there
// were.
func (g game) play(t *testing.T) ([]pinner.Cap, int, error) {
	t.Helper()
	mod := "module plugin\n\ngo 1.22\n"
	for _, r := range g.text("plugin").require {
		mod += fmt.Sprintf("\nrequire %s %s", r.Path, r.Version)
	}
	for _, d := range g.text("plugin").dirs {
		mod += fmt.Sprintf("\nreplace %s => ./%s", d, d)
	}
	user, err := pinner.ParseMod("go.mod", []byte(mod+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	base, err := pinner.LoadGraph(user, g.source)
	if err != nil {
		t.Fatal(err)
	}
	in := pinner.Input{Server: &pinner.Server{Go: "go1.22.12"}, Mod: user, Source: g.source, Versions: g.versions, Keep: g.keep}
	for _, p := range g.pins {
		path, v, _ := strings.Cut(p, " ")
		in.Server.Pins = append(in.Server.Pins, pinner.Pin{Version: module.Version{Path: path, Version: v}})
	}
	in.Pins = in.Server.Pins
	s := New(Options{Task: conflict.Task{Server: in.Server, Base: base, Keep: g.keep, Root: "/root", Find: pinner.Candidates{Versions: g.versions, Source: g.source}}, Only: g.only})
	if g.last != "" {
		s.Earlier, s.Pinned = map[string]string{}, func([]pinner.Pin) bool { return true }
		for v := range strings.SplitSeq(g.last, ", ") {
			path, v, _ := strings.Cut(v, " ")
			s.Earlier[path], _, _ = strings.Cut(v, " ")
		}
	}
	now := time.Unix(0, 0)
	s.budget.now = func() time.Time { now = now.Add(g.slow); return now }
	for _, c := range g.user {
		path, v, _ := strings.Cut(c, " ")
		s.User = append(s.User, pinner.Cap{Version: module.Version{Path: path, Version: v}, Cause: pinner.CauseUser, Error: "--cap"})
	}
	first := in
	first.Caps = s.User
	s.Downgrade = func() ([]pinner.Cap, error) { return pinner.Downgrade(first) }
	if in.Caps, err = s.Start(); err != nil {
		return nil, 0, err
	}
	for n := 1; n < 1000; n++ {
		plan, err := pinner.Make(in)
		if err != nil {
			return nil, n, err
		}
		graph, err := pinner.LoadGraph(plan.Mod, g.source)
		if err != nil {
			t.Fatal(err)
		}
		pkgs, texts := g.listing(graph)
		faults := compile(pkgs, texts)
		if len(faults) == 0 {
			done := false
			if in.Caps, done = s.Solved(conflict.State{Plan: plan, Packages: pkgs}); done {
				return in.Caps, n, nil
			}
			continue
		}
		if in.Caps, err = s.Next(conflict.State{Plan: plan, Packages: pkgs, Faults: faults}); err != nil {
			return nil, n, err
		}
	}
	return nil, 1000, errors.New("no end")
}
