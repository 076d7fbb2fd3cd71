package conflict

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// stateOf is a plugin that links itself, the pinned modules pin and old, which the server
// has newer and older than the plugin, dir, which a directory replaces, and mid, which
// could be moved; they import what imports says, "a b" for a imports b.
func stateOf(t *testing.T, imports []string, faults ...typecheck.Fault) *View {
	t.Helper()
	user, err := pinner.ParseMod("go.mod", []byte("module plugin\n\ngo 1.22\n\nrequire (\n\tdir v1.0.0\n\tmid v1.0.0\n\told v1.1.0\n\tpin v1.0.0\n)\n"))
	if err != nil {
		t.Fatal(err)
	}
	source := func(vs []module.Version) (map[module.Version]*pinner.Summary, error) {
		out := map[module.Version]*pinner.Summary{}
		for _, v := range vs {
			out[v] = &pinner.Summary{Go: "1.20"}
		}
		return out, nil
	}
	base, err := pinner.LoadGraph(user, source)
	if err != nil {
		t.Fatal(err)
	}
	pkgs := map[string]*Package{}
	for _, m := range []string{"plugin ", "pin v1.1.0", "old v1.0.0", "dir v1.0.0", "mid v1.0.0"} {
		path, v, _ := strings.Cut(m, " ")
		pkgs[path] = &Package{Path: path, Module: module.Version{Path: path, Version: v}, Own: path == "plugin", Fixed: path == "dir", Local: path == "dir"}
	}
	for _, i := range imports {
		from, to, _ := strings.Cut(i, " ")
		pkgs[from].Imports = append(pkgs[from].Imports, to)
	}
	plan := &pinner.Plan{Mod: user}
	for _, m := range []string{"old", "pin"} {
		plan.Pins = append(plan.Pins, pinner.Pin{Version: pkgs[m].Module})
	}
	task := &Task{Server: &pinner.Server{Go: "go1.22.12", Pins: plan.Pins}, Base: base, Root: "/root/plugin", Find: pinner.Candidates{Source: source}}
	return New(task, &Record{}, State{Plan: plan, Packages: pkgs, Faults: faults}, nil)
}

func at(pkg string, line int, blames ...string) typecheck.Fault {
	file := map[string]string{"plugin": "/root/plugin/main.go", "dir": "/root/dir/x.go"}[pkg]
	if file == "" {
		file = "/cache/" + pkg + "/x.go"
	}
	return typecheck.Fault{Package: pkg, File: file, Line: line, Msg: "wrong", Blames: blames}
}

// TestFinal: which errors no version fixes.
func TestFinal(t *testing.T) {
	all := []string{"plugin pin", "plugin old", "plugin dir", "plugin mid", "dir pin", "mid pin"}
	unsure := at("plugin", 1, "pin")
	unsure.Unsure = true
	tests := []struct {
		name    string
		imports []string
		faults  []typecheck.Fault
		want    string
	}{
		{"own", all, []typecheck.Fault{at("plugin", 1)}, "main.go:1"},
		{"own against a pin", all, []typecheck.Fault{at("plugin", 1, "pin")}, "main.go:1"},
		{"own against the standard library", all, []typecheck.Fault{at("plugin", 1, "net/http")}, "main.go:1"},
		{"own against a module that can be moved", all, []typecheck.Fault{at("plugin", 1, "mid")}, ""},
		{"own against both", all, []typecheck.Fault{at("plugin", 1, "pin", "mid")}, ""},
		{"own against a directory", all, []typecheck.Fault{at("plugin", 1, "dir")}, "main.go:1"},
		{"one of each", all, []typecheck.Fault{at("plugin", 1, "mid"), at("plugin", 2, "pin")}, "main.go:2"},
		{"a module that can be moved", all, []typecheck.Fault{at("mid", 1, "pin")}, ""},
		{"a module that can be moved, by itself", all, []typecheck.Fault{at("mid", 1)}, ""},
		{"a directory against a pin", all, []typecheck.Fault{at("dir", 1, "pin")}, "../dir/x.go:1"},
		{"a directory that only a module needs that can be moved", []string{"plugin mid", "mid dir", "dir pin"}, []typecheck.Fault{at("dir", 1, "pin")}, ""},
		{"pins among themselves", []string{"plugin pin", "pin old"}, []typecheck.Fault{at("pin", 1, "old")}, "pin/x.go:1"},
		{"pins that only a module needs that can be moved", []string{"plugin mid", "mid pin", "pin old"}, []typecheck.Fault{at("pin", 1, "old")}, ""},
		{"unsure", all, []typecheck.Fault{unsure}, ""},
		{"against a directory that may be fixed", append([]string{"dir mid"}, all...), []typecheck.Fault{at("plugin", 1, "dir"), at("dir", 1, "mid")}, ""},
		{"sorted", all, []typecheck.Fault{at("plugin", 9, "pin"), at("dir", 3, "pin"), at("plugin", 2, "old")}, "../dir/x.go:3 main.go:2 main.go:9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			if e := Finals(stateOf(t, test.imports, test.faults...)); e != nil {
				for _, f := range e.Finals {
					got = append(got, f.Place)
				}
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("final are %q, want %q", got, test.want)
			}
		})
	}
}

