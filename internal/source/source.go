// Package source reads what a server's source says about the server. [ReadDir]
// reads a directory with go.mod and perhaps vendor/modules.txt, [ReadMod] a go.mod
// file, and [ReadModule] a module on the proxy. It builds nothing, and writes
// nothing in the source's directory.
package source

import (
	"context"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/modulestxt"
	"github.com/pinfix/pinfix/pinner"
)

// Options are what the go command runs with, where it must.
type Options struct {
	Environ []string
	Log     func(string) // told each go command line
	Count   meter.Count  // told what it fetches; may be nil
}

// ReadDir reads the source in dir. With vendor/modules.txt no go command runs.
func ReadDir(ctx context.Context, dir string, o Options) (*pinner.Server, error) {
	mod, err := readMod(filepath.Join(dir, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New("name the server's program, or the directory of its source that holds go.mod", "a directory without go.mod")
	}
	if err != nil {
		return nil, err
	}
	data, err := readFile(filepath.Join(dir, "vendor", "modules.txt"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fromMod(ctx, mod, dir, o)
	case err != nil:
		return nil, fmt.Errorf("vendor/%w", err)
	}
	s, err := newServer(mod)
	if err != nil {
		return nil, err
	}
	v, err := modulestxt.Parse(data)
	if err != nil {
		return nil, readError(filepath.Join(dir, "vendor", "modules.txt"), err, "run go mod vendor in "+dir+", or remove its vendor/")
	}
	if err := fits(v, mod); err != nil {
		return nil, err
	}
	s.Source.Packages = map[string]bool{}
	for _, m := range v.Modules {
		if len(m.Packages) > 0 { // else it is not linked
			s.Pins = append(s.Pins, pinner.Pin{Version: m.Version, Replace: m.Replace})
		}
		for _, p := range m.Packages {
			s.Source.Packages[p.Path] = true
		}
	}
	return s, nil
}

// ReadMod reads a go.mod and nothing next to it but its go.sum. The go command
// finds out which versions it selects.
func ReadMod(ctx context.Context, name string, o Options) (*pinner.Server, error) {
	mod, err := readMod(name)
	if err != nil {
		return nil, err
	}
	return fromMod(ctx, mod, filepath.Dir(name), o)
}

func fromMod(ctx context.Context, mod *modfile.File, dir string, o Options) (*pinner.Server, error) {
	s, err := newServer(mod)
	if err != nil {
		return nil, err
	}
	s.Pins, err = buildList(ctx, mod, dir, o)
	return s, err
}

func readMod(name string) (*modfile.File, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	const next = "correct the file, or name the server's program"
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return nil, readError(name, err, next)
	}
	if mod.Module == nil {
		return nil, fault.New(next, "go.mod: no module line")
	}
	if err := module.CheckImportPath(mod.Module.Mod.Path); err != nil {
		return nil, fault.New(next, "go.mod:%d: %w", mod.Module.Syntax.Start.Line, err)
	}
	return mod, nil
}

// readError is an error of the text in the file called name, as far as that is
// shown.
func readError(name string, err error, next string) error {
	if hidden := bounded.Hidden(name); hidden != nil {
		return hidden
	}
	return fault.With(err, next)
}

func readFile(name string) ([]byte, error) {
	data, err := bounded.ReadFile(name, bounded.Mod)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", filepath.Base(name), fault.Cause(err))
	}
	return data, err
}

// newServer returns what go.mod says but for the modules.
func newServer(mod *modfile.File) (*pinner.Server, error) {
	s := &pinner.Server{
		Main:     module.Version{Path: mod.Module.Mod.Path, Version: "(devel)"},
		Settings: map[string]string{},
		Source:   &pinner.ServerSource{},
	}
	switch {
	case mod.Toolchain != nil && version.IsValid(mod.Toolchain.Name):
		s.Go, s.Source.GoFrom = mod.Toolchain.Name, "toolchain "+mod.Toolchain.Name
	case mod.Go != nil:
		s.Go, s.Source.GoFrom = release(mod.Go.Version), "go "+mod.Go.Version
	default:
		return nil, fault.New("name the server's program, or a snapshot of it", "its go.mod has no go line, so its Go version is not known")
	}
	return s, nil
}

// release returns the first release that a go line stands for: since Go 1.21 it
// is called go1.N.0, before that go1.N.
func release(line string) string {
	v := "go" + line
	switch {
	case version.Compare(v, "go1.21") < 0:
		return strings.TrimSuffix(v, ".0")
	case version.Lang(v) == v:
		return v + ".0"
	}
	return v
}
