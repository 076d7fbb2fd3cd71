package reach

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"unicode/utf8"
)

// A chunk is a declaration at the top of a file, before it is parsed.
type chunk struct {
	file   *file
	text   []byte   // up to the body, of a function
	body   bool     // there was one
	names  []string // all that it declares are among these
	recv   string   // the type that a method is declared for
	parsed bool
}

var errSplit = errors.New("not the declarations of a Go file")

// split finds the declarations that begin at or after a place in the source of a file. It
// passes over function bodies without parsing them.
func split(src []byte, at int) ([]*chunk, error) {
	l := &lexer{src: src, at: at}
	var out []*chunk
	for {
		t := l.next()
		switch word := string(src[t.start:t.end]); {
		case t.kind == eof:
			return out, nil
		case t.kind == newline || t.kind == ';':
		case word == "func":
			c, err := l.function(t.start)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		case word == "var" || word == "const" || word == "type":
			c, err := l.general(t.start)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		default:
			return nil, errSplit
		}
	}
}

// WithoutBodies returns the source of a file without what is in its function bodies. The
// lines after them have other numbers. A file that does not parse may stay as it is.
func WithoutBodies(src []byte) []byte {
	fset := token.NewFileSet()
	head, err := parser.ParseFile(fset, "", src, parser.ImportsOnly|parser.SkipObjectResolution)
	if err != nil {
		return src
	}
	end := fset.Position(headEnd(head)).Offset
	chunks, err := split(src, end)
	if err != nil {
		return src
	}
	out := bytes.Clone(src[:end])
	for _, c := range chunks {
		out = append(append(out, '\n'), c.text...)
		if c.body {
			out = append(out, "{}"...)
		}
	}
	return append(out, '\n')
}

// headEnd is where the package clause and the imports of a file end.
func headEnd(head *ast.File) token.Pos {
	if n := len(head.Decls); n > 0 {
		return head.Decls[n-1].End()
	}
	return head.Name.End()
}

// function reads a function or method after the word func.
func (l *lexer) function(start int) (*chunk, error) {
	c := &chunk{}
	t := l.significant()
	if t.kind == '(' {
		for round, square := 1, 0; round > 0; {
			switch t = l.significant(); {
			case t.kind == eof:
				return nil, errSplit
			case t.kind == '(':
				round++
			case t.kind == ')':
				round--
			case t.kind == '[':
				square++
			case t.kind == ']':
				square--
			case t.kind == word && square == 0:
				c.recv = l.text(t)
			}
		}
		t = l.significant()
	}
	if t.kind != word {
		return nil, errSplit
	}
	c.names = []string{l.text(t)}
	for last := t; ; {
		t = l.next()
		switch t.kind {
		case '(', '[':
			if !l.skip() {
				return nil, errSplit
			}
			t.kind = ')'
		case '{':
			if w := l.text(last); last.kind != word || w != "struct" && w != "interface" {
				c.text, c.body = l.src[start:t.start], true
				if !l.skip() {
					return nil, errSplit
				}
				return c, nil
			}
			if !l.skip() {
				return nil, errSplit
			}
			t.kind = '}'
		case newline, ';', eof:
			if t.kind != newline || l.ends(last) {
				c.text = l.src[start:t.start]
				return c, nil
			}
			continue
		}
		last = t
	}
}

// general reads a declaration of variables, constants or types after that word.
func (l *lexer) general(start int) (*chunk, error) {
	c := &chunk{}
	first := l.significant()
	top := 0 // how deep names are
	depth := 0
	if first.kind == '(' {
		top, depth = 1, 1
	}
	for last, t := first, first; ; t = l.next() {
		switch t.kind {
		case '(', '[', '{':
			if t != first {
				depth++
			}
		case ')', ']', '}':
			depth--
		case word:
			if depth == top {
				c.names = append(c.names, l.text(t))
			}
		case newline, ';', eof:
			if depth == 0 && (t.kind != newline || l.ends(last)) {
				c.text = l.src[start:t.start]
				return c, nil
			}
			if t.kind == eof {
				return nil, errSplit
			}
			continue
		}
		if depth < 0 {
			return nil, errSplit
		}
		last = t
	}
}

// ends reports whether a newline after a token ends a declaration.
func (l *lexer) ends(t tok) bool {
	switch t.kind {
	case literal, ')', ']', '}':
		return true
	case word:
		return !token.IsKeyword(l.text(t))
	}
	return false
}

