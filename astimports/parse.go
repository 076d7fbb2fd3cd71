package astimports

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// A file is a Go file and the places of its imports.
// It has many methods, one for each form of an import declaration and for each place next
// to it: an edit leaves all other bytes as they are.
type file struct {
	src       []byte
	generated bool
	name      int // end of the package name
	decls     []decl
}

// A decl is one import declaration.
type decl struct {
	pos, end       int // from the keyword to past the path or the closing parenthesis
	lparen, rparen int // both 0 where there are none
	doc            bool
	specs          []spec
}

// A spec is one import. Owned ones end with their mark, others with their path.
type spec struct {
	pos, end int
	path     string
	owned    bool
	doc      bool
}

const mode = parser.ImportsOnly | parser.ParseComments | parser.SkipObjectResolution

// parse finds the imports of src. What follows the last of them is not looked at.
func parse(filename string, src []byte) (*file, error) {
	fset := token.NewFileSet()
	head := headLen(src)
	tree, err := parser.ParseFile(fset, filename, src[:head], mode)
	if err != nil {
		return nil, syntaxError(filename, src, err)
	}
	offset := func(p token.Pos) int { return fset.File(tree.FileStart).Offset(p) }

	f := &file{src: src, generated: ast.IsGenerated(tree), name: offset(tree.Name.End())}
	for _, d := range tree.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			f.decls = append(f.decls, f.decl(g, offset))
		}
	}
	if semi, ok := semicolon(src, f.last()); f.last() < head && !ok {
		// The parser lets a stray ) or } pass for the end of an import.
		line, column := position(src, semi)
		return nil, &Error{File: filename, Line: line, Column: column, Err: errors.New("expected ';'")}
	}
	return f, nil
}

// parseBeyond tells what is wrong with the imports of src or right after them.
func parseBeyond(filename string, src []byte) error {
	if _, err := parser.ParseFile(token.NewFileSet(), filename, src, mode); err != nil {
		return syntaxError(filename, src, err)
	}
	return nil
}

// headLen returns the length of the package clause and the imports, with what
// is before them. Even in ImportsOnly mode the parser would look a little
// further, and stumble over an error that is none of this package's business.
func headLen(src []byte) int {
	var s scanner.Scanner
	in := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(in, src, nil, 0)
	end, depth := 0, 0 // end of the last token, open parentheses
	clause := false    // whether the last token ended the package clause or an import
	for {
		pos, tok, lit := s.Scan()
		if clause && tok != token.IMPORT {
			return end
		}
		clause = false
		switch tok {
		case token.EOF:
			return len(src)
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
		case token.SEMICOLON:
			clause = depth <= 0
			if lit != ";" {
				continue // not in src, and its position can be inside of a comment
			}
		}
		end = tokenEnd(src, in.Offset(pos), tok, lit)
	}
}

// tokenEnd returns the end of the token that begins at off.
func tokenEnd(src []byte, off int, tok token.Token, lit string) int {
	switch {
	case tok == token.STRING:
		return stringEnd(src, off)
	case lit == "":
		lit = tok.String()
	}
	return min(off+len(lit), len(src)) // an illegal character's lit can be longer than itself
}

// stringEnd returns the end of the string literal that begins at off. It may
// be an impossible path: the parser does not mind.
func stringEnd(src []byte, off int) int {
	quote := src[off]
	for i := off + 1; i < len(src); i++ {
		switch {
		case src[i] == quote:
			return i + 1
		case src[i] == '\\' && quote == '"':
			i++
		}
	}
	return len(src)
}

func (f *file) decl(g *ast.GenDecl, offset func(token.Pos) int) decl {
	d := decl{pos: offset(g.TokPos), doc: g.Doc != nil}
	for _, s := range g.Specs {
		d.specs = append(d.specs, f.spec(s.(*ast.ImportSpec), offset))
	}
	if g.Lparen.IsValid() {
		d.lparen, d.rparen = offset(g.Lparen), offset(g.Rparen)
		d.end = d.rparen + 1
	} else {
		d.end = d.specs[0].end
	}
	return d
}

func (f *file) spec(s *ast.ImportSpec, offset func(token.Pos) int) spec {
	end := stringEnd(f.src, offset(s.Path.ValuePos))
	path, _ := strconv.Unquote(s.Path.Value)
	r := spec{pos: offset(s.Pos()), end: end, path: path, doc: s.Doc != nil}
	if mark := markEnd(f.src, end); s.Name != nil && s.Name.Name == "_" && mark > 0 {
		r.owned, r.end = true, mark
	}
	return r
}

// markEnd returns the end of the mark that follows the path ending at off, or
// 0 if none does. Another comment between the two makes the line the user's.
func markEnd(src []byte, off int) int {
	off = skipBlank(src, off)
	if off < len(src) && src[off] == ';' {
		off = skipBlank(src, off+1)
	}
	line := bytes.TrimRight(src[off:lineEnd(src, off)], "\r\n")
	if text := string(line); text == Mark || strings.HasPrefix(text, Mark+" ") {
		return off + len(line)
	}
	return 0
}

// paths returns the paths of the imports that are, or are not, pinfix's own,
// sorted, each once.
func (f *file) paths(owned bool) []string {
	var list []string
	for _, d := range f.decls {
		for _, s := range d.specs {
			if s.owned == owned {
				list = append(list, s.path)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// last returns the end of the last import or of the package clause.
func (f *file) last() int {
	if n := len(f.decls); n > 0 {
		return f.decls[n-1].end
	}
	return f.name
}

// imports reports whether d imports path.
func (d decl) imports(path string) bool {
	return slices.ContainsFunc(d.specs, func(s spec) bool { return s.path == path })
}

// first reports whether off is the first thing on its line.
func (f *file) first(off int) bool {
	return blank(f.src[lineStart(f.src, off):off])
}
