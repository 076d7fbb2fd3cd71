package pinner

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/fault"
)

// maxRounds bounds the exclude rounds: each excludes at least one version, and
// two or three are normal.
const maxRounds = 50

// Input is what a plan is made of. Server, Mod and Source must be there.
// It has many fields: most of them may be left out, and a plan depends on nothing else.
type Input struct {
	Server *Server
	Mod    *Mod  // the plugin's go.mod, restored; stays as it is
	Pins   []Pin // what to pin

	Raise   []module.Version // parents of split modules: at least this version; "" for no requirement
	Drop    []string         // nested modules that the server does not have: out of the graph
	Exclude []module.Version // versions that an earlier round found above a pin or a cap

	Caps   []Cap             // upper bounds on other modules
	Keep   []string          // modules that get no cap
	Linked func(string) bool // whether the plugin links the module; nil: not known
	Source Source

	// Versions finds lower versions of modules whose go line is above the
	// server's Go. Nil: such modules are an error.
	Versions Versions

	// Leave makes the plan do without a module that has no version for the server's
	// Go, instead of an error: the caller sees to it that nothing imports it.
	Leave bool

	// Refused are versions that the go command has refused to read for their go line:
	// they are linked, and the graph is pruned before it comes to them.
	Refused []module.Version
}

// A Demand is a version that the plugin's graph holds above its pin or cap, and who
// asks for it, as chains "a@v1 -> b@v1 -> c@v2".
type Demand struct {
	module.Version
	By     []string           // Chains as text
	Chains [][]module.Version // who asks for it, see [Graph.Chains]
	From   module.Version     // what requires it; the zero value if only the plugin does
	Lost   bool               // it is no demand: nothing selects it, but its go.mod could not be fetched
}

// A Plan is a go.mod that selects the pins.
// It has many methods, because each step of [Make] and of [Plan.Finish] is one: all of
// them write the same few lists.
type Plan struct {
	Mod      *Mod     // for go mod tidy: Input.Mod with the plan's lines
	Pins     []Pin    // Input.Pins, and modules held at the server's version for their go line
	Caps     []Cap    // Input.Caps, and those for a go line; none of a pinned module
	Demands  []Demand // what is excluded
	Warnings []string // which of the user's lines do not hold, one line each
	Lost     []Demand // versions without a go.mod that the plan does without, and who asks for them
	Left     []TooNew // modules without a version for the server's Go, where Input.Leave is set

	base *Graph // of the user's go.mod, where Finish needs it

	user   *Mod // Input.Mod
	server *Server
	known  bounds
}

// Make makes the plan: the selected version and the replacement of every pin,
// both as the server has them. The error is that of [CheckDirectives], of Source
// or Versions, or a [*TooNewError].
func Make(in Input) (*Plan, error) {
	m, err := in.Mod.Clone()
	if err != nil {
		return nil, err
	}
	plan := &Plan{Mod: m, Pins: slices.Clone(in.Pins), user: in.Mod, server: in.Server}
	plan.Caps = slices.DeleteFunc(slices.Clone(in.Caps), func(c Cap) bool { return plan.pins(c.Path) })
	if err := CheckDirectives(in.Mod, in.Server); err != nil {
		return nil, err
	}
	if err := setGo(m, in.Server.GoVersion()); err != nil {
		return nil, err
	}
	for _, path := range in.Drop {
		m.DropRequire(path)
	}
	for _, v := range in.Raise {
		if v.Version == "" {
			m.DropRequire(v.Path)
			continue
		}
		if old := m.version(v.Path); semver.Compare(old, v.Version) < 0 {
			if err := m.AddRequire(v.Path, v.Version); err != nil {
				return nil, err
			}
		}
	}
	m.Cleanup() // what is dropped leaves empty lines
	if err := plan.require(plan.Pins); err != nil {
		return nil, err
	}
	if err := plan.cap(plan.Caps...); err != nil {
		return nil, err
	}
	excluded := map[module.Version]bool{}
	for _, v := range in.Exclude {
		stays, err := plan.staysExcluded(v, in)
		if err != nil {
			return nil, err
		}
		if stays {
			excluded[v] = true
		}
	}
	if err := plan.settle(in, excluded); err != nil {
		return nil, err
	}
	slices.SortStableFunc(plan.Lost, func(a, b Demand) int { return strings.Compare(a.String(), b.String()) })
	plan.Lost = slices.CompactFunc(plan.Lost, func(a, b Demand) bool { return a.Version == b.Version })
	m.addExcludes(sorted(excluded), plan.Demands)
	m.Cleanup()
	return plan, nil
}

func sorted(set map[module.Version]bool) []module.Version {
	vs := slices.Collect(maps.Keys(set))
	module.Sort(vs)
	return vs
}

