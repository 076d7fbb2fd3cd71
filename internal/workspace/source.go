package workspace

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
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/pinner"
)

// A Source is a directory with the server's source, as far as can be told of
// the very commit that the server was built from.
type Source struct {
	Dir      string // absolute, symlinks resolved
	Path     string // of its module
	mod      *pinner.Mod
	more     []Used // of the go.work that the server was built in
	Warnings []string
	Doubt    string // what is not known of the directory; "" where it is at the very commit
}

// A Used is a module of the server's workspace, whose packages have no
// version in their label either.
type Used struct {
	Path, Dir string
	mod       *pinner.Mod
}

// Has reports whether the packages of a module get the server's label.
func (src *Source) Has(path string) bool {
	_, ok := src.Module(path)
	return ok
}

// Module returns the one of this path.
func (src *Source) Module(path string) (Used, bool) {
	if src == nil {
		return Used{}, false
	}
	all := src.all()
	i := slices.IndexFunc(all, func(m Used) bool { return m.Path == path })
	if i < 0 {
		return Used{}, false
	}
	return all[i], true
}

// Replacement returns the directory that the server's source replaces a module by, "" for
// none.
func (src *Source) Replacement(path string) string {
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

// Others are all modules but the plugin's own: it may be in the server's tree.
func (src *Source) Others(plugin string) []Used {
	return slices.DeleteFunc(src.all(), func(m Used) bool { return m.Path == plugin })
}

// all are the modules that a go.work must use next to the plugin.
func (src *Source) all() []Used {
	return append([]Used{{src.Path, src.Dir, src.mod}}, src.more...)
}

// Mods returns the go.mod files of all modules of the source, the server's own first.
func (src *Source) Mods() []*pinner.Mod {
	var out []*pinner.Mod
	for _, m := range src.all() {
		out = append(out, m.mod)
	}
	return out
}

const nextSource = "name the directory that holds the go.mod of the server's source"

// ReadSource reads --server-source and checks that it is the server's: the
// module, and the commit or, where no one knows that, the requirements.
func ReadSource(ctx context.Context, environ []string, s *pinner.Server, dir string) (*Source, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, fault.OfSetting("--server-source", dir, nextSource, "%w", fault.Cause(err))
	}
	data, err := bounded.ReadFile(filepath.Join(abs, "go.mod"), bounded.Mod)
	if err != nil {
		return nil, fault.OfSetting("--server-source", dir, nextSource, "go.mod: %w", fault.Cause(err))
	}
	src := &Source{Dir: abs}
	if src.mod, err = pinner.ParseMod(filepath.Join(dir, "go.mod"), data); err != nil {
		return nil, hidden(filepath.Join(abs, "go.mod"), err, nextSource)
	}
	src.Path = src.mod.Module.Mod.Path
	if err := src.belongs(s, dir); err != nil {
		return nil, err
	}
	if err := src.workspace(s, dir); err != nil {
		return nil, err
	}
	known, err := src.commit(ctx, environ, s, dir)
	if len(src.Warnings) > 0 || !s.Trimmed() {
		src.Doubt = fmt.Sprintf("whether %s holds the source that the server was built from", place.FromHere(src.Dir))
	}
	if err != nil || known {
		return src, err
	}
	return src, src.requirements(s, dir)
}

// belongs reports by an error that the module in dir is none of the server's own.
func (src *Source) belongs(s *pinner.Server, dir string) error {
	own := s.Own()
	switch {
	case slices.Contains(own, src.Path):
		return nil
	case s.Installed != nil:
		return fault.OfSetting("--server-source", dir, "leave --server-source out, and require "+s.Installed.Version.String()+" in go.mod", "the server was installed as %s, so its packages have that version in their label", s.Installed.Version)
	case len(own) == 0:
		return fault.OfSetting("--server-source", dir, "leave --server-source out", "the server's build info names no module of its own")
	case len(own) == 1:
		return fault.OfSetting("--server-source", dir, nextSource, "it is module %s, the server's is %s", src.Path, own[0])
	}
	return fault.OfSetting("--server-source", dir, nextSource, "it is module %s, the server's are %s", src.Path, strings.Join(own, ", "))
}

