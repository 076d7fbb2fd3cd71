// Package reach picks from the source of packages the declarations that code in
// other packages depends on, without function bodies. What is left out is neither
// parsed nor checked: of the standard library, that is nearly all.
//
// [New] makes a graph of packages. [Graph.Code] and [Graph.Need] say what is asked
// for, [Graph.Close] finds what that asks for in turn, and [Graph.Files] has the
// result for go/types. It goes by names alone and takes too much rather than too
// little: for each name that a declaration mentions, all that the name could mean;
// for a type, all its methods, but those that no other package can call. So a
// package that is checked against the result compiles only if it compiles against
// the whole. Names that are missed after all make go/types report an error, there or
// in the result.
package reach

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
)

// A Source is the source of one package.
type Source struct {
	Files [][]byte
	Map   map[string]string // import paths as written -> as they are, where they differ
}

// A Graph is packages and what is asked for of each.
type Graph struct {
	fset *token.FileSet
	open func(path string) (*Source, error)
	name func(path string) string
	pkgs map[string]*pkg
	todo []ask
}

type ask struct {
	p    *pkg
	name string
}

// all asks for all that a package exports.
const all = "*"

// New returns an empty graph. open returns the source of a package that something is
// asked of, nil where that is not to be picked from; name returns the name in a package
// clause.
func New(fset *token.FileSet, open func(path string) (*Source, error), name func(path string) string) *Graph {
	return &Graph{fset: fset, open: open, name: name, pkgs: map[string]*pkg{}}
}

type pkg struct {
	path    string
	asked   map[string]bool
	opened  bool
	files   []*file
	chunks  map[string][]*chunk // by what they may declare, but for methods
	decls   map[string][]*decl  // parsed, by what they declare
	methods map[string][]*chunk // by type
	hidden  map[string]bool     // unexported methods that an interface has
	later   []*chunk            // methods that none has so far
}

type file struct {
	p       *pkg // nil for code that is checked whole
	head    *ast.File
	m       map[string]string
	imports []*imported
	decls   []ast.Decl
}

type imported struct {
	spec       *ast.ImportSpec
	path, name string
	used       bool
}

// A decl is one that may be taken: a function, a variable or type, a group of constants.
type decl struct {
	file  *file
	decl  ast.Decl
	taken bool
}

// Need asks for a declaration of a package.
func (g *Graph) Need(path, name string) {
	p := g.pkgs[path]
	if p == nil {
		p = &pkg{path: path, asked: map[string]bool{}}
		g.pkgs[path] = p
	}
	g.ask(p, name)
}

func (g *Graph) ask(p *pkg, name string) {
	if !p.asked[name] {
		p.asked[name] = true
		g.todo = append(g.todo, ask{p, name})
	}
}

// Code asks for all that a file mentions of other packages. m is as in [Source].
func (g *Graph) Code(f *ast.File, m map[string]string) {
	code := &file{head: f, m: m}
	g.imports(code)
	for _, i := range code.imports {
		if i.name == "." {
			g.Need(i.path, all)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok {
				g.qualified(code, id.Name, sel.Sel.Name)
			}
		}
		return true
	})
}

// Asked returns the names that were asked for of a package, whether it declares them or
// not.
func (g *Graph) Asked(path string) map[string]bool {
	if p := g.pkgs[path]; p != nil {
		return p.asked
	}
	return nil
}

// Close finds all that is asked for. It returns an error where a package cannot be read.
func (g *Graph) Close() error {
	for len(g.todo) > 0 {
		a := g.todo[len(g.todo)-1]
		g.todo = g.todo[:len(g.todo)-1]
		if !a.p.opened {
			a.p.opened = true
			if err := g.load(a.p); err != nil {
				return fmt.Errorf("%s: %w", a.p.path, err)
			}
		}
		if a.name == all {
			for name := range a.p.chunks {
				if token.IsExported(name) {
					g.ask(a.p, name)
				}
			}
			continue
		}
		for _, c := range a.p.chunks[a.name] {
			if err := g.parse(c); err != nil {
				return fmt.Errorf("%s: %w", a.p.path, err)
			}
		}
		for _, d := range a.p.decls[a.name] {
			if err := g.take(d); err != nil {
				return fmt.Errorf("%s: %w", a.p.path, err)
			}
		}
	}
	return nil
}

// load splits the files of a package.
func (g *Graph) load(p *pkg) error {
	src, err := g.open(p.path)
	if err != nil || src == nil {
		return err
	}
	p.chunks, p.decls = map[string][]*chunk{}, map[string][]*decl{}
	p.methods, p.hidden = map[string][]*chunk{}, map[string]bool{}
	for _, text := range src.Files {
		head, err := parser.ParseFile(g.fset, "", text, parser.ImportsOnly|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := &file{p: p, head: head, m: src.Map}
		g.imports(f)
		p.files = append(p.files, f)
		chunks, err := split(text, g.fset.Position(headEnd(head)).Offset)
		if err != nil {
			return err
		}
		for _, c := range chunks {
			c.file = f
			if c.recv != "" {
				p.methods[c.recv] = append(p.methods[c.recv], c)
				continue
			}
			for _, name := range c.names {
				p.chunks[name] = append(p.chunks[name], c)
			}
		}
	}
	for recv := range p.methods {
		for _, c := range p.chunks[recv] {
			if c.alias(recv) {
				g.ask(p, recv)
			}
		}
	}
	return nil
}

// imports notes under which names a file knows other packages.
func (g *Graph) imports(f *file) {
	for _, spec := range f.head.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		if to, ok := f.m[path]; ok {
			path = to
		}
		i := &imported{spec: spec, path: path}
		if spec.Name != nil {
			i.name = spec.Name.Name
		} else {
			i.name = g.name(path)
		}
		f.imports = append(f.imports, i)
	}
}

