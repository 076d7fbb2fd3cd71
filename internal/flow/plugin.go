package flow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/syntax"
	"github.com/pinfix/pinfix/pinner"
)

// plugin is the plugin's module as it is.
type plugin struct {
	root     string      // symlinks resolved
	raw      []byte      // go.mod
	now      *pinner.Mod // go.mod as it is
	user     *pinner.Mod // go.mod without pinfix's earlier changes
	patterns []string    // --package, as go list takes it in root
	file     string      // --imports-file below root, slashes; ""
}

// readPlugin finds and reads the module around o.Dir. A go.sum that does not parse is an
// error here: no go command would do anything with it.
func readPlugin(o Options) (*plugin, error) {
	p, err := readPluginBy(o, readText)
	if err != nil {
		return nil, err
	}
	if sum, err := readText(filepath.Join(p.root, "go.sum")); err == nil {
		if at := syntax.Sum("go.sum", sum); at != nil {
			return nil, at
		}
	}
	return p, nil
}

func readText(name string) ([]byte, error) { return bounded.ReadFile(name, bounded.Mod) }

// readPluginBy reads go.mod with read.
func readPluginBy(o Options, read func(name string) ([]byte, error)) (*plugin, error) {
	dir, root, err := pluginRoot(o.Dir)
	if err != nil {
		return nil, err
	}
	p := &plugin{root: root}
	name := filepath.Join(root, "go.mod")
	raw, err := read(name)
	if err != nil {
		return nil, cannotRead(name, err)
	}
	if err := p.setMod(raw); err != nil {
		return nil, bounded.Hide(name, err)
	}
	for _, pattern := range o.Packages {
		q, err := packagePattern(root, dir, pattern)
		if err != nil {
			return nil, err
		}
		p.patterns = append(p.patterns, q)
	}
	if o.ImportsFile != "" {
		if p.file, err = importsFile(root, dir, o.ImportsFile); err != nil {
			return nil, fault("name a .go file of the plugin", "--imports-file %s: %w", o.ImportsFile, err)
		}
	}
	return p, nil
}

// pluginRoot returns the directory that -C means and the root of the module that
// it is in, symlinks resolved.
func pluginRoot(c string) (dir, root string, err error) {
	if dir, err = filepath.Abs(c); err != nil {
		return "", "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", "", fault("name the plugin's directory with -C", "-C %s: %w", c, cause(err))
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return "", "", fault("name the plugin's directory with -C", "-C %s: not a directory", c)
	}
	root, err = moduleRoot(dir)
	return dir, root, err
}

// setMod takes the text of go.mod.
func (p *plugin) setMod(raw []byte) (err error) {
	p.raw = raw
	if p.now, err = parse(raw); err != nil {
		return err
	}
	if p.user, err = parse(raw); err != nil {
		return err
	}
	if err := p.user.Restore(); err != nil {
		return fmt.Errorf("go.mod: %w", err)
	}
	return nil
}

func parse(data []byte) (*pinner.Mod, error) {
	mod, err := pinner.ParseMod("go.mod", data)
	var list modfile.ErrorList
	if errors.As(err, &list) {
		if at := syntax.Conflict("go.mod", data); at != nil {
			return nil, at
		}
		return nil, &Error{list, "correct go.mod; go mod edit -json shows how Go reads it"}
	}
	return mod, err
}

// moduleRoot returns the nearest directory with a go.mod, from dir upwards.
// Like the go command it skips directories of that name.
func moduleRoot(dir string) (string, error) {
	for d := dir; ; d = filepath.Dir(d) {
		name := filepath.Join(d, "go.mod")
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			return d, nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return "", cannotRead(name, err)
		}
		if filepath.Dir(d) == d {
			return "", &noModuleError{dir}
		}
	}
}

// A noModuleError is that of a directory which is in no module.
type noModuleError struct{ dir string }

func (e *noModuleError) Error() string {
	if below := e.below(); below != "" {
		return fmt.Sprintf("no go.mod in %s or above it; there is one below, in %s", e.dir, below)
	}
	return fmt.Sprintf("no go.mod in %s or above it", e.dir)
}

// NextStep says what the user can do.
func (e *noModuleError) NextStep() string {
	if below := e.below(); below != "" {
		return "name that directory with -C " + shell.Quote(below)
	}
	return "name the plugin's directory with -C, or make a module there with go mod init"
}

// below returns the first directory in dir, or in one of its directories, that has a
// go.mod, named from where pinfix runs; "" if there is none. It looks no deeper, since dir
// may be a home directory.
func (e *noModuleError) below() string {
	dirs := []string{e.dir}
	for range 2 {
		var inner []string
		for _, dir := range dirs {
			entries, _ := os.ReadDir(dir) // what cannot be read is no help
			for _, entry := range entries {
				if name := filepath.Join(dir, entry.Name()); entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
					if info, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && info.Mode().IsRegular() {
						return fromHere(name)
					}
					inner = append(inner, name)
				}
			}
		}
		dirs = inner
	}
	return ""
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// cause leaves out the operation and the name of an [fs.PathError].
func cause(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// cannotRead is the fault of a file that cannot be read; without a name it is the
// one that the error names.
func cannotRead(name string, err error) error {
	var next interface{ NextStep() string }
	if errors.As(err, &next) {
		return err
	}
	var e *fs.PathError
	if errors.As(err, &e) && name == "" {
		name = e.Path
	}
	return fault("make it a file that you can read", "%s: %w", name, cause(err))
}

// packagePattern turns a --package value, relative to dir, into one relative to
// root. Import paths stay.
func packagePattern(root, dir, value string) (string, error) {
	if value == "" {
		return "", fault("name a main package of the module, or a Go file of one", "--package: an empty name")
	}
	local := value == "." || value == ".." || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "../") ||
		filepath.IsAbs(value) || strings.HasSuffix(value, ".go")
	if !local {
		return value, nil
	}
	rel, err := below(root, dir, value)
	if err != nil {
		return "", fault("name a main package of the module, or a Go file of one", "--package %s: %w", value, err)
	}
	if !strings.HasSuffix(value, "...") {
		if _, err := os.Stat(filepath.Join(root, rel)); err != nil {
			return "", fault("name a main package of the module, or a Go file of one", "--package %s: no such file or directory", value)
		}
	}
	if rel == "." {
		return ".", nil
	}
	return "./" + rel, nil
}

// importsFile checks --imports-file, relative to dir, and returns it below root.
func importsFile(root, dir, value string) (string, error) {
	rel, err := below(root, dir, value)
	if err != nil || !strings.HasSuffix(rel, ".go") {
		return "", errors.New("not a Go file of the module")
	}
	if strings.HasSuffix(rel, "_test.go") {
		return "", errors.New("a test file is not part of the plugin")
	}
	if info, err := os.Stat(filepath.Join(root, filepath.FromSlash(rel))); err == nil && !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	return rel, nil
}

// below returns value, relative to dir, as a slash path below root.
func below(root, dir, value string) (string, error) {
	if !filepath.IsAbs(value) {
		value = filepath.Join(dir, value)
	}
	rel, err := filepath.Rel(root, value)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("not below the module root %s", root)
	}
	return filepath.ToSlash(rel), nil
}
