package plugin

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/place"
)

// IsWalk reports whether an argument stands for all modules below a directory:
// "./..." or "DIR/...". "..." alone, which go takes for every package there is,
// does not.
func IsWalk(arg string) bool {
	_, ok := strings.CutSuffix(filepath.ToSlash(arg), "/...")
	return ok
}

// Modules returns the roots of all modules that pattern stands for, "./..." or
// "DIR/...", sorted, as paths that begin with dir, where the pattern is relative
// to it. Modules below others are modules of their own.
//
// As with the go command's patterns (go help packages), directories called
// vendor or testdata, or that begin with "." or "_", are not looked into, and
// symbolic links are not followed; the directory of the pattern itself is looked
// into whatever it is. seen is told each directory that is looked into and each
// go.mod there, and may be nil. No go command runs. A directory that cannot be read is an
// error: a module in it would be left out in silence.
func Modules(dir, pattern string, seen func(name string)) ([]string, error) {
	const next = "name a directory with modules below it, as in ./..."
	top := filepath.FromSlash(strings.TrimSuffix(filepath.ToSlash(pattern), "..."))
	if !filepath.IsAbs(top) {
		top = filepath.Join(dir, top)
	}
	top = filepath.Clean(top)
	var roots []string
	err := mains.WalkAll(mains.Seen(top, seen), func(dir string, entries []fs.DirEntry) error {
		for _, e := range entries {
			if e.Name() != "go.mod" {
				continue
			}
			full := filepath.Join(top, filepath.FromSlash(dir))
			name := filepath.Join(full, e.Name())
			if seen != nil {
				seen(name) // a link leads to a file, or will
			}
			if isFile(name, e) {
				roots = append(roots, full)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fault.With(err, next) // an fs.PathError names the directory
	}
	if len(roots) == 0 {
		return nil, fault.New(next, "no go.mod in or below %s", top)
	}
	slices.Sort(roots)
	return roots, nil
}

// IsRoot reports whether module, as [Modules] returns it, is the one that dir is in.
func IsRoot(dir, module string) bool {
	root := Root(dir)
	return root != "" && place.Same(root, module)
}

// IsPlugin reports whether the module in root has a main package that may be a plugin, so
// that a walk does not leave it out.
func IsPlugin(root string) bool {
	kind, err := mains.KindOf(root, nil)
	return err == nil && kind == mains.Plugins
}

// isFile reports whether a go.mod makes a module: a file, or a link to one.
func isFile(name string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return !e.IsDir()
	}
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// Workspaces returns the go.work files that the go command would take for the
// modules: $GOWORK, else the nearest above each. pinfix leaves them out, since a
// plugin that is built in one has other labels.
func Workspaces(modules []string, gowork string) []string {
	switch gowork {
	case "":
	case "off":
		return nil
	default:
		return []string{gowork}
	}
	var out []string
	for _, dir := range modules {
		abs, err := filepath.Abs(dir)
		if err != nil {
			continue
		}
		for up := "."; ; up = filepath.Join(up, "..") {
			name := filepath.Join(dir, up, "go.work")
			if info, err := os.Stat(name); err == nil && !info.IsDir() {
				out = append(out, name)
				break
			}
			if d := filepath.Join(abs, up); d == filepath.Dir(d) {
				break
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
