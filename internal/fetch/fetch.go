// Package fetch asks the go command about other modules: for their go.mod files, which
// versions there are, and their sources. [New] makes a [Fetcher] for a plugin, which
// remembers the answers: each question is asked once in a run. What it fetches is in the
// module cache, as with any other go command.
package fetch

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/scratch"
	"github.com/pinfix/pinfix/pinner"
)

// A Fetcher asks about other modules, as the plugin would.
type Fetcher struct {
	Config

	// Instead is told of a version whose go.mod could not be fetched, and why. It returns
	// true where it has given another one by Put. It may be nil.
	Instead func(module.Version, gocmd.Cause) (bool, error)

	asks     *gocmd.Go // see command
	traces   bool      // asks knows go mod graph -x
	files    map[module.Version]*pinner.Summary
	lost     map[module.Version]gocmd.Cause // go.mod files that could not be fetched
	released map[string][]string            // versions by module path
	asked    map[string]bool                // module paths that the go command was asked for
}

// Config is what a Fetcher works with.
type Config struct {
	Go        *gocmd.Go         // with the server's toolchain, in the plugin's directory
	GoVersion string            // of Go's toolchain, "go1.23.5"
	Local     *gocmd.Go         // with the one that the user has: it fetches, if it is not older; nil: Go does
	Cache     string            // GOMODCACHE
	Mod       *pinner.Mod       // the plugin's go.mod; or nil
	Sum       []byte            // its go.sum
	Count     meter.Count       // told how many go.mod files were read; may be nil
	Dir       *scratch.Dir      // for modules to ask from
	Clean     func(error) error // gives an error of the go command names that the user knows for those in Dir
}

// New returns a Fetcher that knows of no module yet.
func New(c Config) *Fetcher {
	return &Fetcher{Config: c, files: map[module.Version]*pinner.Summary{}, lost: map[module.Version]gocmd.Cause{},
		released: map[string][]string{}, asked: map[string]bool{}}
}

// Put takes a go.mod file for that of a version.
func (f *Fetcher) Put(v module.Version, sum *pinner.Summary) { f.files[v] = sum }

// ModFiles returns a source of go.mod files: from the module cache, and what
// is not there through the go command, which checks it as it does in the plugin's
// directory: by go.sum, and only what go.sum does not have by the checksum
// database. The error is a [*pinner.LostError] of *[MissingError]s where some
// could not be fetched; the map then has the others.
func (f *Fetcher) ModFiles(ctx context.Context) pinner.Source {
	return func(want []module.Version) (map[module.Version]*pinner.Summary, error) {
		var missing []module.Version
		had := len(f.files)
		for _, v := range want {
			if f.files[v] != nil {
				continue
			}
			sum, err := f.Read(v)
			switch {
			case err == nil:
				f.files[v] = sum
			case errors.Is(err, fs.ErrNotExist) && v.Version != "":
				missing = append(missing, v)
			default:
				return nil, err
			}
		}
		read := len(f.files) - had
		f.Count.Add("go.mod file", read, read+len(missing))
		if len(missing) == 0 {
			return f.files, nil
		}
		err := f.fetchMods(ctx, missing)
		f.Count.Add("go.mod file", len(f.files)-had-read, 0)
		return f.files, err
	}
}

// Read reads one go.mod: of a directory, or of a version from the module cache.
func (f *Fetcher) Read(v module.Version) (*pinner.Summary, error) {
	if v.Version != "" {
		return modcache.GoMod(f.Cache, v)
	}
	name := filepath.Join(filepath.FromSlash(v.Path), "go.mod")
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.Go.Dir, name)
	}
	data, err := bounded.ReadFile(name, bounded.Mod)
	if err != nil {
		return nil, &DirectoryError{v.Path, err}
	}
	return pinner.Summarize(name, data)
}

// A DirectoryError is a directory that replaces a module and is none.
type DirectoryError struct {
	Dir string // as in the replace line
	Err error
}

func (e *DirectoryError) Error() string { return e.Dir + ": " + e.Err.Error() }
func (e *DirectoryError) Unwrap() error { return e.Err }

// A MissingError is of module versions that could not be fetched.
type MissingError struct{ Causes []gocmd.Cause }

func (e *MissingError) Error() string { return gocmd.Explain(e.Causes) }

// NextStep says what the user can do.
func (e *MissingError) NextStep() string { return e.Causes[0].NextStep() }
