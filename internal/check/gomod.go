package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/pinner"
)

const goMod = "go.mod"

// goMod compares go.mod with what apply makes of it.
func (in *Input) goMod(want *pinner.Mod) []Problem {
	out := in.raised()
	if string(in.Mod.Text()) == string(want.Text()) {
		return out
	}
	out = slices.Concat(out, in.goLines(want), in.requires(want), in.replaces(want), in.excludes(want))
	if len(out) == 0 {
		out = append(out, in.otherText(want))
	}
	return out
}

func (in *Input) goLines(want *pinner.Mod) []Problem {
	var out []Problem
	server := "the server's Go is " + in.Server.GoVersion()
	if have := in.Mod.Go; have != nil && want.Go != nil {
		p := Problem{Kind: GoLine, Want: want.Go.Version, Have: have.Version, File: goMod, Line: line(have.Syntax), Why: server}
		switch {
		case p.Have != p.Want:
			out = append(out, p)
		case comments(have.Syntax) != comments(want.Go.Syntax):
			p.Why = staleMark
			out = append(out, p)
		}
	}
	have, should := in.Mod.Toolchain, want.Toolchain
	if have != nil && (should == nil || have.Name != should.Name) {
		p := Problem{Kind: Toolchain, Have: have.Name, File: goMod, Line: line(have.Syntax), Why: server}
		if should != nil {
			p.Want = should.Name
		}
		out = append(out, p)
	}
	return out
}

const staleMark = "its pinfix comment is not what apply writes"

func (in *Input) requires(want *pinner.Mod) []Problem {
	have, should := requireLines(in.Mod), requireLines(want)
	var out []Problem
	for _, path := range slices.Sorted(maps.Keys(should)) {
		h, w := have[path], should[path]
		p := Problem{Kind: Version, Module: path, Want: w.Mod.Version, File: goMod}
		p.Why, p.Served = in.linked(path)
		switch {
		case h == nil:
			p.Line = requireBlock(in.Mod)
		case h.Mod != w.Mod:
			p.Have, p.Line = h.Mod.Version, line(h.Syntax)
		case comments(h.Syntax) != comments(w.Syntax):
			p.Have, p.Line, p.Why, p.Served = h.Mod.Version, line(h.Syntax), staleMark, ""
		default:
			continue
		}
		out = append(out, p)
	}
	return out
}

// linked is why a module has to be what it is in the server, and what that is.
func (in *Input) linked(path string) (why, served string) {
	pin, ok := in.pin(path)
	if !ok {
		return "pinfix has set it", ""
	}
	return "linked in both", pin.Versions()
}

func (in *Input) replaces(want *pinner.Mod) []Problem {
	have, should := replaceLines(in.Mod), replaceLines(want)
	var out []Problem
	for _, old := range slices.SortedFunc(maps.Keys(have), compare) {
		h, w := have[old], should[old]
		p := Problem{Kind: Replace, Module: old.Path, Have: at(h.New), File: goMod, Line: line(h.Syntax)}
		switch {
		case w == nil:
			p.Why = "the server does not replace it"
		case w.New != h.New:
			p.Want, p.Why = at(w.New), "the server replaces it so"
		case comments(h.Syntax) != comments(w.Syntax):
			p.Want, p.Why = p.Have, staleMark
		default:
			continue
		}
		out = append(out, p)
	}
	for _, old := range slices.SortedFunc(maps.Keys(should), compare) {
		if have[old] == nil {
			n := requireBlock(in.Mod)
			if r := requireLines(in.Mod)[old.Path]; r != nil {
				n = line(r.Syntax)
			}
			out = append(out, Problem{Kind: Replace, Module: old.Path, Want: at(should[old].New), File: goMod, Line: n, Why: "the server replaces it so"})
		}
	}
	return out
}

func (in *Input) excludes(want *pinner.Mod) []Problem {
	var out []Problem
	for _, x := range in.Mod.Exclude {
		if !slices.ContainsFunc(want.Exclude, func(w *modfile.Exclude) bool { return w.Mod == x.Mod }) {
			out = append(out, Problem{Kind: Version, Module: x.Mod.Path, Have: "exclude " + x.Mod.Version,
				File: goMod, Line: line(x.Syntax), Why: "the server links that version"})
		}
	}
	return out
}

// raised finds modules of the plugin's own that are above an exclude of
// pinfix's: apply had lowered them below it.
func (in *Input) raised() []Problem {
	var out []Problem
	seen := map[string]bool{}
	have := requireLines(in.Mod)
	for _, x := range in.Mod.Exclude {
		r := have[x.Mod.Path]
		if _, pinned := in.pin(x.Mod.Path); r == nil || pinned || seen[x.Mod.Path] || !pinner.Marked(x.Syntax) || pinner.MarkedLost(x.Syntax) || semver.Compare(r.Mod.Version, x.Mod.Version) <= 0 {
			continue
		}
		seen[x.Mod.Path] = true
		out = append(out, Problem{Kind: Version, Module: x.Mod.Path, Want: "below " + x.Mod.Version, Have: r.Mod.Version, File: goMod, Line: line(r.Syntax),
			Why: "pinfix had lowered it; apply tells whether it compiles now"})
	}
	return out
}

// otherText is a difference that no directive shows: pinfix's own lines in
// another order, say.
func (in *Input) otherText(want *pinner.Mod) Problem {
	have, should := strings.Split(string(in.Mod.Text()), "\n"), strings.Split(string(want.Text()), "\n")
	i := 0
	for i < len(have)-1 && i < len(should)-1 && have[i] == should[i] {
		i++
	}
	return Problem{Kind: Version, Module: in.Mod.Module.Mod.Path, Want: strings.TrimSpace(should[i]), Have: strings.TrimSpace(have[i]),
		File: goMod, Line: i + 1, Why: "pinfix's own lines are not as apply writes them"}
}

func requireLines(m *pinner.Mod) map[string]*modfile.Require {
	out := map[string]*modfile.Require{}
	for _, r := range m.Require {
		out[r.Mod.Path] = r
	}
	return out
}

func replaceLines(m *pinner.Mod) map[module.Version]*modfile.Replace {
	out := map[module.Version]*modfile.Replace{}
	for _, r := range m.Replace {
		out[r.Old] = r
	}
	return out
}

// requireBlock returns the line where a missing requirement would go.
func requireBlock(m *pinner.Mod) int {
	for _, stmt := range m.Syntax.Stmt {
		switch s := stmt.(type) {
		case *modfile.LineBlock:
			if s.Token[0] == "require" {
				return s.Start.Line
			}
		case *modfile.Line:
			if s.Token[0] == "require" && s.Start.Line > 0 { // one without a line is in no file
				return s.Start.Line
			}
		}
	}
	return line(m.Module.Syntax)
}

func line(l *modfile.Line) int {
	if l == nil {
		return 1
	}
	return max(l.Start.Line, 1)
}

func comments(l *modfile.Line) string {
	var s []string
	for _, c := range l.Suffix {
		s = append(s, c.Token)
	}
	return strings.Join(s, " ")
}

func at(v module.Version) string { return strings.TrimSpace(fmt.Sprintf("%s %s", v.Path, v.Version)) }

func compare(a, b module.Version) int { return strings.Compare(a.String(), b.String()) }
