package pinner

import (
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/pattern"
)

// Restore reverts pinfix's own earlier changes whose marks still hold. So every plan
// starts from the user's own go.mod.
func (m *Mod) Restore() error {
	m.restoreRequires()
	m.dropOwnExcludes()
	m.restoreReplaces()
	m.Cleanup()
	m.restoreDropped()
	return m.restoreGo()
}

func (m *Mod) restoreRequires() {
	for _, r := range m.Require {
		k, ok := readMark(r.Syntax)
		if !ok {
			continue
		}
		dropMark(r.Syntax)
		switch {
		case k.new == "":
			m.DropRequire(r.Mod.Path)
		case k.new == r.Mod.Version && k.old != "":
			m.AddRequire(r.Mod.Path, k.old)
		}
	}
}

func (m *Mod) restoreReplaces() {
	for _, r := range m.Replace {
		k, ok := readMark(r.Syntax)
		if !ok {
			continue
		}
		dropMark(r.Syntax)
		switch {
		case k.new == "":
			m.DropReplace(r.Old.Path, r.Old.Version)
		case k.new == atVersion(r.New):
			setReplace(r, splitVersion(k.old))
		}
	}
}

func (m *Mod) restoreGo() error {
	if m.Toolchain != nil {
		if k, ok := readMark(m.Toolchain.Syntax); ok {
			dropMark(m.Toolchain.Syntax)
			if k.new == m.Toolchain.Name {
				if err := m.AddToolchainStmt(k.old); err != nil {
					return err
				}
			}
		}
	}
	if m.Go == nil {
		return nil
	}
	k, ok := readMark(m.Go.Syntax)
	if !ok {
		return nil
	}
	dropMark(m.Go.Syntax)
	if k.new != m.Go.Version {
		return nil
	}
	if err := m.AddGoStmt(k.old); err != nil {
		return err
	}
	if k.toolchain != "" && m.Toolchain == nil {
		return m.AddToolchainStmt(k.toolchain)
	}
	return nil
}

// droppedPrefix begins the comment that stands for a replace or exclude line of
// the user's that the server contradicts. Such a line is not deleted but
// commented out, in its place, and so are the brackets of a block that has no
// other lines.
const droppedPrefix = "// pinfix dropped: "

// dropLine comments l out; the caller drops it from the file's lists, and calls
// Cleanup.
func (m *Mod) dropLine(l *modfile.Line) {
	for i, stmt := range m.Syntax.Stmt {
		switch stmt := stmt.(type) {
		case *modfile.Line:
			if stmt == l {
				m.Syntax.Stmt[i] = commentBlock(dropped("", l))
			}
		case *modfile.LineBlock:
			j := slices.Index(stmt.Line, l)
			if j < 0 {
				continue
			}
			verb := stmt.Token[0]
			note := dropped(verb+" ", l)
			switch {
			case len(stmt.Line) == 1: // Cleanup deletes an empty block with its comments
				first, last := droppedNote(verb+" (", stmt.LParen.Suffix), droppedNote(")", stmt.RParen.Suffix)
				m.Syntax.Stmt[i] = commentBlock(slices.Concat(stmt.Before, first, note, stmt.RParen.Before, last))
			case len(stmt.Line) > 2 && j+1 < len(stmt.Line):
				next := stmt.Line[j+1]
				next.Before = append(note, next.Before...)
			default: // before the bracket: Cleanup leaves such a block a block, with one line too
				stmt.RParen.Before = append(note, stmt.RParen.Before...)
			}
		}
	}
}

func commentBlock(c []modfile.Comment) *modfile.CommentBlock {
	return &modfile.CommentBlock{Comments: modfile.Comments{Before: c}}
}

// dropped returns l, comments and all, as comments.
func dropped(verb string, l *modfile.Line) []modfile.Comment {
	return append(slices.Clone(l.Before), droppedNote(verb+strings.Join(l.Token, " "), l.Suffix)...)
}

func droppedNote(text string, suffix []modfile.Comment) []modfile.Comment {
	for _, c := range suffix {
		text += " " + c.Token
	}
	return []modfile.Comment{{Token: droppedPrefix + text}}
}

// blockRE matches the first line of a block.
var blockRE = pattern.New(`^(\w+) \((?: //.*)?$`)

// restoreDropped restores the lines that dropLine commented out. It works on the text,
// because a comment may be anywhere in the syntax tree, and parses the result. A line that
// has been edited so that it does not parse stays a comment.
func (m *Mod) restoreDropped() {
	text := string(modfile.Format(m.Syntax))
	if !strings.Contains(text, droppedPrefix) {
		return
	}
	var out strings.Builder
	block := "" // its verb
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		rest, was := strings.CutPrefix(trimmed, droppedPrefix)
		verb, _, _ := strings.Cut(rest, " ")
		switch {
		case blockRE.MatchString(rest):
			block = verb
		case rest == ")", strings.HasPrefix(rest, ") //"):
			block = ""
		case was && (block == "" || block == verb):
			if !m.restorable(rest) {
				continue
			}
			if block != "" {
				rest = "\t" + strings.TrimPrefix(rest, verb+" ")
			}
		default:
			was = false
		}
		if was {
			line = rest + "\n"
		}
		out.WriteString(line)
	}
	f, err := modfile.Parse(m.name, []byte(out.String()), nil)
	if err != nil {
		return
	}
	m.File = f
	m.SortBlocks() // as go mod tidy does it; a dropped line may have moved to the end of its block
}

// restorable reports whether the user has written no other line for the module of the
// dropped line.
func (m *Mod) restorable(line string) bool {
	f, err := modfile.Parse(m.name, []byte(line), nil)
	if err != nil {
		return true // the whole file will tell
	}
	for _, r := range f.Replace {
		if slices.ContainsFunc(m.Replace, func(s *modfile.Replace) bool { return s.Old == r.Old }) {
			return false
		}
	}
	for _, x := range f.Exclude {
		if m.excludes(x.Mod) {
			return false
		}
	}
	return true
}

// atVersion prints a replacement as one word: "path@version", or the path of a
// directory.
func atVersion(v module.Version) string {
	if v.Version == "" {
		return v.Path
	}
	return v.Path + "@" + v.Version
}

func splitVersion(s string) module.Version {
	path, version, _ := strings.Cut(s, "@")
	return module.Version{Path: path, Version: version}
}
