package pinner

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// A TooNewError lists modules whose go line is above the server's Go, and that
// neither a pin nor a cap lowers.
type TooNewError struct {
	Go      string // the server's, "1.23.5"
	Modules []TooNew
}

// TooNew is one module of a TooNewError.
type TooNew struct {
	module.Version
	Go  string   // its go line
	By  []string // who asks for it, as in [Demand]
	Why string   // why no lower version serves, or ""
	Dir string   // the directory that go.mod replaces it by, whose go line it is, or ""

	kept bool // --keep forbids a lower version
}

func (e *TooNewError) Error() string {
	var lines []string
	for _, m := range e.Modules {
		s := fmt.Sprintf("%s needs Go %s; the server has Go %s", m.Version, m.Go, e.Go)
		if len(m.By) > 0 {
			s += " (" + m.By[0] + ")"
		}
		if m.Why != "" {
			s += "; " + m.Why
		}
		lines = append(lines, s)
	}
	return strings.Join(lines, "\n")
}

// NextStep says what the user can do.
func (e *TooNewError) NextStep() string {
	next := "require older versions of them that ask for no newer Go"
	if len(e.Modules) == 1 {
		next = "require an older version of " + e.Modules[0].Path + " that asks for no newer Go"
	}
	var flags []string
	for _, m := range e.Modules {
		if m.kept {
			flags = append(flags, "--keep "+m.Path)
		}
	}
	if len(flags) == 0 {
		return next
	}
	return "leave out " + strings.Join(flags, " and ") + ", or " + next
}

// lowerGo handles each module of g whose go line is above the server's Go. It takes the
// server's version if there is one. Otherwise it sets a cap, or an exclude if nothing of
// the module is linked. It returns how many it has lowered, and
// a *TooNewError if it can lower none.
func (p *Plan) lowerGo(in Input, g *Graph, excluded map[module.Version]bool) (int, error) {
	tooNew, err := p.tooNew(in, g)
	if err != nil {
		return 0, err
	}
	if err := p.prepare(in, tooNew); err != nil {
		return 0, err
	}
	var rest []TooNew
	lowered := 0
	for _, m := range tooNew {
		n := TooNew{Version: m, Go: g.goLine[m], By: g.Demands(m)}
		if src := p.Mod.Source(m); src.Version == "" {
			n.Dir = src.Path
		}
		done, err := p.lower(in, g, &n, excluded)
		if err != nil {
			return 0, err
		}
		if done {
			lowered++
		} else {
			rest = append(rest, n)
		}
	}
	if lowered == 0 && len(rest) > 0 {
		return 0, &TooNewError{Go: in.Server.GoVersion(), Modules: rest}
	}
	return lowered, nil
}

// tooNew returns the modules of g whose go line the server's toolchain refuses, and
// those of in.Refused that g selects.
func (p *Plan) tooNew(in Input, g *Graph) ([]module.Version, error) {
	out := g.tooNew(in.Server)
	for _, v := range in.Refused {
		if _, read := g.goLine[v]; read || g.Selected(v.Path) != v.Version {
			continue
		}
		sums, err := in.Source([]module.Version{v})
		if err != nil {
			return nil, err
		}
		g.goLine[v] = sums[v].Go
		out = append(out, v)
	}
	return out, nil
}

// prepare fetches versions for all that will be capped at once.
func (p *Plan) prepare(in Input, tooNew []module.Version) error {
	if in.Versions == nil {
		return nil
	}
	capped := slices.DeleteFunc(slices.Clone(tooNew), func(m module.Version) bool {
		held := slices.ContainsFunc(in.Server.Pins, func(pin Pin) bool { return pin.Path == m.Path })
		return held || p.caps(m.Path) || !p.needs(in, m.Path) || slices.Contains(in.Keep, m.Path)
	})
	return Candidates{in.Versions, in.Source}.Prepare(capped)
}

// excludeGo adds what g holds that the server's Go refuses to read to excluded and
// to p.Demands; it returns how many. What a pin or a cap selects is not among it.
func (p *Plan) excludeGo(in Input, g *Graph, excluded map[module.Version]bool) int {
	n := 0
	for _, v := range g.tooNew(in.Server) {
		if in.Versions != nil && !p.pinAt(v) && !p.capAt(v) {
			excluded[v] = true
			p.Demands = append(p.Demands, g.demanded(v))
			n++
		}
	}
	return n
}