// settle excludes what the graph has above a pin or a cap, and looks again,
// until nothing is above one. It lowers what is too new for the server's Go.
func (p *Plan) settle(in Input, excluded map[module.Version]bool) error {
	for range maxRounds {
		g, err := p.graph(excluded, in.Source)
		if err != nil {
			return err
		}
		if pruned, err := p.prune(g, in.Server); err != nil {
			return err
		} else if pruned {
			continue
		}
		if p.exclude(g, in.Drop, excluded) > 0 {
			continue
		}
		if err := lostSelected(g, p.Mod, in.Source); err != nil {
			return err
		}
		if lowered, err := p.lowerGo(in, g, excluded); err != nil || lowered == 0 {
			return err
		}
	}
	return fmt.Errorf("no end after %d rounds of excludes", maxRounds)
}

// staysExcluded reports whether a version is still to be excluded: it is above a pin or a
// cap, of a module in in.Drop, too new for the server's Go, or lost. A version that an
// earlier round found above another cap may be the right one now. A version that go.mod
// itself requires needs its cap first: if it were excluded, the module would be dropped.
func (p *Plan) staysExcluded(v module.Version, in Input) (bool, error) {
	if p.Mod.version(v.Path) == v.Version {
		return false, nil
	}
	limit, ok := p.bounds().of(v.Path)
	if ok && semver.Compare(v.Version, limit) > 0 || slices.Contains(in.Drop, v.Path) {
		return true, nil
	}
	sums, lost, err := in.Source.some([]module.Version{v})
	if err != nil {
		return false, err
	}
	return lost[v] || !in.Server.Accepts(sums[v].Go), nil
}

// graph loads the graph of p.Mod with the versions in excluded left out.
func (p *Plan) graph(excluded map[module.Version]bool, source Source) (*Graph, error) {
	p.Mod.Cleanup() // what is dropped leaves empty lines
	return loadGraph(p.Mod, excluded, source)
}

// exclude adds what g holds above pins and caps, every version of the modules in
// drop, and what is lost and not selected, to excluded and to p.Demands; it returns
// how many.
func (p *Plan) exclude(g *Graph, drop []string, excluded map[module.Version]bool) int {
	n := 0
	add := func(path string, versions []string) {
		for _, v := range versions {
			d := module.Version{Path: path, Version: v}
			excluded[d] = true
			p.Demands = append(p.Demands, g.demanded(d))
			n++
		}
	}
	for _, pin := range p.Pins {
		add(pin.Path, g.above(pin.Path, pin.Version.Version))
	}
	for _, c := range p.Caps {
		add(c.Path, g.above(c.Path, c.Version.Version))
	}
	for _, path := range drop {
		add(path, g.above(path, ""))
	}
	for _, v := range g.Lost() {
		bound, bounded := p.bounds().of(v.Path)
		if !excluded[v] && (bounded && bound != v.Version || !bounded && g.selected[v.Path] != v.Version) {
			d := g.demanded(v)
			d.Lost = true
			excluded[v] = true
			p.Demands, p.Lost = append(p.Demands, d), append(p.Lost, d)
			n++
		}
	}
	return n
}

// prune raises the go line where versions are lost in a graph that is not pruned,
// to what go mod tidy will raise it to (Go 1.21 and newer): nothing of the graph
// that is then written may need them. It reports whether it has.
func (p *Plan) prune(g *Graph, server *Server) (bool, error) {
	if len(g.lost) == 0 || p.Mod.Go == nil || p.Mod.Pruned() || !knowsToolchains(server.GoVersion()) {
		return false, nil
	}
	line := ""
	for m, v := range g.goLine {
		if g.selected[m.Path] == m.Version && knowsToolchains(v) && server.Accepts(v) && (line == "" || compareGo(v, line) > 0) {
			line = v
		}
	}
	if line == "" {
		return false, nil
	}
	for _, v := range g.Lost() {
		d := g.demanded(v)
		d.Lost = true
		p.Lost = append(p.Lost, d)
	}
	return true, p.Mod.AddGoStmt(line)
}

// lostSelected returns an error if a version that g selects is lost.
func lostSelected(g *Graph, m *Mod, source Source) error {
	var vs []module.Version
	for _, v := range g.Lost() {
		vs = append(vs, m.Source(v))
	}
	if len(vs) == 0 {
		return nil
	}
	_, err := source(vs)
	return err
}

// require writes both halves of each pin.
func (p *Plan) require(pins []Pin) error {
	var add []Pin
	var vs []module.Version
	for _, pin := range pins {
		p.allow(pin.Version)
		if p.replace(pin) {
			add = append(add, pin)
		}
		vs = append(vs, pin.Version)
	}
	if err := p.Mod.setRequires(vs); err != nil {
		return err
	}
	p.Mod.addReplaces(add)
	return nil
}

