// Package image takes the server program out of a container image, without
// Docker: from a registry, an archive or a layout. The entry points are [Open]
// and [Libc].
//
// Each form of reference is a [source], which gives the image as the library's
// v1.Image: a registry ([pulled]) or files ([local]). Package layers finds the
// program in it, reading no layer below the one that has it, and the one file is
// copied into the user's cache. What is read may be hostile, so everything has a
// limit.
package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/layers"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/registry"
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
	r.o.Step(fmt.Sprintf("server %s: %s, %s, program %s", r.source.name(), p.Platform, p.Digest, p.Path))
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
	// image is the one for a platform; it is called after id.
	image(ctx context.Context, p platform) (v1.Image, error)
	// layer is one of the image, and what its manifest says of it.
	layer(l v1.Layer, d v1.Descriptor, name string) layers.Layer
	// remember keeps the id for a run without a network.
	remember(id string) error
	// explain gives an error that says nothing of what to do a next step, if it can.
	explain(err error) error
	close() error
}

// contents are an image of one platform.
type contents struct {
	digest string
	config *v1.ConfigFile
	tree   *layers.Tree
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
		return nil, fault.New("write it as "+usage[scheme], "nothing is named but %q", scheme)
	}
	switch scheme {
	case "image":
		return newPulled(rest, o, c)
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
	im, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	f, err := r.extract(ctx, im)
	if err != nil {
		return nil, err
	}
	if err := r.cache.keep(want, f); err != nil {
		return nil, err
	}
	p, ok := r.cached(id, f)
	if !ok {
		return nil, fault.New("make room there, and keep other programs from removing it", "the program %s does not stay in the cache %s", f.Path, r.cache.dir)
	}
	return p, nil
}

// cached returns the program of a fact, if the cache has it.
func (r *reader) cached(id string, f fact) (*Program, bool) {
	file, ok := r.cache.file(f.Program)
	return &Program{File: file, Path: f.Path, Source: r.source.name(), Digest: f.Digest, Platform: f.Platform, id: id}, ok
}

// read reads the manifest and the configuration of the image, and no layer.
func (r *reader) read(ctx context.Context) (*contents, error) {
	p, err := parsePlatform(r.o.Platform)
	if err != nil {
		return nil, err
	}
	im, err := r.source.image(ctx, p)
	if err != nil {
		return nil, err
	}
	m, err := im.Manifest()
	if err != nil {
		return nil, err
	}
	switch size := m.Config.Size; {
	case len(m.Layers) > layers.Max:
		return nil, fault.New("name the image of a server", "%d layers, more than %d", len(m.Layers), layers.Max)
	case size < 0 || size > registry.MaxText: // -1 is any size, to the library
		return nil, fault.New("name a container image", "its configuration has %d bytes, and at most %d are read", size, registry.MaxText)
	}
	data, err := im.RawConfigFile()
	if err != nil {
		return nil, err
	}
	c := &contents{}
	if c.config, err = parseConfig(data); err != nil {
		return nil, err
	}
	if err := p.check(*c.config.Platform()); err != nil {
		return nil, err
	}
	digest, err := im.Digest()
	if err != nil {
		return nil, err
	}
	c.digest = digest.String()
	c.tree, err = r.tree(im, m)
	return c, err
}

// tree is the file system of an image.
func (r *reader) tree(im v1.Image, m *v1.Manifest) (*layers.Tree, error) {
	all, err := im.Layers()
	if err != nil {
		return nil, err
	}
	var list []layers.Layer
	for i, l := range slices.Backward(all) {
		d := m.Layers[i]
		switch {
		case d.Size < 0: // -1 is any size, to the library
			return nil, fault.New("name a container image", "layer %d of %d has %d bytes", i+1, len(all), d.Size)
		case d.Size > maxHeld:
			return nil, fault.New("name the image of a server", "layer %d of %d has %d GiB, more than %d", i+1, len(all), d.Size>>30, int64(maxHeld)>>30)
		}
		list = append(list, r.source.layer(l, d, fmt.Sprintf("layer %d of %d", i+1, len(all))))
	}
	return layers.New(list), nil
}

// extract copies the program into the cache.
func (r *reader) extract(ctx context.Context, im *contents) (fact, error) {
	candidates, asked, err := programOf(im.config.Config, r.o.Path)
	if err != nil {
		return fact{}, r.ask(ctx, im.tree, err)
	}
	p, err := im.tree.Find(ctx, candidates)
	if missing := (*layers.NoFile)(nil); errors.As(err, &missing) {
		missing.Name = asked
		return fact{}, r.ask(ctx, im.tree, missing)
	}
	if err != nil {
		return fact{}, err
	}
	if !p.Go {
		return fact{}, r.ask(ctx, im.tree, fmt.Errorf("%s is not a Go program", asked))
	}
	sum, err := r.cache.add(ctx, im.tree, p)
	return fact{Digest: im.digest, Platform: im.config.Platform().String(), Path: p.Asked, Program: sum}, err
}

// ask says that err leaves the program open, and which there are. It reads the
// whole image for that.
func (r *reader) ask(ctx context.Context, t *layers.Tree, err error) error {
	r.o.Step("looking for Go programs in the image")
	found, lookErr := t.GoPrograms(ctx)
	if lookErr != nil {
		return lookErr
	}
	if len(found) == 0 {
		return fault.New("name the image that the server runs in", "%w, and there is no Go program in the image", err)
	}
	return fault.New("choose one with --path", "%w; the Go programs in the image are %s", err, list(found, 8))
}

// explain gives an error that says nothing of what to do a next step, and keeps the
// names in an image, which are foreign text, from making lines of their own.
func (r *reader) explain(err error) error {
	var pathErr *fs.PathError
	switch {
	case fault.Next(err) != "":
	case errors.As(err, &pathErr) && strings.HasPrefix(pathErr.Path, r.cache.dir+string(os.PathSeparator)):
		err = fault.New("the cache needs a directory that can be written; set XDG_CACHE_HOME to one", "cache: %w", err)
	default:
		err = r.source.explain(err)
	}
	return oneLine(err)
}

// bareRE is NAME:TAG as people type it for docker pull; a name of one letter is a drive.
var bareRE = pattern.New(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// IsBare reports whether ref looks like an image that lacks its scheme: NAME:TAG or
// NAME/IMAGE:TAG.
func IsBare(ref string) bool {
	scheme, _, _ := strings.Cut(ref, ":")
	return len(scheme) > 1 && scheme != "mod" && !slices.Contains(Schemes, scheme) && bareRE.MatchString(ref)
}
