package stage

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/pinner"
)

type modFiles map[module.Version]*pinner.Summary

// ModFiles returns a source of go.mod files: from the module cache, and what
// is not there through the go command, which checks it as it does in the plugin's
// directory: by go.sum, and only what go.sum does not have by the checksum
// database. The error is a [*pinner.LostError] of *[MissingError]s where some
// could not be fetched; the map then has the others.
func (s *Stage) ModFiles(ctx context.Context) pinner.Source {
	return func(want []module.Version) (map[module.Version]*pinner.Summary, error) {
		var missing []module.Version
		had := len(s.modFiles)
		for _, v := range want {
			if s.modFiles[v] != nil {
				continue
			}
			sum, err := s.read(v)
			switch {
			case err == nil:
				s.modFiles[v] = sum
			case errors.Is(err, fs.ErrNotExist) && v.Version != "":
				missing = append(missing, v)
			default:
				return nil, err
			}
		}
		read := len(s.modFiles) - had
		s.count.Add("go.mod file", read, read+len(missing))
		if len(missing) == 0 {
			return s.modFiles, nil
		}
		err := s.fetchMods(ctx, missing)
		s.count.Add("go.mod file", len(s.modFiles)-had-read, 0)
		return s.modFiles, err
	}
}

// read reads one go.mod: of a directory, or of a version from the module cache.
func (s *Stage) read(v module.Version) (*pinner.Summary, error) {
	if v.Version != "" {
		return modcache.GoMod(s.cache, v)
	}
	name := filepath.Join(filepath.FromSlash(v.Path), "go.mod")
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.Root, name)
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
