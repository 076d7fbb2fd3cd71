package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/pinner"
)

// A Move is a package that went from a parent module into a nested one.
type Move struct {
	Package string
	Parent  module.Version // as the plugin has it, with the package
	Nested  module.Version // as the server has it
}

// After returns the lowest version of the parent above its present one that
// does not hold the package any more and whose go line accepts says yes to.
// known are versions that somebody in the module graph asks for.
//
// A parent that requires the nested module is past the move, or every build of
// it would be ambiguous; versions that do not say so are looked into where
// there are few: those known, and the one of the nested version's own commit,
// which is the only way for a module without tags (google.golang.org/genproto).
func (s *Stage) After(ctx context.Context, m Move, known []string, accepts func(goLine string) bool) (string, error) {
	released, listErr := s.Versions(ctx)([]string{m.Parent.Path}) // the versions known may do without a list
	look := slices.Clone(known)
	if v := sameCommit(m); v != "" {
		look = append(look, v)
	}
	all := slices.Concat(look, released[m.Parent.Path])
	semver.Sort(all)
	source := s.ModFiles(ctx)
	for _, v := range slices.Compact(all) {
		if semver.Compare(v, m.Parent.Version) <= 0 {
			continue
		}
		c := module.Version{Path: m.Parent.Path, Version: v}
		sums, err := source([]module.Version{c})
		if err != nil || !accepts(sums[c].Go) {
			continue
		}
		if slices.ContainsFunc(sums[c].Require, func(r module.Version) bool { return r.Path == m.Nested.Path }) {
			return v, nil
		}
		if slices.Contains(look, v) {
			if has, err := s.has(ctx, c, m.Package); err == nil && !has {
				return v, nil
			}
		}
	}
	if listErr != nil {
		return "", listErr
	}
	return "", fmt.Errorf("%s holds package %s, which the server takes from %s, and no later version without it was found", m.Parent, m.Package, m.Nested)
}

// Versions returns a source of the released versions of modules, without the
// retracted: each is asked for once.
func (s *Stage) Versions(ctx context.Context) pinner.Versions {
	if s.released == nil {
		s.released, s.asked = map[string][]string{}, map[string]bool{}
	}
	return func(paths []string) (map[string][]string, error) {
		unknown := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return s.asked[p] })
		if len(unknown) == 0 {
			return s.released, nil
		}
		slices.Sort(unknown)
		return s.released, s.askVersions(ctx, slices.Compact(unknown))
	}
}

func (s *Stage) askVersions(ctx context.Context, paths []string) error {
	dir, err := s.fetchDir()
	if err != nil {
		return err
	}
	out, err := s.go_.In(dir).Run(ctx, slices.Concat([]string{"list", "-m", "-e", "-versions", "-json"}, paths)...)
	if err != nil {
		return err
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Path     string
			Versions []string
			Error    *struct{ Err string }
		}
		if err := dec.Decode(&m); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("go list -m -versions: %w", err)
		}
		if s.asked[m.Path] = true; m.Error != nil {
			continue // no proxy, or offline: nothing is known of its versions
		}
		s.released[m.Path] = slices.DeleteFunc(m.Versions, func(v string) bool { return semver.Prerelease(v) != "" })
	}
}

// sameCommit returns the parent's pseudo-version for the commit of the nested
// one, or "".
func sameCommit(m Move) string {
	const untagged = "v0.0.0-"
	if module.IsPseudoVersion(m.Nested.Version) && strings.HasPrefix(m.Nested.Version, untagged) && strings.HasPrefix(m.Parent.Version, untagged) {
		return m.Nested.Version
	}
	return ""
}

// has reports whether v holds the package, by its source.
func (s *Stage) has(ctx context.Context, v module.Version, pkg string) (bool, error) {
	dir, err := s.fetchDir()
	if err != nil {
		return false, err
	}
	out, err := s.go_.In(dir).Run(ctx, "mod", "download", "-json", v.String())
	if err != nil {
		return false, err
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return false, err
	}
	files, err := filepath.Glob(filepath.Join(m.Dir, filepath.FromSlash(strings.TrimPrefix(pkg, v.Path)), "*.go"))
	return len(files) > 0, err
}

// fetchDir is an empty module to ask about other modules from: in the plugin's
// own, the go command would first load a graph that its toolchain may refuse.
func (s *Stage) fetchDir() (string, error) {
	dir := filepath.Join(s.dir, "fetch")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module pinfix.invalid/fetch\n"), 0o666)
}
