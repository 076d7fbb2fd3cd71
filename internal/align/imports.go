package align

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/astimports"
	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/pinner"
)

// A choice is where the blank imports go.
type choice struct {
	Files    importgraph.Files // every Go file that changes against the bare tree, or holds own imports now
	unpinned []unpinned
}

// ChooseImports chooses a blank import for each pinned module that pinfix moves and
// that the plugin does not import itself. One that is at the server's version without
// pinfix keeps its line.
func (a *Aligner) ChooseImports(l *importgraph.Listing, pins []pinner.Pin) (choice, error) {
	c := choice{Files: maps.Clone(a.Bare)}
	if a.Options.Imports == "none" || a.OwnTree() {
		return c, nil
	}
	bare, err := a.unconstrained(l, a.Bare)
	if err != nil {
		return c, err
	}
	im := a.Sources.NewImports(l, buildctx.Of(a.Server), bare)
	direct, err := im.Direct()
	if err != nil {
		return c, err
	}
	wanted := transitive(pins, l.Versions(), func(p pinner.Pin) bool { return direct[p.Path] || a.Plugin.User.Keeps(p, a.selected(p.Path)) })
	for _, root := range l.Roots {
		if len(wanted) == 0 {
			break
		}
		file, err := a.importsFile(im, l, root)
		if err != nil {
			return c, err
		}
		if file == "" {
			continue
		}
		if err := a.importInto(&c, im, root, file, wanted); err != nil {
			return c, err
		}
	}
	for _, m := range slices.Sorted(maps.Keys(wanted)) {
		c.unpinned = append(c.unpinned, unpinned{m, "no package of it can be imported without adding code on some platform; it stays // indirect"})
	}
	return c, nil
}

// importInto adds what root can import of wanted to file, and takes it off
// wanted.
func (a *Aligner) importInto(c *choice, im *importgraph.Imports, root *importgraph.Package, file string, wanted map[string]bool) error {
	src, err := a.source(c.Files, file, root.Name)
	if err != nil {
		return err
	}
	built := src
	if root.File() {
		built = importgraph.Unconstrained(src)
	}
	found, err := im.Reachable(root, filepath.Join(a.Plugin.Root, filepath.FromSlash(file)), built, wanted)
	if err != nil || len(found) == 0 {
		return err
	}
	paths := slices.Sorted(maps.Values(found))
	out, err := astimports.Set(file, src, paths)
	if err != nil {
		return fault.New("name another file with --imports-file, or leave them out with --imports none", "%w", err)
	}
	c.Files[file] = out
	for module := range found {
		delete(wanted, module)
	}
	return nil
}

// importsFile returns the file of root that takes blank imports; "" if root has
// none to offer.
func (a *Aligner) importsFile(im *importgraph.Imports, l *importgraph.Listing, root *importgraph.Package) (string, error) {
	if a.Plugin.File == "" {
		return im.Entry(a.Plugin.Root, root)
	}
	dir := filepath.Join(a.Plugin.Root, filepath.FromSlash(path.Dir(a.Plugin.File)))
	if root.Dir == dir {
		return a.Plugin.File, nil
	}
	if !slices.ContainsFunc(l.Roots, func(r *importgraph.Package) bool { return r.Dir == dir }) {
		return "", fault.New("name a file in the directory of a main package", "--imports-file %s: no main package there", a.Plugin.File)
	}
	return "", nil
}

// source returns the bare content of a Go file, or that of a new one.
func (a *Aligner) source(files importgraph.Files, file, name string) ([]byte, error) {
	if src, ok := files[file]; ok {
		return src, nil
	}
	src, err := a.Sources.ReadFile(filepath.Join(a.Plugin.Root, filepath.FromSlash(file)))
	if errors.Is(err, fs.ErrNotExist) {
		return []byte("package " + name + "\n"), nil
	}
	return src, err
}

// selected returns the version of a module that the user's own go.mod selects; "" where
// its graph is not loaded, as for check, or where the server's source is lent to it.
func (a *Aligner) selected(path string) string {
	if a.Base == nil || a.ServerSource != nil {
		return ""
	}
	return a.Base.Selected(path)
}

// transitive returns the pinned modules that are linked and that need an import.
func transitive(pins []pinner.Pin, linked map[string]string, needless func(pinner.Pin) bool) map[string]bool {
	out := map[string]bool{}
	for _, p := range pins {
		if _, ok := linked[p.Path]; ok && !needless(p) {
			out[p.Path] = true
		}
	}
	return out
}

// ImportPaths returns the own imports of a file.
func ImportPaths(file string, src []byte) ([]string, error) {
	if !bytes.Contains(src, []byte(astimports.Mark)) {
		return nil, nil
	}
	paths, err := astimports.Owned(file, src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return paths, nil
}

// ByPath indexes the require lines of a go.mod.
func ByPath(m *pinner.Mod) map[string]*modfile.Require {
	out := map[string]*modfile.Require{}
	for _, r := range m.Require {
		if out[r.Mod.Path] == nil {
			out[r.Mod.Path] = r
		}
	}
	return out
}

// LineOf returns the line that imports path, from 1.
func LineOf(src []byte, path string) int {
	n := 0
	for line := range strings.Lines(string(src)) {
		n++
		if strings.Contains(line, `"`+path+`"`) {
			return n
		}
	}
	return 0
}
