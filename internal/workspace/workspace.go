// Package workspace is for a plugin that imports packages of the server's own module: the
// server's source ([Source]) and the go.work in which both are built ([Workspace]).
package workspace

import (
	"context"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// The packages of a server's main module have no version in their label. Only as
// a module of a workspace does the plugin's build give them the same one.

// Name is the file of a workspace.
const Name = "go.work"

// Head begins a go.work of pinfix's own, which it may write again.
const Head = `// pinfix: the plugin imports packages of the server's own module; only a
// workspace that uses the server's source gives them the server's label.
`

// InTree reads the go.work next to the go.mod in root and returns the directory of the
// server's source that it uses: "" where there is none, or it uses none. read reads a
// file by its full name.
func InTree(root string, s *pinner.Server, read func(string) ([]byte, error)) (*modfile.WorkFile, string, error) {
	data, err := read(filepath.Join(root, Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fault.CannotRead(Name, err)
	}
	work, err := modfile.ParseWork(Name, data, nil)
	if err != nil {
		// Without the server in it, it is not pinfix's to read.
		return nil, "", nil
	}
	dir := UsedDir(work, root, s)
	if dir == root && len(s.Own()) == 1 {
		return work, "", nil // the plugin is in the server's own module, and needs no other
	}
	return work, dir, nil
}

// ReadMod reads a file as large as a go.mod may be.
func ReadMod(name string) ([]byte, error) { return bounded.ReadFile(name, bounded.Mod) }

// A Workspace is a go.work that uses the plugin and the server's source.
type Workspace struct {
	Source   *Source
	Tree     *modfile.WorkFile // the one next to go.mod, if that uses the source
	InTree   bool
	File     string // a copy with absolute paths, in the scratch directory
	Warnings []string
}

// Write writes the workspace's copy. A build in the one next to go.mod might
// write go.work.sum there.
// Write puts a copy of the workspace with absolute paths into a scratch directory, for a
// build there.
func (w *Workspace) Write(scratch *stage.Scratch, plugin *plugin.Plugin) error {
	work := w.Tree
	var sum []byte
	if work == nil {
		var err error
		if work, err = w.Source.Work(plugin.Now, plugin.Root, func(dir string) string { return dir }); err != nil {
			return err
		}
	} else {
		var err error
		if sum, err = bounded.ReadFile(filepath.Join(plugin.Root, Name+".sum"), bounded.Mod); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		absolute(work, plugin.Root)
	}
	var err error
	w.File, err = Write(scratch, work, sum)
	return err
}

// Write writes work and its sums into a scratch directory, and returns the name of the file
// there.
func Write(scratch *stage.Scratch, work *modfile.WorkFile, sum []byte) (string, error) {
	if sum != nil {
		if _, err := scratch.Write("work/"+Name+".sum", sum); err != nil {
			return "", err
		}
	}
	return scratch.Write("work/"+Name, modfile.Format(work.Syntax))
}

// Work makes a go.work for the plugin in dir and the source; name says how a
// directory is there.
//
// The go command loads the go.mod of the version that the plugin requires, too,
// although the workspace's module is taken: it may ask for more than the server
// has, or be nowhere to be had. The replace line gives it that of the source.
func (src *Source) Work(plugin *pinner.Mod, dir string, name func(string) string) (*modfile.WorkFile, error) {
	work := &modfile.WorkFile{Syntax: &modfile.FileSyntax{}}
	if err := work.AddGoStmt(GoLine(append(src.Mods(), plugin)...)); err != nil {
		return nil, err
	}
	if err := work.AddUse(dir, ""); err != nil {
		return nil, err
	}
	others := src.Others(plugin.Module.Mod.Path)
	for _, m := range others {
		if err := work.AddUse(name(m.Dir), ""); err != nil {
			return nil, err
		}
	}
	for _, m := range others {
		for _, r := range plugin.Require {
			if r.Mod.Path != m.Path {
				continue
			}
			if err := work.AddReplace(m.Path, r.Mod.Version, name(m.Dir), ""); err != nil {
				return nil, err
			}
		}
	}
	work.Cleanup()
	return work, nil
}

// GoLine is the go line of a workspace: it must not be below that of any of its
// modules (https://go.dev/ref/mod#go-work-file-go), nor below go.work itself.
func GoLine(mods ...*pinner.Mod) string {
	highest := "1.18"
	for _, m := range mods {
		if v := m.GoVersion(); version.Compare("go"+v, "go"+highest) > 0 {
			highest = v
		}
	}
	return highest
}

// absolute makes the directories of a go.work in root absolute.
func absolute(work *modfile.WorkFile, root string) {
	for _, u := range work.Use {
		if !filepath.IsAbs(u.Path) {
			u.Path = filepath.Join(root, u.Path)
			u.Syntax.Token[len(u.Syntax.Token)-1] = modfile.AutoQuote(u.Path)
		}
	}
	for _, r := range slices.Clone(work.Replace) {
		if r.New.Version == "" && !filepath.IsAbs(r.New.Path) {
			_ = work.AddReplace(r.Old.Path, r.Old.Version, filepath.Join(root, r.New.Path), "") // fails for no path
		}
	}
}

// UsedDir returns the directory of the first of the server's own modules that a go.work
// in root uses, "" for none.
func UsedDir(work *modfile.WorkFile, root string, s *pinner.Server) string {
	for _, path := range s.Own() {
		for _, u := range work.Use {
			if dir := place.RealDir(root, u.Path); place.ModuleOf(dir) == path {
				return dir
			}
		}
	}
	return ""
}

// Selects returns an error if g, which runs in a workspace, selects other versions than the
// pins; its text has the lines that help.
func Selects(ctx context.Context, g *gocmd.Go, pins []pinner.Pin) error {
	out, err := g.Run(ctx, "list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
	if err != nil {
		return err
	}
	selected := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, v, _ := strings.Cut(strings.TrimSpace(line), " ")
		selected[path] = v
	}
	var lines []string
	for _, p := range pins {
		if v := selected[p.Path]; v != "" && v != p.Version.Version {
			lines = append(lines, fmt.Sprintf("exclude %s // the server has %s", module.Version{Path: p.Path, Version: v}, p.Version.Version))
		}
	}
	if len(lines) > 0 {
		return fault.New("add these lines to go.mod and run pinfix again", "the workspace selects other versions than the server has:\n%s", strings.Join(lines, "\n"))
	}
	return nil
}

// TextOf is the go.work of src next to the go.mod in root, which is mod: the user's own as it is, if it
// uses both modules, or pinfix's. named is --server-source, "" where a go.work names the source.
func TextOf(src *Source, mod *pinner.Mod, root string, s *pinner.Server, named string) ([]byte, error) {
	name := filepath.Join(root, Name)
	have, err := bounded.ReadFile(name, bounded.Mod)
	if err == nil && named == "" {
		return have, nil // it named the source
	}
	if err == nil && !strings.HasPrefix(string(have), Head) {
		if _, dir, err := InTree(root, s, ReadMod); err != nil || dir == src.Dir {
			return have, err
		}
		return nil, fault.New("go work use "+named, "%s does not use the server's source, and pinfix did not write it", Name)
	}
	work, err := src.Work(mod, ".", func(dir string) string {
		rel, err := filepath.Rel(root, dir)
		if err != nil || filepath.IsAbs(named) {
			return dir
		}
		if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, "../") {
			rel = "./" + rel
		}
		return rel
	})
	if err != nil {
		return nil, err
	}
	return append([]byte(Head+"\n"), modfile.Format(work.Syntax)...), nil
}
