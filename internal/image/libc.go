package image

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/pinfix/pinfix/internal/layers"
	"github.com/pinfix/pinfix/internal/pattern"
)

// maxLibc is how much of a libc is looked at; glibc has 2 MiB, musl 600 KiB.
const maxLibc = 16 << 20

// How a libc says which release it is: glibc's libc.so.6 in the text that it
// prints when it is run, musl in a string of its own (version.h).
var (
	glibcRelease = pattern.New(`release version (\d+\.\d+)`)
	muslRelease  = pattern.New(`\x00(1\.\d+\.\d+)(?:-git-[0-9]+-g[0-9a-f]+)?\x00`)
)

// Libc returns the release of the libc in the image that [Open] has read the
// program of: "2.36" of glibc, "1.2.5" of musl. interp is the program's dynamic
// loader. libc is in the lowest layers as a rule, so this may fetch the
// whole image; it is for where a verdict hangs on it.
func Libc(ctx context.Context, ref string, o Options, interp string) (string, error) {
	r, err := newReader(ref, o)
	if err != nil {
		return "", err
	}
	defer r.close()
	release, err := r.libc(ctx, interp)
	if err != nil {
		return "", r.explain(err)
	}
	return release, nil
}

func (r *reader) libc(ctx context.Context, interp string) (string, error) {
	id, err := r.source.id(ctx)
	if err != nil {
		return "", err
	}
	want := request{ID: id, Platform: r.o.Platform, Path: "libc:" + interp}
	if f, ok := r.cache.fact(want); ok && f.Libc != "" {
		return f.Libc, nil
	}
	im, err := r.read(ctx)
	if err != nil {
		return "", err
	}
	loader, err := im.tree.Find(ctx, []string{interp})
	if err != nil {
		return "", err
	}
	release, err := releaseOf(ctx, im.tree, loader, interp)
	if err != nil {
		return "", err
	}
	return release, r.cache.keep(want, fact{Digest: im.digest, Platform: im.config.Platform().String(), Path: interp, Libc: release})
}

// releaseOf reads musl's loader, which is its libc too, or the libc.so.6 next to
// glibc's.
func releaseOf(ctx context.Context, t *layers.Tree, loader layers.Place, interp string) (string, error) {
	form := muslRelease
	if !strings.HasPrefix(path.Base(interp), "ld-musl-") {
		form = glibcRelease
		var err error
		loader, err = t.Find(ctx, []string{path.Join(path.Dir(loader.Path), "libc.so.6"), path.Join(path.Dir(interp), "libc.so.6")})
		if err != nil {
			return "", err
		}
	}
	release := ""
	err := t.Read(ctx, loader, func(r io.Reader) error {
		data, err := io.ReadAll(io.LimitReader(r, maxLibc))
		if m := form.Regexp().FindSubmatch(data); m != nil {
			release = string(m[1])
		}
		return err
	})
	if err == nil && release == "" {
		err = errors.New(loader.Path + " does not say its release")
	}
	return release, err
}
