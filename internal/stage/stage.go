// Package stage lets the go command see the plugin's future tree without
// touching the present one: go.mod and go.sum in a scratch directory
// (-modfile), changed Go files next to them (-overlay), vendor/ written there
// (vendor -o). [New] makes the scratch directory; [Stage.List], [Stage.Tidy]
// and [Stage.Vendor] run there.
package stage

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/scratch"
	"github.com/pinfix/pinfix/pinner"
)

// A Stage is a scratch directory for one plugin, and the go commands that run there. What
// it asks about other modules, what it takes from vendor/ and what it knows from earlier
// runs are values of their own.
type Stage struct {
	Root    string               // the plugin's module root, symlinks resolved: an overlay is silently not matched through one
	Sources *importgraph.Sources // on the disk
	Kept    *kept.Store          // what earlier runs have found out
	Fetch   *fetch.Fetcher       // asks about other modules
	Loans   *Loans               // what vendor/ has of those that could not be fetched

	c       Config
	scratch *scratch.Dir
	sum     []byte // the plugin's go.sum
	rises   rises
	known   *memory
}

// Config is what a stage works with.
type Config struct {
	Go        *gocmd.Go   // with the server's toolchain, in the plugin's directory
	GoVersion string      // of Go's toolchain, "go1.23.5"
	Local     *gocmd.Go   // with the one that the user has: it fetches, if it is not older; nil: Go does
	Cache     string      // GOMODCACHE
	Tags      string      // the server's build tags
	Mod       *pinner.Mod // the plugin's go.mod, restored
	Count     meter.Count // told how many go.mod files were read; may be nil
	Kept      *kept.Store // or nil; Close closes it
}

// New makes a scratch directory for the plugin at c.Go.Dir.
func New(c Config) (*Stage, error) {
	sum, err := bounded.ReadFile(filepath.Join(c.Go.Dir, "go.sum"), bounded.Mod)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	dir, err := scratch.New()
	if err != nil {
		return nil, &ScratchError{err}
	}
	s := &Stage{Root: c.Go.Dir, Sources: importgraph.OnDisk(c.Go.Dir), Kept: c.Kept, c: c, scratch: dir, sum: sum, rises: rises{}}
	s.Fetch = fetch.New(fetch.Config{Go: c.Go, GoVersion: c.GoVersion, Local: c.Local, Cache: c.Cache, Mod: c.Mod, Sum: sum, Count: c.Count, Dir: dir, Clean: s.clean})
	s.Loans = &Loans{fetch: s.Fetch, command: c.Go, dir: dir.Path, root: s.Root, cache: c.Cache, sources: s.Sources, mod: c.Mod, sum: sum}
	s.Fetch.Instead = s.Loans.instead
	s.known = &memory{c: &s.c, sum: sum, loans: s.Loans}
	return s, nil
}

// A ScratchError says that there is no place for the scratch directory.
type ScratchError struct{ Err error }

func (e *ScratchError) Error() string { return "scratch directory: " + e.Err.Error() }

func (e *ScratchError) Unwrap() error { return e.Err }

// NextStep says what the user can do.
func (e *ScratchError) NextStep() string { return "set TMPDIR to a directory that can be written to" }

// Close removes the scratch directory.
func (s *Stage) Close() error {
	s.Kept.Close()
	return s.scratch.Close()
}

// Cache returns GOMODCACHE.
func (s *Stage) Cache() string { return s.c.Cache }

// prepare writes one go.mod, go.sum and overlay, and returns the flags that
// name them and the go.mod's path. Each command gets files of its own: -mod=mod
// may write them.
func (s *Stage) prepare(mod *pinner.Mod, sum []byte, files importgraph.Files) (name string, flags []string, err error) {
	dir := s.scratch.Next()
	if err := os.Mkdir(dir, 0o777); err != nil {
		return "", nil, err
	}
	name = filepath.Join(dir, "go.mod")
	if mod, err = s.Loans.with(mod); err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(name, mod.Text(), 0o666); err != nil {
		return "", nil, err
	}
	if sum == nil {
		sum = s.sum
	}
	if sum != nil {
		if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o666); err != nil {
			return "", nil, err
		}
	}
	flags = []string{"-modfile=" + name}
	if len(files) == 0 {
		return name, flags, nil
	}
	overlay, err := overlay(s.Root, dir, files)
	if err != nil {
		return "", nil, err
	}
	return name, append(flags, "-overlay="+overlay), nil
}

