package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/pinner"
)

type modFiles map[module.Version]*pinner.Summary

// ModFiles returns a source of go.mod files: from the module cache, and what
// is not there through the go command, which checks it against the checksum
// database.
func (s *Stage) ModFiles(ctx context.Context) pinner.Source {
	if s.modFiles == nil {
		s.modFiles = modFiles{}
	}
	return func(want []module.Version) (map[module.Version]*pinner.Summary, error) {
		var missing []module.Version
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
		if len(missing) == 0 {
			return s.modFiles, nil
		}
		return s.modFiles, s.fetch(ctx, missing)
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

// fetch brings the go.mod files of missing into the module cache.
func (s *Stage) fetch(ctx context.Context, missing []module.Version) error {
	dir, err := s.fetchDir()
	if err != nil {
		return err
	}
	args := []string{"list", "-m", "-e", "-json"}
	for _, v := range missing {
		args = append(args, v.String())
	}
	out, err := s.go_.In(dir).Run(ctx, args...)
	if err != nil {
		return err
	}
	why, err := moduleErrors(out)
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range missing {
		sum, err := s.read(v)
		if err != nil {
			errs = append(errs, &MissingError{v, why[v], err})
			continue
		}
		s.modFiles[v] = sum
	}
	return errors.Join(errs...)
}

// A DirectoryError is a directory that replaces a module and is none.
type DirectoryError struct {
	Dir string // as in the replace line
	Err error
}

func (e *DirectoryError) Error() string { return e.Dir + ": " + e.Err.Error() }
func (e *DirectoryError) Unwrap() error { return e.Err }

// A MissingError is a module that cannot be had.
type MissingError struct {
	Module module.Version
	Why    string // what the go command said
	Err    error
}

func (e *MissingError) Error() string {
	why := e.Why
	if why == "" {
		why = e.Err.Error()
	}
	return fmt.Sprintf("%s cannot be had: %s", e.Module, oneLine(strings.TrimPrefix(why, e.Module.String()+": ")))
}

// oneLine joins the lines that the go command indents.
func oneLine(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n\t", ": ") }

func (e *MissingError) Unwrap() error { return e.Err }

func moduleErrors(out []byte) (map[module.Version]string, error) {
	why := map[module.Version]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Path, Version string
			Error         *struct{ Err string }
		}
		if err := dec.Decode(&m); err == io.EOF {
			return why, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list -m: %w", err)
		}
		if m.Error != nil {
			why[module.Version{Path: m.Path, Version: m.Version}] = m.Error.Err
		}
	}
}
