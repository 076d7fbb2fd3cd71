package pinner

import (
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Restore takes pinfix's own earlier changes back, as far as their marks still
// hold, so that every plan starts from the user's own go.mod.
func (m *Mod) Restore() error {
	m.restoreRequires()
	m.dropOwnExcludes()
	m.restoreReplaces()
	m.Cleanup()
	if err := m.restoreDropped(); err != nil {
		return err
	}
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
			old := splitVersion(k.old)
			m.AddReplace(r.Old.Path, r.Old.Version, old.Path, old.Version)
		}
	}
}

func (m *Mod) restoreGo() error {
	if m.Go == nil {
		return nil
	}
	k, ok := readMark(m.Go.Syntax)
	if ok {
		dropMark(m.Go.Syntax)
	}
	if m.Toolchain != nil {
		if t, ok := readMark(m.Toolchain.Syntax); ok {
			dropMark(m.Toolchain.Syntax)
			if t.new == m.Toolchain.Name {
				if err := m.AddToolchainStmt(t.old); err != nil {
					return err
				}
			}
		}
	}
	if !ok || k.new != m.Go.Version {
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

// A replace line of the user's that the server contradicts is not deleted but
// commented out, in its place.
const droppedPrefix = "// pinfix dropped: replace "

// dropReplace comments r's line out.
func (m *Mod) dropReplace(r *modfile.Replace) {
	token := r.Syntax.Token
	if token[0] == "replace" {
		token = token[1:]
	}
	note := modfile.Comment{Token: droppedPrefix + strings.Join(token, " ")}
	before := append(r.Syntax.Before, note)
	for i, stmt := range m.Syntax.Stmt {
		switch stmt := stmt.(type) {
		case *modfile.Line:
			if stmt == r.Syntax {
				m.Syntax.Stmt[i] = &modfile.CommentBlock{Comments: modfile.Comments{Before: before}}
			}
		case *modfile.LineBlock:
			j := slices.Index(stmt.Line, r.Syntax)
			switch {
			case j < 0:
			case len(stmt.Line) == 1: // Cleanup deletes an empty block with its comments
				m.Syntax.Stmt[i] = &modfile.CommentBlock{Comments: modfile.Comments{Before: append(stmt.Before, before...)}}
			case j+1 < len(stmt.Line):
				next := stmt.Line[j+1]
				next.Before = append(before, next.Before...)
			default:
				stmt.RParen.Before = append(before, stmt.RParen.Before...)
			}
		}
	}
	m.DropReplace(r.Old.Path, r.Old.Version)
	m.Cleanup()
}

// restoreDropped brings the lines back that dropReplace commented out. It
// rewrites the text, for a comment may stand anywhere in the syntax tree, and
// reads the file again.
func (m *Mod) restoreDropped() error {
	text := string(modfile.Format(m.Syntax))
	if !strings.Contains(text, droppedPrefix) {
		return nil
	}
	var out strings.Builder
	inBlock := false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch rest, dropped := strings.CutPrefix(trimmed, droppedPrefix); {
		case dropped && inBlock:
			line = "\t" + rest + "\n"
		case dropped:
			line = "replace " + rest + "\n"
		case trimmed == "replace (":
			inBlock = true
		case trimmed == ")":
			inBlock = false
		}
		out.WriteString(line)
	}
	f, err := modfile.Parse(m.name, []byte(out.String()), nil)
	if err != nil {
		return err
	}
	m.File = f
	return nil
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
