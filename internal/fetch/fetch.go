// Package fetch asks the go command about other modules: for their go.mod files, which
// versions there are, and their sources. [New] makes a [Fetcher] for a plugin, which
// remembers the answers: each question is asked once in a run. What it fetches is in the
// module cache, as with any other go command.
package fetch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	*asker

	// Instead is told of a version whose go.mod could not be fetched, and why. It returns
	// true where it has given another one by Put. It may be nil.
	Instead func(module.Version, gocmd.Cause) (bool, error)

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
	return &Fetcher{asker: &asker{Config: c}, files: map[module.Version]*pinner.Summary{}, lost: map[module.Version]gocmd.Cause{},
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

// fetchMods brings the go.mod files of missing into f.files, by way of the
// module cache.
func (f *Fetcher) fetchMods(ctx context.Context, missing []module.Version) error {
	var ask []module.Version
	for _, v := range missing {
		if _, lost := f.lost[v]; !lost {
			ask = append(ask, v)
		}
	}
	if len(ask) > 0 {
		why, err := f.loadGraph(ctx, ask)
		if err != nil {
			return err
		}
		rest := f.take(ask)
		if len(rest) == len(ask) && (why.Kind == gocmd.Unreachable || why.Kind == gocmd.Off) {
			// To ask for each would only mean to wait again.
			err = f.lose(rest, func(v module.Version) gocmd.Cause { why.Module = v; return why })
		} else {
			err = f.findLost(ctx, rest)
		}
		if err != nil {
			return err
		}
	}
	lost := &MissingError{}
	var vs []module.Version
	for _, v := range missing {
		if c, ok := f.lost[v]; ok {
			lost.Causes, vs = append(lost.Causes, c), append(vs, v)
		}
	}
	if len(vs) == 0 {
		return nil
	}
	return &pinner.LostError{Modules: vs, Err: lost}
}

// take reads those of vs that the module cache has, and returns the others.
func (f *Fetcher) take(vs []module.Version) []module.Version {
	var rest []module.Version
	for _, v := range vs {
		if sum, err := f.Read(v); err == nil {
			f.files[v] = sum
		} else {
			rest = append(rest, v)
		}
	}
	return rest
}

// findLost asks the go command why it could not fetch the go.mod files of vs, and
// takes those that come now.
func (f *Fetcher) findLost(ctx context.Context, vs []module.Version) error {
	if len(vs) == 0 {
		return nil
	}
	dir, err := f.home()
	if err != nil {
		return err
	}
	g, err := f.command(ctx)
	if err != nil {
		return err
	}
	args := []string{"mod", "download", "-json"}
	for _, v := range vs {
		args = append(args, v.String())
	}
	out, err := g.Many(dir).Run(ctx, args...)
	var failed *gocmd.Error
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	why, jsonErr := moduleErrors(out)
	if err != nil && (jsonErr != nil || len(why) == 0) {
		return f.Clean(err) // of another kind: go.sum, say
	}
	err = f.lose(f.take(vs), func(v module.Version) gocmd.Cause {
		return g.CauseOf(v, cmp.Or(why[v], "the go command does not say why"))
	})
	return errors.Join(jsonErr, err)
}

// lose notes that vs could not be fetched, but for those that f.Instead has.
func (f *Fetcher) lose(vs []module.Version, why func(module.Version) gocmd.Cause) error {
	for _, v := range vs {
		f.lost[v] = why(v)
	}
	if f.Instead == nil {
		return nil
	}
	for _, v := range vs {
		found, err := f.Instead(v, f.lost[v])
		if err != nil {
			return err
		}
		if found {
			delete(f.lost, v)
		}
	}
	return nil
}

// moduleErrors reads what go mod download -json says of each module.
func moduleErrors(out []byte) (map[module.Version]string, error) {
	why := map[module.Version]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Path, Version string
			Error         string
		}
		if err := dec.Decode(&m); err == io.EOF {
			return why, nil
		} else if err != nil {
			return nil, fmt.Errorf("go mod download: %w", err)
		}
		if m.Error != "" {
			why[module.Version{Path: m.Path, Version: m.Version}] = m.Error
		}
	}
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