// allow removes the user's exclude of v.
func (p *Plan) allow(v module.Version) {
	found := false
	for _, x := range p.Mod.Exclude {
		if x.Mod == v {
			p.warnAt(x.Syntax, "exclude %s is removed: the server links it", v)
			p.Mod.dropLine(x.Syntax)
			found = true
		}
	}
	if found {
		p.Mod.DropExclude(v.Path, v.Version)
		p.Mod.Cleanup()
	}
}

// warnAt warns about the user's line that l is a copy of, with its place.
func (p *Plan) warnAt(l *modfile.Line, format string, args ...any) {
	lines := []*modfile.Line{}
	for _, r := range p.user.Replace {
		lines = append(lines, r.Syntax)
	}
	for _, x := range p.user.Exclude {
		lines = append(lines, x.Syntax)
	}
	at := p.user.name
	if i := slices.IndexFunc(lines, func(u *modfile.Line) bool { return slices.Equal(operands(u), operands(l)) }); i >= 0 {
		if lines[i].Start.Line == 0 {
			return // the caller has added it after parsing: no file has it
		}
		at = fmt.Sprintf("%s:%d", at, lines[i].Start.Line)
	}
	p.warn("%s: "+format, append([]any{at}, args...)...)
}

// operands returns the words of a go.mod line without its directive.
func operands(l *modfile.Line) []string {
	if l.InBlock {
		return l.Token
	}
	return l.Token[1:]
}

// replace makes the user's replace lines agree with pin. It reports whether a
// line of pinfix's own is needed.
func (p *Plan) replace(pin Pin) bool {
	want, have := pin.Replace, p.Mod.Replacement(pin.Version)
	switch {
	case have != nil && have.New.Version == "":
		p.warnAt(have.Syntax, "%s is replaced by the directory %s; it loads only if that holds the server's source", pin.Path, have.New.Path)
	case want.Path != "" && want.Version == "":
		p.warn("the server took %s from a directory (%s); its source cannot be seen, so verify the built plugin", pin.Version, want.Path)
	case have == nil:
		for _, r := range p.user.Replace {
			if r.Old.Path == pin.Path && r.New.Version == "" {
				p.warnAt(r.Syntax, "the replacement of %s by the directory %s does not hold for %s, which the server has",
					r.Old, r.New.Path, pin.Version.Version)
			}
		}
		return want.Path != ""
	case want.Path == "":
		p.warnAt(have.Syntax, "replace %s => %s is removed: the server does not replace it", pin.Path, have.New)
		p.Mod.dropLine(have.Syntax)
		p.Mod.DropReplace(have.Old.Path, have.Old.Version)
		p.Mod.Cleanup()
		return p.replace(pin) // a line for all versions may be behind one for this version
	case have.New != want:
		old := atVersion(have.New)
		p.warnAt(have.Syntax, "replace %s => %s is changed to the server's %s", pin.Path, have.New, want)
		setReplace(have, want)
		writeMark(have.Syntax, mark{old: old, new: atVersion(want)})
	}
	return false
}

func (p *Plan) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}

// CheckDirectives returns an error for each directive of m that the server's Go
// does not know ("tool" before Go 1.24), joined; each names file and line.
func CheckDirectives(m *Mod, s *Server) error {
	v := s.GoVersion()
	var errs []error
	check := func(l *modfile.Line, verb string) {
		if since := directiveSince[verb]; since != "" && compareGo(since, v) > 0 {
			errs = append(errs, fault.New("move it to a go.mod of its own, such as tools/go.mod, or ask for a server built by Go "+since,
				"%s:%d: %s is not known to the server's Go %s (it came with Go %s)", m.name, l.Start.Line, verb, v, since))
		}
	}
	for _, stmt := range m.Syntax.Stmt {
		switch stmt := stmt.(type) {
		case *modfile.Line:
			check(stmt, stmt.Token[0])
		case *modfile.LineBlock:
			for _, l := range stmt.Line {
				check(l, stmt.Token[0])
			}
		}
	}
	return errors.Join(errs...)
}

// setGo lowers the go and toolchain lines to what Go server accepts.
func setGo(m *Mod, server string) error {
	if m.Go != nil && !acceptsGo(server, m.Go.Version) {
		line := goLine(server)
		if lang := goLang(m.Go.Version); !knowsToolchains(server) && compareGo(lang, line) < 0 {
			line = lang // "1.18.3" for Go 1.20, which wants two parts
		}
		if err := m.AddGoStmt(line); err != nil {
			return err
		}
	}
	if m.Toolchain == nil {
		return nil
	}
	name := strings.TrimPrefix(m.Toolchain.Name, "go")
	switch {
	case !knowsToolchains(server):
		m.DropToolchainStmt()
	case m.Toolchain.Name != "default" && compareGo(name, server) > 0:
		return m.AddToolchainStmt("go" + server)
	}
	return nil
}
