package wants

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"

	"github.com/pinfix/pinfix/astimports"
	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/pinner"
)

// A Choice is where the blank imports go.
type Choice struct {
	Files    importgraph.Files // every Go file that changes against the bare tree, or holds own imports now
	Unpinned []Unpinned
}

// Unpinned is a module that no blank import keeps, and why.
type Unpinned struct{ Module, Why string }

// ChooseImports chooses a blank import for each pinned module that pinfix moves and
// that the plugin does not import itself. One that is at the server's version without
// pinfix keeps its line: base is the graph of the user's own go.mod, or nil where that is
// not loaded, as for check. bare are the files that hold pinfix's imports, without those.
func (c *Case) ChooseImports(sources *importgraph.Sources, bare importgraph.Files, l *importgraph.Listing, pins []pinner.Pin, base *pinner.Graph) (Choice, error) {
	choice := Choice{Files: maps.Clone(bare)}
	if c.Options.Imports == "none" || c.OwnTree() {
		return choice, nil
	}
	bare, err := Unconstrained(sources, l, bare)
	if err != nil {
		return choice, err
	}
	im := sources.NewImports(l, buildctx.Of(c.Server), bare)
	direct, err := im.Direct()
	if err != nil {
		return choice, err
	}
	selected := func(path string) string {
		if base == nil || c.ServerSource != nil { // the server's source is lent to the graph
			return ""
		}
		return base.Selected(path)
	}
	wanted := transitive(pins, l.Versions(), func(p pinner.Pin) bool { return direct[p.Path] || c.Plugin.User.Keeps(p, selected(p.Path)) })
	for _, root := range l.Roots {
		if len(wanted) == 0 {
			break
		}
		file, err := c.importsFile(im, l, root)
		if err != nil {
			return choice, err
		}
		if file == "" {
			continue
		}
		found, err := importInto(sources, choice.Files, im, root, file, wanted)
		if err != nil {
			return choice, err
		}
		for module := range found {
			delete(wanted, module)
		}
	}
	for _, m := range slices.Sorted(maps.Keys(wanted)) {
		choice.Unpinned = append(choice.Unpinned, Unpinned{m, "no package of it can be imported without adding code on some platform; it stays // indirect"})
	}
	return choice, nil
}

// importInto adds what root can import of wanted to file, and returns the package for each
// of these modules.
func importInto(sources *importgraph.Sources, files importgraph.Files, im *importgraph.Imports, root *importgraph.Package, file string, wanted map[string]bool) (map[string]string, error) {
	src, err := source(sources, files, file, root.Name)
	if err != nil {
		return nil, err
	}
	built := src
	if root.File() {
		built = importgraph.Unconstrained(src)
	}
	found, err := im.Reachable(root, filepath.Join(sources.Root, filepath.FromSlash(file)), built, wanted)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	paths := slices.Sorted(maps.Values(found))
	out, err := astimports.Set(file, src, paths)
	if err != nil {
		return nil, fault.New("name another file with --imports-file, or leave them out with --imports none", "%w", err)
	}
	files[file] = out
	return found, nil
}

// Unconstrained returns files with each plugin that is given as a file without
// its build constraint, as go build takes it, and tidy would not.
func Unconstrained(sources *importgraph.Sources, l *importgraph.Listing, files importgraph.Files) (importgraph.Files, error) {
	files = maps.Clone(files)
	for _, root := range l.Roots {
		if !root.File() {
			continue
		}
		rel, err := filepath.Rel(sources.Root, root.ImportPath)
		if err != nil {
			return nil, err
		}
		name := filepath.ToSlash(rel)
		src, err := source(sources, files, name, root.Name)
		if err != nil {
			return nil, err
		}
		if out := importgraph.Unconstrained(src); !bytes.Equal(out, src) {
			files[name] = out
		}
	}
	return files, nil
}

// source returns the bare content of a Go file, or that of a new one.
func source(sources *importgraph.Sources, files importgraph.Files, file, name string) ([]byte, error) {
	if src, ok := files[file]; ok {
		return src, nil
	}
	src, err := sources.ReadFile(filepath.Join(sources.Root, filepath.FromSlash(file)))
	if errors.Is(err, fs.ErrNotExist) {
		return []byte("package " + name + "\n"), nil
	}
	return src, err
}

// importsFile returns the file of root that takes blank imports; "" if root has
// none to offer.
func (c *Case) importsFile(im *importgraph.Imports, l *importgraph.Listing, root *importgraph.Package) (string, error) {
	if c.Plugin.File == "" {
		return im.Entry(c.Plugin.Root, root)
	}
	dir := filepath.Join(c.Plugin.Root, filepath.FromSlash(path.Dir(c.Plugin.File)))
	if root.Dir == dir {
		return c.Plugin.File, nil
	}
	if !slices.ContainsFunc(l.Roots, func(r *importgraph.Package) bool { return r.Dir == dir }) {
		return "", fault.OfSetting("--imports-file", c.Plugin.File, "name a file in the directory of a main package", "no main package there")
	}
	return "", nil
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