// parse parses a declaration.
func (g *Graph) parse(c *chunk) error {
	if c.parsed {
		return nil
	}
	c.parsed = true
	text := append([]byte("package p;"), c.text...)
	if c.body {
		text = append(text, "{}"...)
	}
	f, err := parser.ParseFile(g.fset, "", text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p := c.file.p
	add := func(d ast.Decl, names ...*ast.Ident) {
		one := &decl{file: c.file, decl: d}
		for _, id := range names {
			if id.Name != "_" {
				p.decls[id.Name] = append(p.decls[id.Name], one)
			}
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				c.file.decls = append(c.file.decls, d)
				g.walk(d.Recv, c.file)
				g.walk(d.Type, c.file)
				continue
			}
			add(d, d.Name)
		case *ast.GenDecl:
			Trim(d)
			if d.Tok == token.CONST { // one may go on from the one before
				var names []*ast.Ident
				for _, s := range d.Specs {
					names = append(names, s.(*ast.ValueSpec).Names...)
				}
				add(d, names...)
				continue
			}
			for _, s := range d.Specs {
				one := &ast.GenDecl{TokPos: d.TokPos, Tok: d.Tok, Specs: []ast.Spec{s}}
				switch s := s.(type) {
				case *ast.ValueSpec:
					add(one, s.Names...)
				case *ast.TypeSpec:
					add(one, s.Name)
				}
			}
		}
	}
	return nil
}

// take takes a declaration, with the methods of a type, and asks for what it mentions.
func (g *Graph) take(d *decl) error {
	if d.taken {
		return nil
	}
	d.taken = true
	d.file.decls = append(d.file.decls, d.decl)
	switch x := d.decl.(type) {
	case *ast.FuncDecl:
		g.walk(x.Type, d.file)
	case *ast.GenDecl:
		for _, s := range x.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				if s.Type != nil {
					g.walk(s.Type, d.file)
				}
				for _, v := range s.Values {
					g.walk(v, d.file)
				}
			case *ast.TypeSpec:
				if s.TypeParams != nil {
					g.walk(s.TypeParams, d.file)
				}
				g.walk(s.Type, d.file)
				return g.withMethods(d.file.p, s.Name.Name)
			}
		}
	}
	return g.lateMethods(d.file.p)
}

// withMethods takes the methods of a type.
func (g *Graph) withMethods(p *pkg, name string) error {
	for _, m := range p.methods[name] {
		if !token.IsExported(m.names[0]) {
			p.later = append(p.later, m)
		} else if err := g.parse(m); err != nil {
			return err
		}
	}
	return g.lateMethods(p)
}

// lateMethods takes the unexported methods that interfaces of the package have.
func (g *Graph) lateMethods(p *pkg) error {
	rest := p.later[:0]
	for _, m := range p.later {
		if !p.hidden[m.names[0]] {
			rest = append(rest, m)
		} else if err := g.parse(m); err != nil {
			return err
		}
	}
	p.later = rest
	return nil
}

// walk asks for all that a part of a declaration mentions.
func (g *Graph) walk(n ast.Node, f *file) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); !ok || !g.qualified(f, id.Name, n.Sel.Name) {
				g.walk(n.X, f)
			}
			return false
		case *ast.Field:
			g.walk(n.Type, f)
			return false
		case *ast.InterfaceType:
			for _, m := range n.Methods.List {
				for _, id := range m.Names {
					f.p.hidden[id.Name] = true
				}
			}
		case *ast.Ident:
			g.ask(f.p, n.Name)
			for _, i := range f.imports {
				if i.name == "." {
					i.used = true
					g.Need(i.path, n.Name)
				}
			}
		}
		return true
	})
}

// qualified asks for a name of a package that is imported under another one; false where
// the file imports none by that.
func (g *Graph) qualified(f *file, name, member string) bool {
	found := false
	for _, i := range f.imports {
		if i.name == name {
			i.used, found = true, true
			g.Need(i.path, member)
		}
	}
	return found
}

// Files returns what was picked of a package, nil where nothing was asked of it.
func (g *Graph) Files(path string) []*ast.File {
	p := g.pkgs[path]
	if p == nil || len(p.files) == 0 {
		return nil
	}
	var out []*ast.File
	for _, f := range p.files {
		picked := *f.head
		imports := &ast.GenDecl{Tok: token.IMPORT, TokPos: f.head.Name.End(), Lparen: f.head.Name.End()}
		for _, i := range f.imports {
			if i.used {
				imports.Specs = append(imports.Specs, i.spec)
			}
		}
		picked.Decls = append([]ast.Decl{imports}, f.decls...)
		if len(f.decls) > 0 {
			out = append(out, &picked)
		}
	}
	if out == nil { // it is imported, and that is all
		head := *p.files[0].head
		head.Decls = nil
		out = append(out, &head)
	}
	return out
}
