package pinner

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// FuzzMod: for any go.mod that parses and any server, the user's lines and
// comments survive the plan, Restore gives the user's go.mod again, and a
// second plan the same bytes as the first.
func FuzzMod(f *testing.F) {
	for i, text := range []string{
		"module example.com/p\n\ngo 1.22\n\nrequire example.com/a v1.1.0\n",
		"module example.com/p // me\n\ngo 1.26\n\ntoolchain go1.26.1\n\nrequire (\n\ta.b/c v1.0.0 // indirect; why\n\td.e/f v0.0.0-20230101000000-abcdefabcdef\n)\n\nrequire g.h/i/v2 v2.0.0 // indirect\n",
		"module example.com/p\n\ngo 1.25\n\nreplace (\n\t// x\n\ta.b/c => ../c\n\td.e/f v1.0.0 => d.e/g v1.0.0 // y\n\td.e/f => d.e/g v1.1.0\n)\n\nrequire (\n\ta.b/c v1.0.0\n\td.e/f v1.0.0\n)\n",
		"module example.com/p\n\ngo 1.25\n\nrequire a.b/c v1.0.0\n\nexclude (\n\ta.b/c v1.0.0\n\ta.b/c v1.1.0 // bad\n)\n\nretract [v1.0.0, v1.2.0] // oops\n\ntool a.b/c/cmd/x\n\nignore ./x\n\ngodebug default=go1.21\n",
		"// first\n\nmodule example.com/p\r\n\r\ngo 1.13\r\n\r\nrequire a.b/c v1.0.0+incompatible // last\r\n",
		"module p\nrequire a.b/c v1.0.0 // pinfix v1.1.0 -> v1.0.0\nrequire d.e/f v1.0.0 // indirect; pinfix\n// pinfix dropped: replace (\n// pinfix dropped: replace a.b/c => ../c\n// pinfix dropped: )\n",
		"module p\ngo 1.20 // pinfix 1.21.3 -> 1.20, toolchain go1.26.1\nrequire a.b/c v1.0.0\n",
	} {
		for seed := range uint8(3) {
			f.Add(text, uint8(i)*7+seed)
		}
	}
	f.Fuzz(func(t *testing.T, text string, seed uint8) {
		user, ok := canonical(text)
		if !ok {
			return
		}
		in := fuzzInput(user, seed)
		first, ok := fuzzPlan(t, user, in)
		if !ok {
			return
		}
		survives(t, user, first)

		back, err := ParseMod("go.mod", first.Bytes())
		if err != nil {
			t.Fatalf("what Finish writes does not parse: %v\n%s", err, first.Bytes())
		}
		if err := back.Restore(); err != nil {
			t.Fatal(err)
		}
		if user.Toolchain != nil && first.Toolchain == nil {
			return // it comes back below the go line, without comments
		}
		back.SortBlocks()
		if d := cmp.Diff(string(user.Bytes()), string(back.Bytes())); d != "" {
			t.Fatalf("Restore (-want +got):\n%s\nfrom:\n%s", d, first.Bytes())
		}
		again, ok := fuzzPlan(t, back, in)
		if !ok {
			t.Fatal("the second plan fails")
		}
		if d := cmp.Diff(string(first.Bytes()), string(again.Bytes())); d != "" {
			t.Fatalf("the second plan (-first +second):\n%s", d)
		}
	})
}

// canonical returns text as go mod tidy leaves a file: sorted, each module
// required once. pinfix's own changes are out of it.
func canonical(text string) (*Mod, bool) {
	var last []byte
	for range 4 {
		m, err := ParseMod("go.mod", []byte(text))
		if err != nil {
			return nil, false
		}
		if m.Restore() != nil {
			return nil, false
		}
		m.SortBlocks()
		if data := m.Bytes(); string(data) == string(last) {
			return m, !twice(m)
		}
		last = m.Bytes()
		text = string(last)
	}
	return nil, false
}

func twice(m *Mod) bool {
	seen := map[string]bool{}
	for _, r := range m.Require {
		if seen[r.Mod.Path] {
			return true
		}
		seen[r.Mod.Path] = true
	}
	for _, r := range m.Replace {
		if key := "=>" + r.Old.String(); seen[key] {
			return true
		} else {
			seen[key] = true
		}
	}
	for _, x := range m.Exclude {
		if seen[x.Mod.String()] {
			return true
		}
		seen[x.Mod.String()] = true
	}
	return false
}

func pick(n int, seed uint8, what ...string) int {
	h := fnv.New32()
	fmt.Fprint(h, seed, what)
	return int(h.Sum32() % uint32(n))
}

