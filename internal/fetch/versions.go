package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/modcache"
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
// known are versions that someone in the module graph asks for.
//
// A parent that requires the nested module is past the move, or every build of
// it would be ambiguous; versions that do not say so are looked into where
// there are few: those known, and the one of the nested version's own commit,
// which is the only way for a module without tags (google.golang.org/genproto).
func (f *Fetcher) After(ctx context.Context, m Move, known []string, accepts func(goLine string) bool) (string, error) {
	released, listErr := f.Versions(ctx)([]string{m.Parent.Path}) // the versions known may do without a list
	look := slices.Clone(known)
	if v := sameCommit(m); v != "" {
		look = append(look, v)
	}
	all := slices.Concat(look, released[m.Parent.Path])
	semver.Sort(all)
	source := f.ModFiles(ctx)
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
			if has, err := f.has(ctx, c, m.Package); err == nil && !has {
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
func (f *Fetcher) Versions(ctx context.Context) pinner.Versions {
	return func(paths []string) (map[string][]string, error) {
		unknown := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return f.asked[p] })
		if len(unknown) == 0 {
			return f.released, nil
		}
		slices.Sort(unknown)
		return f.released, f.askVersions(ctx, slices.Compact(unknown))
	}
}

func (f *Fetcher) askVersions(ctx context.Context, paths []string) error {
	failed, err := f.listVersions(ctx, paths)
	if err != nil || len(failed) == 0 {
		return err
	}
	// The toolchain may be one that reads the retractions of no newer Go: the
	// list itself it has.
	if _, err = f.listVersions(ctx, failed, "-retracted"); err != nil {
		return err
	}
	var newest []module.Version
	for _, path := range failed {
		if all := f.released[path]; len(all) > 0 {
			newest = append(newest, module.Version{Path: path, Version: all[len(all)-1]})
		}
	}
	return f.dropRetracted(ctx, newest)
}

// listVersions asks for the released versions of modules, and returns those of
// paths for which the go command has no answer.
func (f *Fetcher) listVersions(ctx context.Context, paths []string, flags ...string) (failed []string, err error) {
	dir, err := f.home()
	if err != nil {
		return nil, err
	}
	g, err := f.command(ctx)
	if err != nil {
		return nil, err
	}
	out, err := g.Many(dir).Run(ctx, slices.Concat([]string{"list", "-m", "-e", "-versions", "-json"}, flags, []string{"--"}, paths)...)
	if err != nil {
		return nil, f.Clean(err)
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Path     string
			Versions []string
			Error    *struct{ Err string }
		}
		if err := dec.Decode(&m); err == io.EOF {
			return failed, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list -m -versions: %w", err)
		}
		if f.asked[m.Path] = true; m.Error != nil {
			failed = append(failed, m.Path) // no proxy, or offline: nothing is known of its versions
			continue
		}
		f.released[m.Path] = slices.DeleteFunc(m.Versions, func(v string) bool { return semver.Prerelease(v) != "" })
	}
}

// dropRetracted takes out of f.released what the go.mod files of the newest
// versions retract, as far as they can be read.
func (f *Fetcher) dropRetracted(ctx context.Context, newest []module.Version) error {
	if len(newest) == 0 {
		return nil
	}
	var lost *pinner.LostError
	if _, err := f.ModFiles(ctx)(newest); err != nil && !errors.As(err, &lost) {
		return err
	}
	for _, v := range newest {
		retracted, err := modcache.Retracted(f.Cache, v)
		if err != nil {
			continue
		}
		f.released[v.Path] = slices.DeleteFunc(f.released[v.Path], retracted)
	}
	return nil
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
func (f *Fetcher) has(ctx context.Context, v module.Version, pkg string) (bool, error) {
	files, err := f.GoFiles(ctx, v, pkg)
	return len(files) > 0, err
}
