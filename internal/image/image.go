// Package image takes the server program out of a container image, without
// Docker: from a registry, an archive or a layout. The entry points are [Open]
// and [Libc].
//
// It reads manifests and configuration first, then the layers from the top, and
// none below the one that holds the program. Nothing is unpacked: a layer is
// read through once for what it holds ([index]), a path is looked up over those
// ([tree]), and the one file is copied into the cache. What is read may be
// hostile, so everything has a limit.
package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// Schemes are the forms of reference that [Open] takes.
var Schemes = []string{"image", "docker-archive", "oci-archive", "oci"}

// Options say which image and which file of it, and what may be used.
type Options struct {
	Platform string       // "linux/arm64"; "" for Linux on this machine's architecture
	Path     string       // the program in the image; "" for the one that its entrypoint names
	Offline  bool         // only the cache, no registry
	Foreign  bool         // the user has not named it: no registry on this machine is asked
	Environ  []string     // where the cache and the user's credentials are
	Step     func(string) // told what happens now; may be nil
}

// A Program is a file of an image.
type Program struct {
	File     *os.File // in the cache, at its start; the caller closes it
	Path     string   // where it is in the image, as it was asked for
	Source   string   // the reference, without the directory of an archive
	Digest   string   // of the image's manifest; of its configuration in a docker-archive
	Platform string   // "linux/amd64"

	id string // of what the reference names
}