// BuildFlags returns the flags with which go build sees the plugin with another go.mod,
// go.sum and Go files.
func (s *Stage) BuildFlags(mod *pinner.Mod, sum []byte, files importgraph.Files) ([]string, error) {
	_, flags, err := s.prepare(mod, sum, files)
	return flags, err
}

// run runs go with args in the plugin's directory.
func (s *Stage) run(ctx context.Context, args ...string) ([]byte, error) {
	out, err := s.c.Go.Run(ctx, args...)
	return out, s.clean(err)
}

// clean gives the scratch files in an error of the go command the names of those
// that they stand for.
func (s *Stage) clean(err error) error {
	var failed *gocmd.Error
	if errors.As(err, &failed) {
		scratch := regexp.MustCompile(regexp.QuoteMeta(s.scratch.Path+string(filepath.Separator)) + `(?:0[/\\](vendor[/\\])[0-9]+|[0-9]+|fetch)[/\\]`)
		failed.Stderr = scratch.ReplaceAllString(failed.Stderr, "$1")
	}
	return err
}

// overlay writes the overlay file for files below root into dir (go help build, -overlay).
func overlay(root, dir string, files importgraph.Files) (string, error) {
	var o struct{ Replace map[string]string }
	o.Replace = map[string]string{}
	for path, data := range files {
		f := filepath.Join(dir, strconv.Itoa(len(o.Replace))+".go")
		if err := os.WriteFile(f, data, 0o666); err != nil {
			return "", err
		}
		o.Replace[filepath.Join(root, filepath.FromSlash(path))] = f
	}
	data, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, data, 0o666)
}

// Tidy runs go mod tidy and returns the go.mod and go.sum it made; sum is nil
// where there is none. Modules that could not be fetched are taken from vendor/.
func (s *Stage) Tidy(ctx context.Context, mod *pinner.Mod, files importgraph.Files) (tidied *pinner.Mod, sum []byte, err error) {
	err = s.Loans.retry(func() error {
		tidied, sum, err = s.TidyAhead(ctx, mod, files)
		return err
	})
	return tidied, sum, err
}

// TidyAhead is Tidy with no other modules from vendor/ than those that are taken
// from there already. It may run while the stage does something else.
func (s *Stage) TidyAhead(ctx context.Context, mod *pinner.Mod, files importgraph.Files) (*pinner.Mod, []byte, error) {
	world := s.known.world(mod, files)
	if t, ok := s.known.keptTidy(world); ok {
		if tidied, err := pinner.ParseMod("go.mod", t.Mod); err == nil {
			return tidied, t.Sum, nil
		}
	}
	name, flags, err := s.prepare(mod, nil, files)
	if err != nil {
		return nil, nil, err
	}
	_, settled, err := s.c.Go.RunSettled(ctx, append([]string{"mod", "tidy"}, flags...)...)
	if err != nil {
		return nil, nil, s.clean(err)
	}
	data, err := bounded.ReadFile(name, bounded.Mod)
	if err != nil {
		return nil, nil, err
	}
	tidied, err := pinner.ParseMod("go.mod", data)
	if err != nil {
		return nil, nil, err
	}
	sum, err := bounded.ReadFile(filepath.Join(filepath.Dir(name), "go.sum"), bounded.Mod)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	if settled {
		s.known.keepTidy(world, mod, files, tidyResult{data, sum})
	}
	return tidied, s.Loans.repaySum(sum), s.Loans.repayMod(tidied, mod)
}

// Vendor runs go mod vendor and returns the directory it made. A plugin without
// dependencies has none: "". It is the plugin's own where that would become the same.
func (s *Stage) Vendor(ctx context.Context, mod *pinner.Mod, sum []byte, files importgraph.Files) (string, error) {
	name, flags, err := s.prepare(mod, sum, files)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(filepath.Dir(name), "vendor")
	world := s.known.world(mod, files)
	if made := s.known.keptVendor(ctx, world, dir); made != "" {
		return made, nil
	}
	args := append([]string{"mod", "vendor", "-o", dir}, flags...)
	if _, err := s.run(ctx, args...); err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	s.known.keepVendor(world, dir, mod, files)
	return dir, s.Loans.repayVendor(dir, mod)
}
