package pinner

import (
	"bytes"
	"fmt"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Mod is a go.mod file being edited. The user's own lines, their order,
// comments and line ends stay; what pinfix sets carries a mark.
// It has many methods, for each kind of line one that finds, one that sets and one that
// takes back.
type Mod struct {
	*modfile.File
	name string
	crlf bool
}

// ParseMod parses go.mod text. The error is a modfile.ErrorList, which names
// file, line and cause of all faults. It is strict: modfile.ParseLax would hide
// replace and exclude.
func ParseMod(name string, data []byte) (*Mod, error) {
	n := bytes.Count(data, []byte("\r\n"))
	crlf := 2*n > bytes.Count(data, []byte("\n"))
	if n > 0 {
		data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	}
	f, err := modfile.Parse(name, data, nil)
	if err != nil {
		return nil, err
	}
	if f.Module == nil {
		return nil, fmt.Errorf("%s: no module directive; run go mod init", name)
	}
	if err := checkPaths(name, f); err != nil {
		return nil, err
	}
	return &Mod{File: f, name: name, crlf: crlf}, nil
}

// checkPaths refuses module paths that no module can have. modfile takes any
// word, and in a block some of them would be other syntax: "require ) v1.0.0".
func checkPaths(name string, f *modfile.File) error {
	var list modfile.ErrorList
	check := func(verb, path string, line *modfile.Line) {
		if err := module.CheckImportPath(path); err != nil {
			list = append(list, modfile.Error{Filename: name, Pos: line.Start, Verb: verb, ModPath: path, Err: err})
		}
	}
	for _, r := range f.Require {
		check("require", r.Mod.Path, r.Syntax)
	}
	for _, x := range f.Exclude {
		check("exclude", x.Mod.Path, x.Syntax)
	}
	for _, r := range f.Replace {
		check("replace", r.Old.Path, r.Syntax)
	}
	if len(list) > 0 {
		return list
	}
	return nil
}

// Text returns the file in canonical format.
func (m *Mod) Text() []byte {
	m.Cleanup()
	return modfile.Format(m.Syntax)
}

// Bytes returns the file in canonical format, with the line ends it was read
// with.
func (m *Mod) Bytes() []byte {
	data := m.Text()
	if m.crlf {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	}
	return data
}

// Clone returns an independent copy.
func (m *Mod) Clone() (*Mod, error) {
	c, err := ParseMod(m.name, m.Text())
	if err != nil {
		return nil, err
	}
	c.crlf = m.crlf
	return c, nil
}

// GoVersion returns the version of the go line; a go.mod without one means Go
// 1.16 (https://go.dev/ref/mod#go-mod-file-go).
func (m *Mod) GoVersion() string {
	if m.Go == nil {
		return "1.16"
	}
	return m.Go.Version
}

// Pruned reports whether a tidy go.mod of this form requires every module that
// the plugin takes a package from: go 1.17 and newer
// (https://go.dev/ref/mod#graph-pruning).
func (m *Mod) Pruned() bool { return prunedGo(m.GoVersion()) }

// version returns the required version of the module path, or "".
func (m *Mod) version(path string) string {
	for _, r := range m.Require {
		if r.Mod.Path == path {
			return r.Mod.Version
		}
	}
	return ""
}

// Replacement returns the line that replaces v, or nil: a line for that very
// version wins over one for all (https://go.dev/ref/mod#go-mod-file-replace).
func (m *Mod) Replacement(v module.Version) *modfile.Replace {
	var all *modfile.Replace
	for _, r := range m.Replace {
		if r.Old == v {
			return r
		}
		if r.Old.Path == v.Path && r.Old.Version == "" {
			all = r
		}
	}
	return all
}

// Source returns where v is taken from: its replacement, or v itself.
func (m *Mod) Source(v module.Version) module.Version {
	if r := m.Replacement(v); r != nil {
		return r.New
	}
	return v
}

// Has reports whether the require and replace lines give a pin as the server has it.
func (m *Mod) Has(p Pin) bool {
	return m.Replaces(p) && slices.ContainsFunc(m.Require, func(r *modfile.Require) bool { return r.Mod == p.Version })
}

// Replaces reports whether the replace lines give a pin's version the source that the
// server has it from. A directory in place of the module counts: it has the label that
// the pin asks for.
func (m *Mod) Replaces(p Pin) bool {
	src := m.Source(p.Version)
	return src == p.Replace || p.Replace.Path == "" && src == p.Version || src.Version == ""
}

// Keeps reports whether a pin needs no blank import, since the user's own go.mod has it
// already. A go.mod that does not list what is linked (go 1.16 and older) keeps none: its
// line goes with the import. selected is the version that the user's own graph selects,
// for a go.mod that lacks a line; "" where that is not known.
func (m *Mod) Keeps(p Pin, selected string) bool {
	listed := slices.ContainsFunc(m.Require, func(r *modfile.Require) bool { return r.Mod.Path == p.Path })
	return m.Pruned() && (m.Has(p) || !listed && selected == p.Version.Version && m.Replaces(p))
}

func (m *Mod) excludes(v module.Version) bool {
	return slices.ContainsFunc(m.Exclude, func(x *modfile.Exclude) bool { return x.Mod == v })
}

// setRequires requires vs, at most one of a path.
func (m *Mod) setRequires(vs []module.Version) error {
	have := map[string][]*modfile.Require{}
	for _, r := range m.Require {
		have[r.Mod.Path] = append(have[r.Mod.Path], r)
	}
	var added []module.Version
	for _, v := range vs {
		switch old := have[v.Path]; {
		case len(old) == 0:
			added = append(added, v)
		case old[0].Mod.Version == v.Version:
		case len(old) > 1:
			if err := m.AddRequire(v.Path, v.Version); err != nil {
				return err
			}
		default:
			setVersion(old[0], v.Version)
		}
	}
	m.addRequires(added)
	return nil
}

// setVersion changes one line, as AddRequire does it after a look at all others.
func setVersion(r *modfile.Require, version string) {
	r.Mod.Version = version
	tokens := []string{"require", modfile.AutoQuote(r.Mod.Path), version}
	if r.Syntax.InBlock {
		tokens = tokens[1:]
	}
	r.Syntax.Token = tokens
}

// addRequires adds lines. Where requirements are in several statements, they go
// to the first, that of the direct ones. modfile's AddRequire puts them into the
// last, and SetRequireSeparateIndirect into the last without an indirect line: the
// place would depend on what an earlier run has left.
func (m *Mod) addRequires(vs []module.Version) {
	statements := m.requireStatements()
	for _, v := range vs {
		if len(statements) < 2 {
			m.AddNewRequire(v.Path, v.Version, false)
			continue
		}
		line := &modfile.Line{Token: []string{modfile.AutoQuote(v.Path), v.Version}, InBlock: true}
		switch first := m.Syntax.Stmt[statements[0]].(type) {
		case *modfile.LineBlock:
			first.Line = append(first.Line, line)
		case *modfile.Line:
			verb := first.Token[:1:1]
			first.Token, first.InBlock = first.Token[1:], true
			m.Syntax.Stmt[statements[0]] = &modfile.LineBlock{Token: verb, Line: []*modfile.Line{first, line}}
		}
		m.Require = append(m.Require, &modfile.Require{Mod: v, Syntax: line})
	}
}

// requireStatements returns where in the file they are.
func (m *Mod) requireStatements() []int {
	var out []int
	for i, stmt := range m.Syntax.Stmt {
		switch stmt := stmt.(type) {
		case *modfile.Line:
			if stmt.Token[0] == "require" {
				out = append(out, i)
			}
		case *modfile.LineBlock:
			if stmt.Token[0] == "require" {
				out = append(out, i)
			}
		}
	}
	return out
}

// addExcludes adds marked exclude lines as a statement of their own at the end,
// so that the user's statements stay as they are. Of those that are excluded
// because they are lost, the line says so.
func (m *Mod) addExcludes(vs []module.Version, demands []Demand) {
	lost := map[module.Version]bool{}
	for _, d := range demands {
		lost[d.Version] = d.Lost
	}
	lines := m.addOwn("exclude", len(vs))
	for i, v := range vs {
		if lost[v] {
			lines[i].Suffix = []modfile.Comment{{Token: lostComment, Suffix: true}}
			writeMark(lines[i], mark{})
		}
		lines[i].Token = append(lines[i].Token, modfile.AutoQuote(v.Path), v.Version)
		m.Exclude = append(m.Exclude, &modfile.Exclude{Mod: v, Syntax: lines[i]})
	}
}

// addReplaces adds marked replace lines, as addExcludes does.
func (m *Mod) addReplaces(pins []Pin) {
	lines := m.addOwn("replace", len(pins))
	for i, p := range pins {
		lines[i].Token = append(lines[i].Token, modfile.AutoQuote(p.Path), "=>", modfile.AutoQuote(p.Replace.Path), p.Replace.Version)
		m.Replace = append(m.Replace, &modfile.Replace{Old: module.Version{Path: p.Path}, New: p.Replace, Syntax: lines[i]})
	}
}

// setReplace gives a replace line another right side. (modfile's AddReplace
// would rewrite the lines for single versions along with one for all.)
func setReplace(r *modfile.Replace, to module.Version) {
	i := slices.Index(r.Syntax.Token, "=>")
	r.New = to
	r.Syntax.Token = append(r.Syntax.Token[:i+1:i+1], modfile.AutoQuote(to.Path))
	if to.Version != "" {
		r.Syntax.Token = append(r.Syntax.Token, to.Version)
	}
}

// addOwn appends a statement of n marked lines and returns the lines; a single
// one is no block, as modfile's Cleanup would make it.
func (m *Mod) addOwn(verb string, n int) []*modfile.Line {
	lines := make([]*modfile.Line, n)
	for i := range lines {
		lines[i] = &modfile.Line{InBlock: n > 1}
		writeMark(lines[i], mark{})
	}
	switch n {
	case 0:
	case 1:
		lines[0].Token = []string{verb}
		m.Syntax.Stmt = append(m.Syntax.Stmt, lines[0])
	default:
		m.Syntax.Stmt = append(m.Syntax.Stmt, &modfile.LineBlock{Token: []string{verb}, Line: lines})
	}
	return lines
}
