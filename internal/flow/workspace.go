package flow

import (
	"context"
	"errors"
	"go/version"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// The packages of a server's main module have no version in their label. Only as
// a module of a workspace does the plugin's build give them the same one.

const workName = "go.work"

// workHead begins a go.work of pinfix's own, which it may write again.
const workHead = `// pinfix: the plugin imports packages of the server's own module; only a
// workspace that uses the server's source gives them the server's label.
`

// treeWork reads the go.work next to the go.mod in root and returns the directory of the
// server's source that it uses: "" where there is none, or it uses none. read reads a
// file by its full name.
func treeWork(root string, s *pinner.Server, read func(string) ([]byte, error)) (*modfile.WorkFile, string, error) {
	data, err := read(filepath.Join(root, workName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fault.CannotRead(workName, err)
	}
	work, err := modfile.ParseWork(workName, data, nil)
	if err != nil {
		// Without the server in it, it is not pinfix's to read.
		return nil, "", nil
	}
	dir := usedDir(work, root, s)
	if dir == root && len(s.Own()) == 1 {
		return work, "", nil // the plugin is in the server's own module, and needs no other
	}
	return work, dir, nil
}

// readMod reads a file as large as a go.mod may be.
func readMod(name string) ([]byte, error) { return bounded.ReadFile(name, bounded.Mod) }

// A workspace is a go.work that uses the plugin and the server's source.
type workspace struct {
	source   *serverSource
	tree     *modfile.WorkFile // the one next to go.mod, if that uses the source
	inTree   bool
	file     string // a copy with absolute paths, in the scratch directory
	warnings []string
}

// workspace finds the workspace to build in: with the source that was named, or
// the one that pinfix apply has written next to go.mod; nil for none.
func (b *builder) workspace(ctx context.Context) (*workspace, error) {
	tree, used, err := treeWork(b.plugin.root, b.server, readMod)
	if err != nil {
		return nil, err
	}
	dir := b.o.ServerSource
	if dir == "" {
		dir = used
	}
	if dir == "" {
		return nil, nil
	}
	if b.o.pinned != nil {
		return nil, refusal{Err: fault.New("apply it to that server, and build it without --pin", "a plugin that imports the server's own packages is built in a go.work, which the tree must have")}
	}
	src, err := readSource(ctx, b.o.environ(), b.server, dir)
	if err != nil {
		return nil, err
	}
	w := &workspace{source: src, inTree: used == src.dir, warnings: src.warnings}
	if w.inTree {
		w.tree = tree
	}
	if !b.server.Trimmed() && b.server.Paths.Own == "" {
		w.warnings = append(w.warnings, "the server was built without -trimpath, so the path of its source counts: "+src.dir+" must be where it was built")
	}
	return w, nil
}

// write writes the workspace's copy. A build in the one next to go.mod might
// write go.work.sum there.
func (w *workspace) write(scratch *stage.Scratch, plugin *plugin) error {
	work := w.tree
	var sum []byte
	if work == nil {
		var err error
		if work, err = w.source.work(plugin.now, plugin.root, func(dir string) string { return dir }); err != nil {
			return err
		}
	} else {
		var err error
		if sum, err = bounded.ReadFile(filepath.Join(plugin.root, workName+".sum"), bounded.Mod); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		absolute(work, plugin.root)
	}
	var err error
	w.file, err = writeWork(scratch, work, sum)
	return err
}

func writeWork(scratch *stage.Scratch, work *modfile.WorkFile, sum []byte) (string, error) {
	if sum != nil {
		if _, err := scratch.Write("work/"+workName+".sum", sum); err != nil {
			return "", err
		}
	}
	return scratch.Write("work/"+workName, modfile.Format(work.Syntax))
}

// work makes a go.work for the plugin in dir and the source; name says how a
// directory is there.
//
// The go command loads the go.mod of the version that the plugin requires, too,
// although the workspace's module is taken: it may ask for more than the server
// has, or be nowhere to be had. The replace line gives it that of the source.
func (src *serverSource) work(plugin *pinner.Mod, dir string, name func(string) string) (*modfile.WorkFile, error) {
	work := &modfile.WorkFile{Syntax: &modfile.FileSyntax{}}
	if err := work.AddGoStmt(workGo(append(src.mods(), plugin)...)); err != nil {
		return nil, err
	}
	if err := work.AddUse(dir, ""); err != nil {
		return nil, err
	}
	others := src.others(plugin.Module.Mod.Path)
	for _, m := range others {
		if err := work.AddUse(name(m.dir), ""); err != nil {
			return nil, err
		}
	}
	for _, m := range others {
		for _, r := range plugin.Require {
			if r.Mod.Path != m.path {
				continue
			}
			if err := work.AddReplace(m.path, r.Mod.Version, name(m.dir), ""); err != nil {
				return nil, err
			}
		}
	}
	work.Cleanup()
	return work, nil
}

// workGo is the go line of a workspace: it must not be below that of any of its
// modules (https://go.dev/ref/mod#go-work-file-go), nor below go.work itself.
func workGo(mods ...*pinner.Mod) string {
	max := "1.18"
	for _, m := range mods {
		if v := m.GoVersion(); version.Compare("go"+v, "go"+max) > 0 {
			max = v
		}
	}
	return max
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