// fuzzInput makes up a server that has some of the modules at other versions
// and replacements, and a graph that asks for more.
func fuzzInput(user *Mod, seed uint8) Input {
	s := &Server{
		Main: module.Version{Path: "example.com/server"},
		Go:   []string{"go1.19.13", "go1.20.14", "go1.21.0", "go1.23.5", "go1.26.0"}[pick(5, seed)],
	}
	asks := map[string]*Summary{}
	for _, r := range user.Require {
		path, major, _ := module.SplitPathVersion(r.Mod.Path)
		v := strings.TrimPrefix(strings.TrimPrefix(major, "/"), ".")
		if v == "" {
			v = "v1"
		}
		pin := Pin{Version: module.Version{Path: r.Mod.Path, Version: v + []string{".0.0", ".1.0", ".2.0-rc.1"}[pick(3, seed, path)]}}
		if pick(3, seed, path, "same") == 0 {
			pin.Version = r.Mod
		}
		if pick(3, seed, path, "replace") == 0 {
			pin.Replace = module.Version{Path: "example.com/fork", Version: "v1.0.0"}
		}
		if module.Check(pin.Path, pin.Version.Version) != nil {
			continue
		}
		more := module.Version{Path: r.Mod.Path, Version: v + ".9." + fmt.Sprint(pick(3, seed, path, "more"))}
		for _, q := range user.Require {
			if q != r && pick(4, seed, path, q.Mod.Path) == 0 {
				if asks[q.Mod.String()] == nil {
					asks[q.Mod.String()] = &Summary{Go: []string{"", "1.16", "1.17"}[pick(3, seed, q.Mod.Path)]}
				}
				asks[q.Mod.String()].Require = append(asks[q.Mod.String()].Require, more)
			}
		}
		s.Pins = append(s.Pins, pin)
	}
	s.Pins = append(s.Pins, Pin{Version: module.Version{Path: "example.com/new", Version: "v1.0.0"}})
	return Input{Server: s, Pins: s.Pins, Source: func(want []module.Version) (map[module.Version]*Summary, error) {
		out := map[module.Version]*Summary{}
		for _, v := range want {
			if out[v] = asks[v.String()]; out[v] == nil {
				out[v] = &Summary{}
			}
		}
		return out, nil
	}}
}

func fuzzPlan(t *testing.T, user *Mod, in Input) (*Mod, bool) {
	in.Mod = user
	plan, err := Make(in)
	if err != nil {
		return nil, false
	}
	needed, g, err := plan.Recheck(in, plan.Mod)
	if err != nil {
		t.Fatalf("Make has a plan, Recheck not: %v", err)
	}
	for _, p := range plan.Pins {
		if v := g.Selected(p.Path); v != p.Version.Version && user.Module.Mod.Path != p.Path {
			t.Fatalf("the graph selects %s %s, not %s", p.Path, v, p.Version.Version)
		}
	}
	m, err := plan.Finish(user, plan.Mod, needed)
	if err != nil {
		t.Fatal(err)
	}
	return m, true
}

// survives checks that got has every line and comment of user's.
func survives(t *testing.T, user, got *Mod) {
	t.Helper()
	text := string(got.Text())
	lines := func(m *Mod, verb string) []string {
		var out []string
		eachLine(m, func(v string, l *modfile.Line) {
			if v == verb {
				out = append(out, strings.Join(operands(l), " ")+comments(l))
			}
		})
		return out
	}
	for _, verb := range []string{"module", "retract", "tool", "ignore", "godebug"} {
		if d := cmp.Diff(lines(user, verb), lines(got, verb)); d != "" {
			t.Fatalf("%s lines (-user +got):\n%s", verb, d)
		}
	}
	for _, r := range user.Require {
		if got.version(r.Mod.Path) == "" {
			t.Fatalf("require %s is gone:\n%s", r.Mod.Path, text)
		}
	}
	for _, r := range user.Replace {
		same := func(o *modfile.Replace) bool { return o.Old == r.Old }
		gone := "// pinfix dropped: replace " + strings.Join(operands(r.Syntax), " ")
		if !slices.ContainsFunc(got.Replace, same) && !strings.Contains(text, gone) {
			t.Fatalf("replace %s is gone:\n%s", r.Old, text)
		}
	}
	for _, x := range user.Exclude {
		if !got.excludes(x.Mod) && !strings.Contains(text, "// pinfix dropped: exclude "+strings.Join(operands(x.Syntax), " ")) {
			t.Fatalf("exclude %s is gone:\n%s", x.Mod, text)
		}
	}
	eachLine(user, func(verb string, l *modfile.Line) {
		if verb == "toolchain" && got.Toolchain == nil {
			return
		}
		for _, c := range slices.Concat(l.Before, l.Suffix) {
			if !strings.Contains(text, c.Token) {
				t.Fatalf("the comment %q is gone:\n%s", c.Token, text)
			}
		}
	})
}

func comments(l *modfile.Line) string {
	var s string
	for _, c := range slices.Concat(l.Before, l.Suffix) {
		s += "\n" + c.Token
	}
	return s
}

func eachLine(m *Mod, f func(verb string, l *modfile.Line)) {
	for _, stmt := range m.Syntax.Stmt {
		switch stmt := stmt.(type) {
		case *modfile.Line:
			f(stmt.Token[0], stmt)
		case *modfile.LineBlock:
			for _, l := range stmt.Line {
				f(stmt.Token[0], l)
			}
		}
	}
}
