// Package plugin reads the plugin's module as it is ([Read]): where its root is, its go.mod with
// and without pinfix's marks, its main packages and which of these are plugins. It writes
// nothing.
package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/syntax"
	"github.com/pinfix/pinfix/pinner"
)

// Plugin is the plugin's module as it is.
type Plugin struct {
	Root     string      // symlinks resolved
	Raw      []byte      // go.mod
	Now      *pinner.Mod // go.mod as it is
	User     *pinner.Mod // go.mod without pinfix's earlier changes
	Patterns []string    // --package, as go list takes it in root
	File     string      // --imports-file below root, slashes; ""
}

// Read finds and reads the module around dir, of which packages and file are what --package
// and --imports-file name. A go.sum that does not parse is an error here: no go command would
// do anything with it.
func Read(dir string, packages []string, file string) (*Plugin, error) {
	p, err := ReadBy(dir, packages, file, ReadText)
	if err != nil {
		return nil, err
	}
	if sum, err := ReadText(filepath.Join(p.Root, "go.sum")); err == nil {
		if at := syntax.Sum("go.sum", sum); at != nil {
			return nil, at
		}
	}
	return p, nil
}

// ReadText reads a file of the module's description, such as go.mod, to a limit.
func ReadText(name string) ([]byte, error) { return bounded.ReadFile(name, bounded.Mod) }

// ReadBy reads go.mod with read.
func ReadBy(dir string, packages []string, file string, read func(name string) ([]byte, error)) (*Plugin, error) {
	dir, root, err := Locate(dir)
	if err != nil {
		return nil, err
	}
	p := &Plugin{Root: root}
	name := filepath.Join(root, "go.mod")
	raw, err := read(name)
	if err != nil {
		return nil, fault.CannotRead(name, err)
	}
	if err := p.setMod(raw); err != nil {
		return nil, bounded.Hide(name, err)
	}
	for _, pattern := range packages {
		q, err := packagePattern(root, dir, pattern)
		if err == nil && q == pattern {
			err = meantDirectory(p.Now.Module.Mod.Path, dir, pattern)
		}
		if err != nil {
			return nil, err
		}
		p.Patterns = append(p.Patterns, q)
	}
	if file != "" {
		if p.File, err = importsFile(root, dir, file); err != nil {
			return nil, fault.OfSetting("--imports-file", file, "name a .go file of the plugin", "%w", err)
		}
	}
	return p, nil
}

// Locate returns the directory that -C means and the root of the module that
// it is in, symlinks resolved.
func Locate(c string) (dir, root string, err error) {
	if dir, err = filepath.Abs(c); err != nil {
		return "", "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", "", fault.New("name the plugin's directory with -C", "-C %s: %w", c, fault.Cause(err))
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return "", "", fault.New("name the plugin's directory with -C", "-C %s: not a directory", c)
	}
	root, err = ModuleRoot(dir)
	return dir, root, err
}

// setMod takes the text of go.mod.
func (p *Plugin) setMod(raw []byte) (err error) {
	p.Raw = raw
	if p.Now, err = Parse(raw); err != nil {
		return err
	}
	if p.User, err = Parse(raw); err != nil {
		return err
	}
	if err := p.User.Restore(); err != nil {
		return fmt.Errorf("go.mod: %w", err)
	}
	return nil
}

// Parse reads a go.mod; an error says where it does not parse, and a merge conflict as one.
func Parse(data []byte) (*pinner.Mod, error) {
	mod, err := pinner.ParseMod("go.mod", data)
	var list modfile.ErrorList
	if errors.As(err, &list) {
		if at := syntax.Conflict("go.mod", data); at != nil {
			return nil, at
		}
		return nil, fault.With(list, "correct go.mod; go mod edit -json shows how Go reads it")
	}
	return mod, err
}

// ModuleRoot returns the nearest directory with a go.mod, from dir upwards.
// Like the go command it skips directories of that name.
func ModuleRoot(dir string) (string, error) {
	for d := dir; ; d = filepath.Dir(d) {
		name := filepath.Join(d, "go.mod")
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			return d, nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return "", fault.CannotRead(name, err)
		}
		if filepath.Dir(d) == d {
			return "", &noModuleError{dir}
		}
	}
}

// A noModuleError is that of a directory which is in no module.
type noModuleError struct{ dir string }

func (e *noModuleError) Error() string {
	text := fmt.Sprintf("no go.mod in %s or above it", e.dir)
	switch below := e.below(); len(below) {
	case 0:
		return text
	case 1:
		return text + "; there is one below, in " + below[0]
	default:
		return text + "; there are several below: " + strings.Join(below, ", ")
	}
}