// TestFinalWords: what is said of them, and what to do.
func TestFinalWords(t *testing.T) {
	with := func(f typecheck.Fault, api typecheck.API, had string) typecheck.Fault {
		f.API, f.Had = api, had
		return f
	}
	lacks := typecheck.Fault{Package: "plugin", File: "/root/plugin/main.go", Line: 2, Msg: "old/sub is not in old@v1.0.0", Missing: "old/sub", Blames: []string{"old/sub"}}
	method := typecheck.API{Kind: typecheck.Method, Package: "pin", Name: "Match.Signal", Now: "Signal(data string)", Lacks: "*M", Of: "pin.Match"}
	other := method
	other.Have = "Signal()"
	tests := []struct {
		name       string
		faults     []typecheck.Fault
		said, next string
	}{
		{"the server is newer", []typecheck.Fault{with(at("plugin", 1, "pin"), typecheck.API{Kind: typecheck.Gone, Package: "pin", Name: "Old"}, "Old()")},
			"main.go:1: wrong; the server's pin v1.1.0 does not have it; the plugin's v1.0.0 has Old()", "change this line to use what the server's pin v1.1.0 has"},
		{"the server is older", []typecheck.Fault{with(at("plugin", 1, "old"), typecheck.API{Kind: typecheck.Gone, Package: "old", Name: "New"}, "New()")},
			"main.go:1: wrong; the server's old v1.0.0 does not have it; the plugin's v1.1.0 has New()", "change this line to use what the server's old v1.0.0 has, or ask for a server with old v1.1.0"},
		{"both", []typecheck.Fault{at("plugin", 1, "pin"), at("plugin", 2, "old")},
			"the plugin has 2 errors that no other version of a module fixes\nmain.go:1: wrong; the server has pin v1.1.0; the plugin has v1.0.0\nmain.go:2: wrong; the server has old v1.0.0; the plugin has v1.1.0", "edit these 2 places"},
		{"two of one line", []typecheck.Fault{at("plugin", 1, "pin"), at("plugin", 1, "pin")},
			"the plugin has 2 errors that no other version of a module fixes\nmain.go:1: wrong; the server has pin v1.1.0; the plugin has v1.0.0\nmain.go:1: wrong; the server has pin v1.1.0; the plugin has v1.0.0", "change this line to use what the server's pin v1.1.0 has"},
		{"a signature", []typecheck.Fault{with(at("dir", 3, "pin"), typecheck.API{Kind: typecheck.Signature, Package: "pin", Name: "Get", Now: "Get(a, b int)"}, "Get(a int)")},
			"../dir/x.go:3: wrong; the server's pin v1.1.0 has Get(a, b int); the plugin's v1.0.0 has Get(a int)", "change this line to use what the server's pin v1.1.0 has"},
		{"a method", []typecheck.Fault{with(at("plugin", 1, "pin"), method, "")},
			"main.go:1: *M does not implement pin.Match: method Signal is missing: Signal(data string); the server's pin v1.1.0 asks for it; the plugin's v1.0.0 does not", "change this line to use what the server's pin v1.1.0 has"},
		{"another method", []typecheck.Fault{with(at("plugin", 1, "pin"), other, "Signal()")},
			"main.go:1: *M does not implement pin.Match: method Signal has another signature: Signal(data string), and the code has Signal(); the server's pin v1.1.0 asks for it; the plugin's v1.0.0 has Signal()", "change this line to use what the server's pin v1.1.0 has"},
		{"the standard library", []typecheck.Fault{with(at("plugin", 1, "maps"), typecheck.API{Kind: typecheck.Gone, Package: "maps", Name: "All"}, "")},
			"main.go:1: wrong; the server's Go 1.22.12 does not have it", "change this line to use what the server's Go 1.22.12 has"},
		{"another package of the plugin", []typecheck.Fault{with(at("plugin", 1), typecheck.API{Kind: typecheck.Signature, Package: "plugin", Name: "F", Now: "F()"}, "")},
			"main.go:1: wrong", "edit this line"},
		{"an import", []typecheck.Fault{lacks},
			"main.go:2: old/sub is not in old v1.0.0, which the server has; the plugin has v1.1.0", "change this import, or ask for a server with old v1.1.0"},
		{"the code itself", []typecheck.Fault{at("plugin", 1)}, "main.go:1: wrong", "edit this line"},
	}
	imports := []string{"plugin pin", "plugin old", "plugin dir", "plugin mid", "dir pin"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := Finals(stateOf(t, imports, test.faults...))
			if e == nil {
				t.Fatal("not final")
			}
			if e.Error() != test.said {
				t.Errorf("said\ngot  %s\nwant %s", e, test.said)
			}
			if e.NextStep() != test.next {
				t.Errorf("next\ngot  %s\nwant %s", e.NextStep(), test.next)
			}
		})
	}
}