// The kinds of tokens that are no punctuation.
const (
	eof     = 0
	newline = '\n' // or a comment with one
	word    = 'w'  // a name or a keyword
	literal = 'l'
)

type tok struct {
	kind       byte
	start, end int
}

// A lexer knows just enough of Go to find the ends of declarations.
type lexer struct {
	src []byte
	at  int
}

func (l *lexer) text(t tok) string { return string(l.src[t.start:t.end]) }

// significant returns the next token that is no newline.
func (l *lexer) significant() tok {
	for {
		if t := l.next(); t.kind != newline {
			return t
		}
	}
}

func (l *lexer) next() tok {
	for l.at < len(l.src) {
		start := l.at
		switch b := l.src[start]; {
		case b == ' ' || b == '\t' || b == '\r':
			l.at++
		case b == '\n':
			l.at++
			return tok{newline, start, l.at}
		case b == '/' && l.comment():
			if bytes.IndexByte(l.src[start:l.at], '\n') >= 0 {
				return tok{newline, start, l.at}
			}
		case b == '"' || b == '`' || b == '\'':
			l.quoted(b)
			return tok{literal, start, l.at}
		case digit(b) || b == '.' && start+1 < len(l.src) && digit(l.src[start+1]):
			for l.at++; l.at < len(l.src) && (letter(l.src[l.at]) || digit(l.src[l.at]) || l.src[l.at] == '.' || l.exponent()); l.at++ {
			}
			return tok{literal, start, l.at}
		case letter(b):
			for l.at++; l.at < len(l.src) && (letter(l.src[l.at]) || digit(l.src[l.at])); l.at++ {
			}
			return tok{word, start, l.at}
		default:
			l.at++
			return tok{b, start, l.at}
		}
	}
	return tok{eof, len(l.src), len(l.src)}
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

func letter(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_' || b >= utf8.RuneSelf
}

// exponent reports whether the lexer is at the sign of one.
func (l *lexer) exponent() bool {
	b := l.src[l.at-1] | 0x20
	return (l.src[l.at] == '+' || l.src[l.at] == '-') && (b == 'e' || b == 'p')
}

// skip passes over all up to the bracket that closes the one before, of any kind.
func (l *lexer) skip() bool {
	for depth := 1; l.at < len(l.src); {
		switch b := l.src[l.at]; b {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				l.at++
				return true
			}
		case '"', '`', '\'':
			l.quoted(b)
			continue
		case '/':
			if l.comment() {
				continue
			}
		}
		l.at++
	}
	return false
}

// comment passes over a comment, up to the newline after it; false where there is none.
func (l *lexer) comment() bool {
	rest := l.src[l.at:]
	var n int
	switch {
	case bytes.HasPrefix(rest, []byte("//")):
		n = bytes.IndexByte(rest, '\n')
	case bytes.HasPrefix(rest, []byte("/*")):
		if n = bytes.Index(rest[2:], []byte("*/")); n >= 0 {
			n += 4
		}
	default:
		return false
	}
	if n < 0 {
		n = len(rest)
	}
	l.at += n
	return true
}

// quoted passes over a literal in quotes of one kind.
func (l *lexer) quoted(quote byte) {
	for l.at++; l.at < len(l.src); l.at++ {
		switch b := l.src[l.at]; {
		case b == quote:
			l.at++
			return
		case b == '\\' && quote != '`':
			l.at++
		case b == '\n' && quote != '`':
			return // a fault, which parsing finds
		}
	}
	l.at = len(l.src)
}

// alias reports whether a declaration may be of an alias of that name, whose methods are
// another type's.
func (c *chunk) alias(name string) bool {
	for rest := c.text; ; {
		i := bytes.Index(rest, []byte(name))
		if i < 0 {
			return false
		}
		rest = rest[i+len(name):]
		if after := bytes.TrimLeft(rest, " \t"); len(after) > 0 && after[0] == '=' {
			return true
		}
	}
}

// Trim removes from a declaration what does not count for its type.
func Trim(d ast.Decl) {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.VAR {
		return
	}
	for _, s := range g.Specs {
		s := s.(*ast.ValueSpec)
		if s.Type != nil {
			s.Values = nil
		}
		for _, v := range s.Values {
			ast.Inspect(v, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					if a, ok := n.Type.(*ast.ArrayType); ok {
						if _, counted := a.Len.(*ast.Ellipsis); counted {
							return false
						}
					}
					if n.Type != nil {
						n.Elts = nil
					}
				case *ast.FuncLit:
					n.Body.List = nil
				}
				return true
			})
		}
	}
}