// Open finds the server program in the image that ref names, "SCHEME:…", and
// copies it into the cache, or finds it there. It is open, for another process may
// need its place in the cache.
func Open(ctx context.Context, ref string, o Options) (*Program, error) {
	r, err := newReader(ref, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	p, err := r.program(ctx)
	if err != nil {
		return nil, r.explain(err)
	}
	if err := r.source.remember(p.id); err != nil {
		p.File.Close()
		return nil, err
	}
	r.step(fmt.Sprintf("server %s: %s, %s, program %s", r.source.name(), p.Platform, p.Digest, p.Path))
	return p, nil
}

// A reader is one use of an image.
type reader struct {
	o      Options
	cache  *cache
	source source
}

// A source is a place where images are.
type source interface {
	// name is the reference without what is only true on this machine.
	name() string
	// id identifies what the reference names, read with as little as possible.
	id(ctx context.Context) (string, error)
	// image reads the manifest and the configuration of the image for a platform.
	image(ctx context.Context, p platform) (*contents, error)
	// remember keeps the id for a run without a network.
	remember(id string) error
	close() error
}

// contents are an image of one platform.
type contents struct {
	digest   string
	platform string
	start    start
	layers   []blob // the top one first
}

func newReader(ref string, o Options) (*reader, error) {
	if o.Step == nil {
		o.Step = func(string) {}
	}
	if _, err := parsePlatform(o.Platform); err != nil {
		return nil, err
	}
	c, err := openCache(o.Environ)
	if err != nil {
		return nil, err
	}
	r := &reader{o: o, cache: c}
	r.source, err = newSource(ref, o, c)
	if err != nil {
		c.close()
		return nil, err
	}
	return r, nil
}

func newSource(ref string, o Options, c *cache) (source, error) {
	scheme, rest, _ := strings.Cut(ref, ":")
	if rest == "" {
		return nil, fault("write it as "+usage[scheme], "nothing is named but %q", scheme)
	}
	switch scheme {
	case "image":
		return newRegistry(rest, o, c)
	case "docker-archive":
		return openDockerArchive(rest)
	case "oci-archive":
		return openOCIArchive(rest)
	}
	return openOCIDir(rest)
}

var usage = map[string]string{
	"image":          "image:NAME:TAG",
	"docker-archive": "docker-archive:FILE or docker-archive:FILE:TAG",
	"oci-archive":    "oci-archive:FILE",
	"oci":            "oci:DIR",
}

func (r *reader) step(what string) { r.o.Step(what) }

func (r *reader) close() {
	r.source.close()
	r.cache.close()
}

// program looks into the cache before it reads the image.
func (r *reader) program(ctx context.Context) (*Program, error) {
	id, err := r.source.id(ctx)
	if err != nil {
		return nil, err
	}
	want := request{ID: id, Platform: r.o.Platform, Path: r.o.Path}
	if f, ok := r.cache.fact(want); ok {
		if p, ok := r.cached(id, f); ok {
			return p, nil
		}
	}
	im, t, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	f, err := r.extract(ctx, im, t)
	if err != nil {
		return nil, err
	}
	if err := r.cache.keep(want, f); err != nil {
		return nil, err
	}
	p, ok := r.cached(id, f)
	if !ok {
		return nil, fault("make room there, and keep other programs from removing it", "the program %s does not stay in the cache %s", f.Path, r.cache.dir)
	}
	return p, nil
}

// cached returns the program of a fact, if the cache has it.
func (r *reader) cached(id string, f fact) (*Program, bool) {
	file, ok := r.cache.file(f.Program)
	return &Program{File: file, Path: f.Path, Source: r.source.name(), Digest: f.Digest, Platform: f.Platform, id: id}, ok
}

func (r *reader) read(ctx context.Context) (*contents, *tree, error) {
	p, err := parsePlatform(r.o.Platform)
	if err != nil {
		return nil, nil, err
	}
	im, err := r.source.image(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	if len(im.layers) > maxLayers {
		return nil, nil, fault("name the image of a server", "%d layers, more than %d", len(im.layers), maxLayers)
	}
	return im, newTree(im.layers, r.step), nil
}

// extract copies the program into the cache.
func (r *reader) extract(ctx context.Context, im *contents, t *tree) (fact, error) {
	candidates, asked, err := im.start.program(r.o.Path)
	if err != nil {
		return fact{}, r.ask(ctx, t, err)
	}
	p, err := t.find(ctx, candidates)
	if missing := (*noFile)(nil); errors.As(err, &missing) {
		missing.name = asked
		return fact{}, r.ask(ctx, t, missing)
	}
	if err != nil {
		return fact{}, err
	}
	sum, isGo, err := r.cache.add(ctx, t, p)
	if err != nil {
		return fact{}, err
	}
	if !isGo {
		return fact{}, r.ask(ctx, t, fmt.Errorf("%s is not a Go program", asked))
	}
	return fact{Digest: im.digest, Platform: im.platform, Path: p.asked, Program: sum}, nil
}

// ask says that err leaves the program open, and which there are. It reads the
// whole image for that.
func (r *reader) ask(ctx context.Context, t *tree, err error) error {
	r.step("looking for Go programs in the image")
	found, lookErr := t.goPrograms(ctx)
	if lookErr != nil {
		return lookErr
	}
	if len(found) == 0 {
		return fault("name the image that the server runs in", "%w, and there is no Go program in the image", err)
	}
	return fault("choose one with --path", "%w; the Go programs in the image are %s", err, list(found, 8))
}

// explain gives an error that says nothing of what to do a next step.
func (r *reader) explain(err error) error {
	var next interface{ NextStep() string }
	var pathErr *fs.PathError
	switch {
	case errors.As(err, &next):
		return err
	case errors.As(err, &pathErr) && strings.HasPrefix(pathErr.Path, r.cache.dir+string(os.PathSeparator)):
		return fault("the cache needs a directory that can be written; set XDG_CACHE_HOME to one", "cache: %w", err)
	}
	return err
}

// bareRE is NAME:TAG as people type it for docker pull; a name of one letter is a drive.
var bareRE = pattern.New(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// IsBare reports whether ref looks like an image that lacks its scheme: NAME:TAG or
// NAME/IMAGE:TAG.
func IsBare(ref string) bool {
	scheme, _, _ := strings.Cut(ref, ":")
	return len(scheme) > 1 && scheme != "mod" && !slices.Contains(Schemes, scheme) && bareRE.MatchString(ref)
}