func (p *Plan) lower(in Input, g *Graph, m *TooNew, excluded map[module.Version]bool) (bool, error) {
	switch i := slices.IndexFunc(in.Server.Pins, func(pin Pin) bool { return pin.Path == m.Path && !workspace(pin) }); {
	case p.pinAt(m.Version), p.pins(m.Path) && in.Versions == nil:
		return false, nil // it cannot be helped
	case i >= 0 && !p.pins(m.Path):
		p.Pins = append(p.Pins, in.Server.Pins[i])
		return true, p.require(in.Server.Pins[i : i+1])
	case in.Versions == nil, m.Dir != "" && g.Selected(m.Path) == m.Version.Version:
		return false, nil // another version would be replaced by the directory as well
	case p.capAt(m.Version):
		m.Why = "it is capped there"
		return false, nil
	case p.sets(m.Path), p.leaves(m.Path), !p.needs(in, m.Path), g.Selected(m.Path) != m.Version.Version:
		// It is not linked, but the go command reads its go.mod all the same.
		excluded[m.Version] = true
		p.Demands = append(p.Demands, g.demanded(m.Version))
		return true, nil
	case slices.Contains(in.Keep, m.Path):
		m.Why, m.kept = "it is kept by --keep", true
		return false, nil
	}
	return p.capGo(in, g, m, excluded)
}

// needs reports whether the module has a package that is linked, as far as is
// known: a tidy go.mod of go 1.17 and newer lists all such modules.
func (p *Plan) needs(in Input, path string) bool {
	refused := slices.ContainsFunc(in.Refused, func(v module.Version) bool { return v.Path == path })
	if p.Mod.version(path) != "" || refused {
		return true
	}
	if in.Linked != nil {
		return in.Linked(path)
	}
	return !prunedGo(in.Mod.GoVersion())
}

// leaves reports whether the plan drops a module.
func (p *Plan) leaves(path string) bool {
	return slices.ContainsFunc(p.Left, func(m TooNew) bool { return m.Path == path })
}

// aboveGo returns the lowest version above v whose go line the server accepts, or "".
func (p *Plan) aboveGo(in Input, c Candidates, v module.Version) (string, error) {
	above, err := c.Above(v)
	if err != nil {
		return "", nil
	}
	return c.First(v.Path, above, func(s *Summary) bool { return in.Server.Accepts(s.Go) })
}

// capGo caps m at its newest version whose go line the server accepts or, where all
// older ones ask for more, at the next newer one. Where there is none at all, the plan
// does without the module, if in says so.
func (p *Plan) capGo(in Input, g *Graph, m *TooNew, excluded map[module.Version]bool) (bool, error) {
	c := Candidates{in.Versions, in.Source}
	below, err := c.Below(m.Version, g.Versions(m.Path))
	if err != nil {
		m.Why = err.Error()
		return false, nil
	}
	v, err := c.First(m.Path, below, func(s *Summary) bool { return in.Server.Accepts(s.Go) })
	if err != nil {
		return false, err
	}
	if v == "" {
		if v, err = p.aboveGo(in, c, m.Version); err != nil {
			return false, err
		}
	}
	switch {
	case v == "" && !c.Listed(m.Path):
		m.Why = "the list of its versions could not be fetched"
		return false, nil
	case v == "" && in.Leave:
		m.Why = "no older version of it asks for less"
		p.Left = append(p.Left, *m)
		excluded[m.Version] = true
		p.Demands = append(p.Demands, g.demanded(m.Version))
		if err := p.Mod.DropRequire(m.Path); err != nil {
			return false, err
		}
		p.Mod.Cleanup()
		return true, nil
	case v == "":
		m.Why = "no older version of it asks for less"
		return false, nil
	}
	lowered := Cap{Version: module.Version{Path: m.Path, Version: v}, Cause: CauseGo, Error: NeedsGo(m.Version, m.Go, in.Server), Why: Why{Module: m.Version, Go: m.Go}}
	p.Caps = append(p.Caps, lowered)
	return true, p.cap(lowered)
}

// NeedsGo says why the server's toolchain cannot use m, whose go line is line. It is the
// error of a cap with [CauseGo].
func NeedsGo(m module.Version, line string, s *Server) string {
	return fmt.Sprintf("%s %s needs Go %s; the server has Go %s", m.Path, m.Version, line, s.GoVersion())
}

// cap requires the highest versions that caps allow.
func (p *Plan) cap(caps ...Cap) error {
	var vs []module.Version
	for _, c := range caps {
		p.allow(c.Version)
		vs = append(vs, c.Version)
	}
	return p.Mod.setRequires(vs)
}

func (p *Plan) pins(path string) bool {
	_, ok := p.bounds().pins[path]
	return ok
}

func (p *Plan) pinAt(v module.Version) bool {
	return slices.ContainsFunc(p.Pins, func(pin Pin) bool { return pin.Version == v })
}

func (p *Plan) caps(path string) bool {
	_, ok := p.bounds().caps[path]
	return ok
}

func (p *Plan) capAt(v module.Version) bool { return p.bounds().caps[v.Path] == v.Version }

// sets reports whether the plan decides the version of the module.
func (p *Plan) sets(path string) bool { return p.pins(path) || p.caps(path) }

// Held returns the versions that the plan decides: of pins and caps.
func (p *Plan) Held() []module.Version {
	var out []module.Version
	for _, pin := range p.Pins {
		out = append(out, pin.Version)
	}
	for _, c := range p.Caps {
		out = append(out, c.Version)
	}
	return out
}
