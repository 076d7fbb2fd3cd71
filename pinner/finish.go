package pinner

import (
	"fmt"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Recheck loads the graph of the go.mod that go mod tidy made of the plan, without pinfix's
// own excludes. It finds what is above a pin, or too new for the server's Go. in is what the plan was made of. The demands are exactly the excludes that
// it needs; one that the plan did not have means another round, with it in
// Input.Exclude. The graph is that of the tidied go.mod.
func (p *Plan) Recheck(in Input, tidied *Mod) ([]Demand, *Graph, error) {
	m, err := tidied.Clone()
	if err != nil {
		return nil, nil, err
	}
	m.dropOwnExcludes()
	listed := map[string]bool{}
	for _, r := range in.Mod.Require {
		listed[r.Mod.Path] = true
	}
	if slices.ContainsFunc(p.Held(), func(v module.Version) bool { return !listed[v.Path] }) {
		if p.base, err = LoadGraph(in.Mod, in.Source); err != nil {
			return nil, nil, err
		}
	}
	probe := &Plan{Mod: m, Pins: p.Pins, Caps: p.Caps}
	excluded := map[module.Version]bool{}
	for range maxRounds {
		g, err := probe.graph(excluded, in.Source)
		if err != nil {
			return nil, nil, err
		}
		if probe.exclude(g, in.Drop, excluded) == 0 && probe.excludeGo(in, g, excluded) == 0 {
			return probe.Demands, g, lostSelected(g, m, in.Source)
		}
	}
	return nil, nil, fmt.Errorf("no end after %d rounds of excludes", maxRounds)
}

// Finish makes the go.mod to be written of the tidied one: it sets the excludes
// to those needed and marks every line that differs from the user's. Its Bytes are
// what to write.
func (p *Plan) Finish(user, tidied *Mod, needed []Demand) (*Mod, error) {
	m, err := tidied.Clone()
	if err != nil {
		return nil, err
	}
	m.crlf = user.crlf
	m.dropOwnExcludes()
	excluded := map[module.Version]bool{}
	for _, d := range needed {
		excluded[d.Version] = true
	}
	m.addExcludes(sorted(excluded), needed)
	required := map[string]string{}
	for _, r := range user.Require {
		first(required, r.Mod)
	}
	for _, r := range m.Require {
		old := p.before(required, r.Mod.Path)
		switch {
		case old == "" && p.sets(r.Mod.Path):
			writeMark(r.Syntax, mark{})
		case old != "" && old != r.Mod.Version:
			writeMark(r.Syntax, mark{old: old, new: r.Mod.Version})
		}
	}
	if user.Toolchain == nil {
		// go mod tidy adds one where it raises the go line; nothing needs it,
		// and without a mark it would pass for the user's next time.
		m.DropToolchainStmt()
		m.Cleanup()
	}
	markGo(user, m)
	return m, nil
}

// before returns the version of a module before pinfix: as the user's go.mod
// requires it or, for a pinned or capped module that it does not name, as its graph
// selects it. The latter is what a line held that tidy has dropped for another
// server, so moving there and back gives the same mark.
func (p *Plan) before(user map[string]string, path string) string {
	if v := user[path]; v != "" || p.base == nil {
		return v
	}
	if p.sets(path) {
		return p.base.Selected(path)
	}
	return ""
}

func (m *Mod) dropOwnExcludes() {
	for _, x := range m.Exclude {
		if _, ok := readMark(x.Syntax); ok {
			// As DropExclude does it, which looks at all others as well.
			x.Syntax.Token, x.Syntax.Suffix = nil, nil
			*x = modfile.Exclude{}
		}
	}
	m.Cleanup()
}

// markGo marks the go and toolchain lines where they differ from the user's.
func markGo(user, m *Mod) {
	gone := ""
	if user.Toolchain != nil {
		switch {
		case m.Toolchain == nil:
			gone = user.Toolchain.Name
		case m.Toolchain.Name != user.Toolchain.Name:
			writeMark(m.Toolchain.Syntax, mark{old: user.Toolchain.Name, new: m.Toolchain.Name})
		}
	}
	if m.Go == nil {
		return
	}
	k := mark{old: m.Go.Version, new: m.Go.Version, toolchain: gone}
	if user.Go != nil {
		k.old = user.Go.Version
	}
	if k.old != k.new || gone != "" {
		writeMark(m.Go.Syntax, k)
	}
}
