package flow

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/pinner"
)

// A serverSource is a directory with the server's source, as far as can be told of
// the very commit that the server was built from.
type serverSource struct {
	dir      string // absolute, symlinks resolved
	path     string // of its module
	mod      *pinner.Mod
	more     []usedModule // of the go.work that the server was built in
	warnings []string
	doubt    string // what is not known of the directory; "" where it is at the very commit
}

// A usedModule is a module of the server's workspace, whose packages have no
// version in their label either.
type usedModule struct {
	path, dir string
	mod       *pinner.Mod
}

// has reports whether the packages of a module get the server's label.
func (src *serverSource) has(path string) bool {
	_, ok := src.module(path)
	return ok
}

// module returns the one of this path.
func (src *serverSource) module(path string) (usedModule, bool) {
	if src == nil {
		return usedModule{}, false
	}
	all := src.all()
	i := slices.IndexFunc(all, func(m usedModule) bool { return m.path == path })
	if i < 0 {
		return usedModule{}, false
	}
	return all[i], true
}

// replacement returns the directory that the server's source replaces a module by, "" for
// none.
func (src *serverSource) replacement(path string) string {
	if src == nil {
		return ""
	}
	for _, m := range src.all() {
		for _, r := range m.directories() {
			if r.Old.Path == path {
				return r.New.Path
			}
		}
	}
	return ""
}

// others are all modules but the plugin's own: it may be in the server's tree.
func (src *serverSource) others(plugin string) []usedModule {
	return slices.DeleteFunc(src.all(), func(m usedModule) bool { return m.path == plugin })
}

// all are the modules that a go.work must use next to the plugin.
func (src *serverSource) all() []usedModule {
	return append([]usedModule{{src.path, src.dir, src.mod}}, src.more...)
}

func (src *serverSource) mods() []*pinner.Mod {
	var out []*pinner.Mod
	for _, m := range src.all() {
		out = append(out, m.mod)
	}
	return out
}

const nextSource = "name the directory that holds the go.mod of the server's source"

// readSource reads --server-source and checks that it is the server's: the
// module, and the commit or, where no one knows that, the requirements.
func readSource(ctx context.Context, environ []string, s *pinner.Server, dir string) (*serverSource, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, fault.New(nextSource, "--server-source %s: %w", dir, fault.Cause(err))
	}
	data, err := bounded.ReadFile(filepath.Join(abs, "go.mod"), bounded.Mod)
	if err != nil {
		return nil, fault.New(nextSource, "--server-source %s: go.mod: %w", dir, fault.Cause(err))
	}
	src := &serverSource{dir: abs}
	if src.mod, err = pinner.ParseMod(filepath.Join(dir, "go.mod"), data); err != nil {
		return nil, hidden(filepath.Join(abs, "go.mod"), err, nextSource)
	}
	src.path = src.mod.Module.Mod.Path
	if err := src.belongs(s, dir); err != nil {
		return nil, err
	}
	if err := src.workspace(s, dir); err != nil {
		return nil, err
	}
	known, err := src.commit(ctx, environ, s, dir)
	if len(src.warnings) > 0 || !s.Trimmed() {
		src.doubt = fmt.Sprintf("whether %s holds the source that the server was built from", fromHere(src.dir))
	}
	if err != nil || known {
		return src, err
	}
	return src, src.requirements(s, dir)
}

// belongs reports by an error that the module in dir is none of the server's own.
func (src *serverSource) belongs(s *pinner.Server, dir string) error {
	own := s.Own()
	switch {
	case slices.Contains(own, src.path):
		return nil
	case s.Installed != nil:
		return fault.New("leave --server-source out, and require "+s.Installed.Version.String()+" in go.mod",
			"--server-source %s: the server was installed as %s, so its packages have that version in their label", dir, s.Installed.Version)
	case len(own) == 0:
		return fault.New("leave --server-source out", "--server-source %s: the server's build info names no module of its own", dir)
	case len(own) == 1:
		return fault.New(nextSource, "--server-source %s: it is module %s, the server's is %s", dir, src.path, own[0])
	}
	return fault.New(nextSource, "--server-source %s: it is module %s, the server's are %s", dir, src.path, strings.Join(own, ", "))
}

