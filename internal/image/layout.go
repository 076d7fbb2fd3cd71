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
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pinfix/pinfix/internal/bounded"
)

// A layout is an OCI image layout, in a directory or an archive: index.json, and
// blobs by digest (the OCI image specification, "Image Layout").
type layout struct {
	files
	source string
	index  []byte
	root   v1.Descriptor
}

func openOCIDir(dir string) (source, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault("name the directory with index.json and blobs", "no such directory")
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fault("an image layout in an archive is oci-archive:FILE", "a file, not a directory")
	}
	root, err := bounded.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return openLayout(folder{root}, "oci:"+filepath.Base(dir))
}

func openOCIArchive(file string) (source, error) {
	a, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	return openLayout(a, "oci-archive:"+filepath.Base(file))
}

func openLayout(f files, source string) (source, error) {
	l := &layout{files: f, source: source}
	if err := l.readIndex(); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

func (l *layout) readIndex() error {
	r, err := l.open("index.json")
	if errors.Is(err, fs.ErrNotExist) {
		return fault("what docker save writes is docker-archive:FILE; a layout has an index.json", "not an OCI image layout: no index.json in it")
	}
	if err != nil {
		return err
	}
	defer r.Close()
	if l.index, err = readSmall(r); err != nil {
		return fault("name an image layout", "index.json: %w", err)
	}
	index, manifest, err := parseManifest(l.index, "")
	if err != nil {
		return err
	}
	if manifest != nil || len(index.Manifests) == 0 {
		return fault("save it again", "index.json names no image")
	}
	l.root = v1.Descriptor{MediaType: types.OCIImageIndex, Data: l.index, Size: int64(len(l.index))}
	l.root.Digest, _, err = v1.SHA256(bytes.NewReader(l.index))
	return err
}

func (l *layout) name() string { return l.source }

func (l *layout) id(context.Context) (string, error) { return l.root.Digest.String(), nil }

func (l *layout) remember(string) error { return nil }

func (l *layout) close() error { return l.Close() }

func (l *layout) image(ctx context.Context, p platform) (*contents, error) {
	return fromStore(ctx, l, l.root, p)
}

func (l *layout) small(_ context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Digest == l.root.Digest {
		return l.index, nil
	}
	r, err := l.blob(d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readChecked(r, d)
}

func (l *layout) layer(d v1.Descriptor, _, _ int) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return l.blob(d) }
}

func (l *layout) blob(d v1.Descriptor) (io.ReadCloser, error) {
	if d.Digest.Algorithm != "sha256" {
		return nil, fault("save it again with sha256", "digest %s: only sha256 is read", d.Digest)
	}
	r, err := l.open("blobs/sha256/" + d.Digest.Hex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault("save the image again, for this platform too (skopeo copy --all)", "%s is not in the layout", d.Digest)
	}
	return r, err
}
