package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/layers"
	"github.com/pinfix/pinfix/internal/registry"
)

// local is a source in files: an OCI image layout (the OCI image specification,
// "Image Layout"), in a directory or an archive, or an archive of docker save.
//
// The library's packages for these, layout and tarball, are not used: they keep an
// index.json or a manifest.json of any size in memory (300 and 800 MiB for one of 300
// MB), wait forever for a pipe, and follow a link out of the directory; layout does
// not read archives. What they are made of, v1.Image over a few files, is.
type local struct {
	files
	source string
	digest v1.Hash            // of index.json, or of the configuration in an archive of docker save
	root   []byte             // index.json, or the manifest of the image
	paths  map[v1.Hash]string // of blobs in an archive of docker save
}

func openOCIDir(dir string) (source, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New("name the directory with index.json and blobs", "no such directory")
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fault.New("an image layout in an archive is oci-archive:FILE", "a file, not a directory")
	}
	root, err := bounded.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return openLocal(&local{files: folder{root}, source: "oci:" + filepath.Base(dir)}, (*local).readIndex)
}

func openOCIArchive(file string) (source, error) {
	a, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	return openLocal(&local{files: a, source: "oci-archive:" + filepath.Base(file)}, (*local).readIndex)
}

// openLocal reads what is at the top of l, and closes it where that fails.
func openLocal(l *local, read func(*local) error) (source, error) {
	if err := read(l); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *local) readIndex() error {
	var err error
	if l.root, err = l.small("index.json"); errors.Is(err, fs.ErrNotExist) {
		return fault.New("what docker save writes is docker-archive:FILE; a layout has an index.json", "not an OCI image layout: no index.json in it")
	}
	if err != nil {
		return err
	}
	index, manifest, err := parseManifest(l.root, "")
	if err != nil {
		return err
	}
	if manifest != nil || len(index.Manifests) == 0 {
		return fault.New("save it again", "index.json names no image")
	}
	l.digest, _, err = v1.SHA256(bytes.NewReader(l.root))
	return err
}

func (l *local) name() string { return l.source }

func (l *local) id(context.Context) (string, error) { return l.digest.String(), nil }

func (l *local) remember(string) error { return nil }

func (l *local) explain(err error) error { return err }

func (l *local) close() error { return l.Close() }

func (l *local) image(_ context.Context, p platform) (v1.Image, error) {
	manifest, data, err := pick(l.root, "", p, func(d v1.Descriptor) ([]byte, error) { return l.checked(d.Digest) })
	if err != nil {
		return nil, err
	}
	im, err := partial.CompressedToImage(&localImage{l, data, manifest})
	if l.paths != nil {
		return savedImage{im}, err
	}
	return im, err
}

func (l *local) layer(layer v1.Layer, d v1.Descriptor, name string) layers.Layer {
	return layers.Layer{Name: name, Digest: d.Digest.String(), OfTar: l.paths != nil, Open: func(context.Context) (io.ReadCloser, error) {
		return layer.Compressed()
	}}
}

// blob opens what has a digest.
func (l *local) blob(d v1.Hash) (io.ReadCloser, error) {
	if name, ok := l.paths[d]; ok {
		return l.open(name)
	}
	if d.Algorithm != "sha256" {
		return nil, fault.New("save it again with sha256", "digest %s: only sha256 is read", d)
	}
	r, err := l.open("blobs/sha256/" + d.Hex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New("save the image again, for this platform too (skopeo copy --all)", "%s is not in the layout", d)
	}
	return r, err
}

// small reads a manifest, an index or a configuration, which is in the file called name.
func (l *local) small(name string) ([]byte, error) {
	r, err := l.open(name)
	if err != nil {
		return nil, err
	}
	return readSmall(r, name)
}

// checked is small for what has a digest.
func (l *local) checked(d v1.Hash) ([]byte, error) {
	r, err := l.blob(d)
	if err != nil {
		return nil, err
	}
	data, err := readSmall(r, d.String())
	if h, _, _ := v1.SHA256(bytes.NewReader(data)); err == nil && h != d {
		return nil, fault.New("fetch or save it again: the image is damaged", "what is stored as %s has the digest %s", d, h)
	}
	return data, err
}

// readSmall reads all of r, which is at most 4 MiB, and closes it.
func readSmall(r io.ReadCloser, name string) ([]byte, error) {
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, registry.MaxText+1))
	if err == nil && len(data) > registry.MaxText {
		err = errors.New("more than 4 MiB")
	}
	if err != nil {
		return nil, fault.New("name an image of a server", "%s: %w", name, err)
	}
	return data, nil
}

// A localImage is what the library needs of an image (partial.CompressedImageCore).
type localImage struct {
	l        *local
	raw      []byte
	manifest *v1.Manifest
}

func (im *localImage) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
func (im *localImage) RawManifest() ([]byte, error)        { return im.raw, nil }
func (im *localImage) RawConfigFile() ([]byte, error)      { return im.l.checked(im.manifest.Config.Digest) }
func (im *localImage) LayerByDigest(d v1.Hash) (partial.CompressedLayer, error) {
	return localLayer{im.l, d}, nil
}

// A localLayer is what the library needs of a layer. Size and media type are not
// asked for: a manifest has them too.
type localLayer struct {
	l *local
	d v1.Hash
}

func (y localLayer) Digest() (v1.Hash, error)            { return y.d, nil }
func (y localLayer) Size() (int64, error)                { return 0, errors.ErrUnsupported }
func (y localLayer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (y localLayer) Compressed() (io.ReadCloser, error)  { return y.l.blob(y.d) }

// A savedImage is of an archive of docker save, which has no manifest of its own: it
// is known by its ID, the digest of its configuration.
type savedImage struct{ v1.Image }

// Digest implements v1.Image.
func (im savedImage) Digest() (v1.Hash, error) { return im.ConfigName() }