// workspace finds the modules that the server was built with in a go.work: the one
// next to or above its source uses them.
func (src *serverSource) workspace(s *pinner.Server, dir string) error {
	want := map[string]bool{}
	for _, path := range s.Own() {
		want[path] = true
	}
	delete(want, src.path)
	if len(want) == 0 {
		return nil
	}
	root := src.dir
	data, err := bounded.ReadFile(filepath.Join(root, workName), bounded.Mod)
	for err != nil && filepath.Dir(root) != root {
		root = filepath.Dir(root)
		data, err = bounded.ReadFile(filepath.Join(root, workName), bounded.Mod)
	}
	var work *modfile.WorkFile
	if err == nil {
		if work, err = modfile.ParseWork(filepath.Join(root, workName), data, nil); err != nil {
			return hidden(filepath.Join(root, workName), err, "correct the file, or check out another copy of the source")
		}
		for _, u := range work.Use {
			m, err := readUsed(realDir(root, u.Path))
			if err == nil && want[m.path] {
				src.more = append(src.more, m)
				delete(want, m.path)
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		src.warn("the server was built in a go.work that uses %s; none above %s does, so its packages cannot be matched", path, dir)
	}
	return nil
}

// hidden is an error of the text in the file called name, as far as that is shown.
func hidden(name string, err error, next string) error {
	if h := bounded.Hidden(name); h != nil {
		return h
	}
	return fault.With(err, next)
}

func readUsed(dir string) (usedModule, error) {
	data, err := bounded.ReadFile(filepath.Join(dir, "go.mod"), bounded.Mod)
	if err != nil || dir == "" {
		return usedModule{}, cmp.Or(err, fs.ErrNotExist)
	}
	mod, err := pinner.ParseMod("go.mod", data)
	if err != nil {
		return usedModule{}, err
	}
	return usedModule{mod.Module.Mod.Path, dir, mod}, nil
}

func (src *serverSource) warn(format string, args ...any) {
	src.warnings = append(src.warnings, fmt.Sprintf(format, args...))
}

// lend lets the module graph of the plugin at root take the server's module from
// its source: a replace line in mod, which is never written. takeBack takes it
// out.
func (src *serverSource) lend(mod *pinner.Mod, root string) error {
	for _, m := range src.others(mod.Module.Mod.Path) {
		if err := m.lend(mod, root); err != nil {
			return err
		}
	}
	return nil
}

func (m usedModule) lend(mod *pinner.Mod, root string) error {
	for _, r := range mod.Replace {
		if r.Old.Path != m.path {
			continue
		}
		if r.New.Version == "" && realDir(root, r.New.Path) == m.dir {
			return nil // the user's own way to the same end
		}
		return fault.New("remove that line: the go.work gives the server's source", "go.mod:%d: replace %s => %s", r.Syntax.Start.Line, r.Old, r.New)
	}
	if err := mod.AddReplace(m.path, "", m.dir, ""); err != nil {
		return err
	}
	for _, r := range m.directories() {
		if !slices.ContainsFunc(mod.Replace, func(have *modfile.Replace) bool { return have.Old.Path == r.Old.Path }) {
			if err := mod.AddReplace(r.Old.Path, r.Old.Version, r.New.Path, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// directories are the module's replacements by directories, which hold in a
// workspace, made absolute.
func (m usedModule) directories() []modfile.Replace {
	var out []modfile.Replace
	for _, r := range m.mod.Replace {
		if dir := realDir(m.dir, r.New.Path); r.New.Version == "" && dir != "" {
			out = append(out, modfile.Replace{Old: r.Old, New: module.Version{Path: dir}})
		}
	}
	return out
}

// takeBack takes the loan out of mod. A requirement that user did not have goes,
// too: tidy has made up a version for it, and in a workspace none is needed.
func (src *serverSource) takeBack(mod, user *pinner.Mod) error {
	for _, m := range src.others(user.Module.Mod.Path) {
		if !slices.ContainsFunc(user.Require, func(r *modfile.Require) bool { return r.Mod.Path == m.path }) {
			if err := mod.DropRequire(m.path); err != nil {
				return err
			}
		}
		lent := append(m.directories(), modfile.Replace{Old: module.Version{Path: m.path}, New: module.Version{Path: m.dir}})
		for _, r := range lent {
			if slices.ContainsFunc(mod.Replace, func(have *modfile.Replace) bool { return have.Old == r.Old && have.New == r.New }) {
				if err := mod.DropReplace(r.Old.Path, r.Old.Version); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// realDir returns a directory that is named relative to root, symlinks resolved;
// "" if it is not there.
func realDir(root, dir string) string {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return ""
	}
	return real
}