// NextStep says what the user can do.
func (e *noModuleError) NextStep() string {
	switch below := e.below(); len(below) {
	case 0:
		return "name the plugin's directory with -C, or make a module there with go mod init"
	case 1:
		return "name that directory with -C " + shell.Quote(below[0])
	default:
		return "name one with -C " + shell.Quote(below[0]) + "; apply, check, build and hook take all with ./..."
	}
}

// below returns directories in dir, or in its directories, that have a go.mod, named from
// where pinfix runs: three at most, and an ellipsis for more. It looks no deeper, since dir
// may be a home directory.
func (e *noModuleError) below() []string {
	const most = 3
	var found []string
	dirs := []string{e.dir}
	for range 2 {
		var inner []string
		for _, dir := range dirs {
			entries, _ := os.ReadDir(dir) // what cannot be read is no help
			for _, entry := range entries {
				name := filepath.Join(dir, entry.Name())
				if !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
					continue
				}
				inner = append(inner, name)
				if info, err := os.Stat(filepath.Join(name, "go.mod")); err != nil || !info.Mode().IsRegular() {
					continue
				}
				if len(found) == most {
					return append(found, "…")
				}
				found = append(found, place.FromHere(name))
			}
		}
		dirs = inner
	}
	return found
}

// packagePattern turns a --package value, relative to dir, into one relative to
// root. Import paths stay.
func packagePattern(root, dir, value string) (string, error) {
	if value == "" {
		return "", fault.OfSetting("--package", "", "name a main package of the module, or a Go file of one", "an empty name")
	}
	local := value == "." || value == ".." || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "../") ||
		filepath.IsAbs(value) || strings.HasSuffix(value, ".go")
	if !local {
		return value, nil
	}
	rel, err := below(root, dir, value)
	if err != nil {
		return "", fault.OfSetting("--package", value, "name a main package of the module, or a Go file of one", "%w", err)
	}
	if !strings.HasSuffix(value, "...") {
		if _, err := os.Stat(filepath.Join(root, rel)); err != nil {
			return "", fault.OfSetting("--package", value, "name a main package of the module, or a Go file of one", "no such file or directory")
		}
	}
	if rel == "." {
		return ".", nil
	}
	return "./" + rel, nil
}

// meantDirectory returns an error if an import path that is none of the module's own names a
// directory in dir: "cmd/x" for "./cmd/x".
func meantDirectory(module, dir, value string) error {
	if _, own := modpath.Cut(value, module); own || strings.HasPrefix(value, ".") {
		return nil
	}
	name := strings.TrimSuffix(strings.TrimSuffix(value, "..."), "/")
	if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); name == "" || err != nil || !info.IsDir() {
		return nil
	}
	return fault.OfSetting("--package", value, "write ./"+value, "an import path of no package of the module, and the name of a directory")
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

// Root returns the root of the module around dir, or "" where there is none.
func Root(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	root, _ := ModuleRoot(abs) // without a module only the reference counts
	return root
}

// Home is where a server is named for dir, in files: the root of the module around it or,
// where there is none, dir itself.
func Home(dir string) string {
	if root := Root(dir); root != "" {
		return root
	}
	abs, _ := filepath.Abs(dir) // fails where there is no current directory
	return abs
}

// A noPluginError is a module without a main package.
type noPluginError struct {
	module string
	found  []mains.Found // what there is instead
}

// NoPlugin returns the error of a module in root that has no plugin: which main packages it
// has, if any, and where they are.
func NoPlugin(root, module string) error {
	return &noPluginError{module, mains.Packages(root)}
}

func (e *noPluginError) Error() string {
	text := "no main package in module " + e.module
	if f, ok := e.leftOut(); ok {
		return fmt.Sprintf("%s: the build constraint of %s leaves it out", text, path.Join(f.Dir, f.File))
	}
	if len(e.found) == 0 {
		return "no Go files in module " + e.module
	}
	var names []string
	for _, f := range e.found[:min(len(e.found), 3)] {
		names = append(names, fmt.Sprintf("%s (%s)", f.Name, path.Join(f.Dir, f.File)))
	}
	if len(e.found) > 3 {
		names = append(names, "…")
	}
	return text + ", only package " + strings.Join(names, ", ")
}

// NextStep says what the user can do.
func (e *noPluginError) NextStep() string {
	if f, ok := e.leftOut(); ok {
		return "name the file with --package " + path.Join(f.Dir, f.File)
	}
	return "name the directory of the plugin, a package main, with -C"
}

// leftOut returns a main package of which no file is built for the server.
func (e *noPluginError) leftOut() (mains.Found, bool) {
	for _, f := range e.found {
		if f.Name == "main" {
			return f, true
		}
	}
	return mains.Found{}, false
}