// workspace finds the modules that the server was built with in a go.work: the one
// next to or above its source uses them.
func (src *Source) workspace(s *pinner.Server, dir string) error {
	want := map[string]bool{}
	for _, path := range s.Own() {
		want[path] = true
	}
	delete(want, src.Path)
	if len(want) == 0 {
		return nil
	}
	root := src.Dir
	data, err := bounded.ReadFile(filepath.Join(root, Name), bounded.Mod)
	for err != nil && filepath.Dir(root) != root {
		root = filepath.Dir(root)
		data, err = bounded.ReadFile(filepath.Join(root, Name), bounded.Mod)
	}
	var work *modfile.WorkFile
	if err == nil {
		if work, err = modfile.ParseWork(filepath.Join(root, Name), data, nil); err != nil {
			return hidden(filepath.Join(root, Name), err, "correct the file, or check out another copy of the source")
		}
		for _, u := range work.Use {
			m, err := readUsed(place.RealDir(root, u.Path))
			if err == nil && want[m.Path] {
				src.more = append(src.more, m)
				delete(want, m.Path)
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

func readUsed(dir string) (Used, error) {
	data, err := bounded.ReadFile(filepath.Join(dir, "go.mod"), bounded.Mod)
	if err != nil || dir == "" {
		return Used{}, cmp.Or(err, fs.ErrNotExist)
	}
	mod, err := pinner.ParseMod("go.mod", data)
	if err != nil {
		return Used{}, err
	}
	return Used{mod.Module.Mod.Path, dir, mod}, nil
}

func (src *Source) warn(format string, args ...any) {
	src.Warnings = append(src.Warnings, fmt.Sprintf(format, args...))
}

// Lend lets the module graph of the plugin at root take the server's module from
// its source: a replace line in mod, which is never written. takeBack takes it
// out.
func (src *Source) Lend(mod *pinner.Mod, root string) error {
	for _, m := range src.Others(mod.Module.Mod.Path) {
		if err := m.lend(mod, root); err != nil {
			return err
		}
	}
	return nil
}

func (m Used) lend(mod *pinner.Mod, root string) error {
	for _, r := range mod.Replace {
		if r.Old.Path != m.Path {
			continue
		}
		if r.New.Version == "" && place.RealDir(root, r.New.Path) == m.Dir {
			return nil // the user's own way to the same end
		}
		return fault.New("remove that line: the go.work gives the server's source", "go.mod:%d: replace %s => %s", r.Syntax.Start.Line, r.Old, r.New)
	}
	if err := mod.AddReplace(m.Path, "", m.Dir, ""); err != nil {
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
func (m Used) directories() []modfile.Replace {
	var out []modfile.Replace
	for _, r := range m.mod.Replace {
		if dir := place.RealDir(m.Dir, r.New.Path); r.New.Version == "" && dir != "" {
			out = append(out, modfile.Replace{Old: r.Old, New: module.Version{Path: dir}})
		}
	}
	return out
}

// TakeBack takes the loan out of mod. A requirement that user did not have goes,
// too: tidy has made up a version for it, and in a workspace none is needed.
func (src *Source) TakeBack(mod, user *pinner.Mod) error {
	for _, m := range src.Others(user.Module.Mod.Path) {
		if !slices.ContainsFunc(user.Require, func(r *modfile.Require) bool { return r.Mod.Path == m.Path }) {
			if err := mod.DropRequire(m.Path); err != nil {
				return err
			}
		}
		lent := append(m.directories(), modfile.Replace{Old: module.Version{Path: m.Path}, New: module.Version{Path: m.Dir}})
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

// Lent returns a copy of mod with the loan; mod itself where there is no source.
func (src *Source) Lent(mod *pinner.Mod, root string) (*pinner.Mod, error) {
	if src == nil {
		return mod, nil
	}
	c, err := mod.Clone()
	if err != nil {
		return nil, err
	}
	return c, src.Lend(c, root)
}

// Without is read without what the modules of src ask for: the plugin's own
// versions, not the workspace's.
func Without(src *Source, read pinner.Source) pinner.Source {
	if src == nil {
		return read
	}
	return func(vs []module.Version) (map[module.Version]*pinner.Summary, error) {
		got, err := read(vs)
		for v := range got {
			if slices.ContainsFunc(src.all(), func(m Used) bool { return v.Path == m.Path || v.Path == m.Dir }) {
				got[v] = &pinner.Summary{Go: got[v].Go}
			}
		}
		return got, err
	}
}
