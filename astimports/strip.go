package astimports

import (
	"bytes"
	"slices"
)

// A cut takes the bytes from start to end out of a file and puts text there.
type cut struct {
	start, end int
	text       string

	lines   bool // whole lines, with the line end of the last
	last    bool // a declaration that only own ones follow
	opening bool // the line above has the opening parenthesis or, with no import of the user's, the package clause
	doc     bool // a comment is right above
}

// strip returns the file without its own imports. It undoes add to the byte;
// where people or tools moved own lines, it leaves no holes.
func (f *file) strip() []byte {
	var out []byte
	at := 0
	for _, c := range f.join(f.cuts()) {
		c = f.closeGap(c)
		out = append(append(out, f.src[at:c.start]...), c.text...)
		at = c.end
	}
	return append(out, f.src[at:]...)
}

// cuts returns a cut for each own import, or for each declaration of them alone.
func (f *file) cuts() []cut {
	var list []cut
	for i, d := range f.decls {
		if f.own(d) {
			c := f.declCut(d)
			c.last = f.allOwn(f.decls[i+1:])
			at, _ := f.after(f.name)
			c.opening = i == 0 && c.last && c.start == at
			list = append(list, c)
			continue
		}
		for _, s := range d.specs {
			if s.owned {
				list = append(list, f.specCut(d, s))
			}
		}
	}
	return list
}

// own reports whether d holds own imports and nothing else, no comment either.
func (f *file) own(d decl) bool {
	if d.rparen == 0 {
		return d.specs[0].owned
	}
	at := d.lparen + 1
	for _, s := range d.specs {
		if !s.owned || !empty(f.src[at:s.pos]) {
			return false
		}
		at = s.end
	}
	return len(d.specs) > 0 && empty(f.src[at:d.rparen])
}

func (f *file) allOwn(decls []decl) bool {
	return !slices.ContainsFunc(decls, func(d decl) bool { return !f.own(d) })
}

// empty reports whether b has neither import nor comment.
func empty(b []byte) bool { return len(bytes.Trim(b, " \t\r\n;")) == 0 }

// declCut removes an own declaration with its lines or, where it shares them
// with something else, with the "; " that add put behind it. The semicolon goes
// in any case: Go has no empty declarations.
func (f *file) declCut(d decl) cut {
	src, end, kept := f.src, d.end, ""
	if semi, ok := semicolon(src, end); ok {
		kept, end = string(bytes.TrimSpace(src[end:semi])), semi+1
	}
	if kept == "" && f.first(d.pos) && blank(src[end:lineEnd(src, end)]) {
		return cut{start: lineStart(src, d.pos), end: lineEnd(src, end), lines: true, doc: d.doc}
	}
	if src[end-1] == ';' && end < len(src) && src[end] == ' ' {
		end++
	}
	c := f.inlineCut(d.pos, end)
	c.text = kept + c.text
	return c
}

// inlineCut removes what shares its first line with something before it, or
// its last with something after it.
func (f *file) inlineCut(start, end int) cut {
	c := cut{start: start, end: end}
	before := f.src[lineStart(f.src, start):start]
	if bytes.HasSuffix(bytes.TrimRight(before, " \t\r"), []byte("*/")) && blank(f.src[end:lineEnd(f.src, end)]) {
		c.text = lineBreak(f.src[end:]) // as in closeGap
	}
	return c
}

// specCut removes an own import from a declaration that has other things too.
// Its mark is the last thing on the line, but it need not be alone there.
func (f *file) specCut(d decl, s spec) cut {
	if !f.first(s.pos) {
		return f.inlineCut(len(bytes.TrimRight(f.src[:s.pos], " \t")), s.end)
	}
	start := lineStart(f.src, s.pos)
	return cut{
		start: start, end: lineEnd(f.src, s.end),
		lines: true, opening: start == lineEnd(f.src, d.lparen), doc: s.doc,
	}
}

// join makes one cut of those with nothing but blank lines between them.
func (f *file) join(cuts []cut) []cut {
	var list []cut
	for _, c := range cuts {
		if n := len(list); n > 0 && c.lines && list[n-1].lines && blank(f.src[list[n-1].end:c.start]) {
			list[n-1].end, list[n-1].last = c.end, c.last
			continue
		}
		list = append(list, c)
	}
	return list
}

// closeGap widens a cut of lines by the blank line that set them apart.
func (f *file) closeGap(c cut) cut {
	if !c.lines {
		return c
	}
	src := f.src
	above, blankAbove := blankBefore(src, c.start)
	below := src[c.end:lineEnd(src, c.end)]
	blankBelow := len(below) > 0 && blank(below)
	ends := c.end == len(src) || bytes.HasPrefix(bytes.TrimLeft(below, " \t"), []byte(")"))
	switch {
	case blankAbove && (blankBelow || ends || c.last):
		c.start = above
	case blankBelow && c.opening:
		c.end = lineEnd(src, c.end)
	case c.doc && !blankBelow && !ends:
		// The comment is the user's and stays, but must not become that of
		// what comes next: above an import "C" it would be compiled.
		c.text = lineBreak(src[c.start:])
	}
	if src[c.end-1] != '\n' {
		c.start = f.beforeBreak(c)
	}
	return c
}

// beforeBreak returns where the line above a cut at the end of the file ends.
// The file has no line end there and gets none: add put one before its lines,
// and they show which.
func (f *file) beforeBreak(c cut) int {
	lines := f.src[c.start:c.end]
	if !bytes.Contains(lines, []byte("\n")) {
		lines = f.src
	}
	return len(bytes.TrimSuffix(f.src[:c.start], []byte(lineBreak(lines))))
}