// TestFinalSince: the server to ask for has what all places need.
func TestFinalSince(t *testing.T) {
	e := Finals(stateOf(t, []string{"plugin old"}, at("plugin", 1, "old"), at("plugin", 2, "old"), at("plugin", 3, "old")))
	e.Finals[0].Since, e.Finals[1].Since, e.Finals[2].Since = "v1.0.2", "v1.0.10", "v1.0.3"
	if got, want := e.NextStep(), "change these 3 places to use what the server's old v1.0.0 has, or ask for a server with old v1.0.10"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestFinalLimit: of very many errors the first are shown, and the rest is counted.
func TestFinalLimit(t *testing.T) {
	var faults []typecheck.Fault
	for i := range maxFinals + 7 {
		faults = append(faults, at("plugin", i+1, "pin"))
	}
	e := Finals(stateOf(t, []string{"plugin pin"}, faults...))
	lines := strings.Split(e.Error(), "\n")
	if len(lines) != maxFinals+2 || lines[0] != fmt.Sprintf("the plugin has %d errors that no other version of a module fixes", maxFinals+7) || lines[maxFinals+1] != "and 7 more" {
		t.Errorf("%d lines, the first %q, the last %q", len(lines), lines[0], lines[len(lines)-1])
	}
	if got, want := e.NextStep(), fmt.Sprintf("change these %d places to use what the server's pin v1.1.0 has", maxFinals+7); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestAtPin: a pinned module is named at the server's version, also where the go command has
// loaded a try's packages at another one.
func TestAtPin(t *testing.T) {
	v := stateOf(t, []string{"plugin old", "plugin mid", "mid old"}, at("plugin", 1, "old"))
	v.Packages["old"].Module.Version = "v1.0.5"
	c := pinner.Cap{Version: module.Version{Path: "mid", Version: "v0.9.0"}}
	Judge(v).Explain(&c, at("mid", 1, "old"))
	if want := "mid/x.go:1: wrong; the server has old v1.0.0"; c.Error != want || c.For.Version != "v1.0.0" {
		t.Errorf("the cap says %q for %s, want %q", c.Error, c.For, want)
	}
	if got, want := Finals(v).Error(), "main.go:1: wrong; the server has old v1.0.0; the plugin has v1.1.0"; got != want {
		t.Errorf("final: %q, want %q", got, want)
	}
}
