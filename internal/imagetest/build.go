// Package imagetest makes container images, archives and registries for tests.
package imagetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// A Layer is the tar of a layer and what it is compressed with: "gzip", "zstd",
// or "" for nothing.
type Layer struct{ tar, packed []byte }

// NewLayer compresses a tar.
func NewLayer(data []byte, how string) (*Layer, error) {
	var b bytes.Buffer
	switch how {
	case "":
		b.Write(data)
	case "gzip":
		w := gzip.NewWriter(&b)
		w.Write(data)
		if err := w.Close(); err != nil {
			return nil, err
		}
	case "zstd":
		w, err := zstd.NewWriter(&b)
		if err != nil {
			return nil, err
		}
		w.Write(data)
		if err := w.Close(); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("no compression %q", how)
	}
	return &Layer{data, b.Bytes()}, nil
}

// RawLayer is bytes that need not be those of a layer.
func RawLayer(data []byte) *Layer { return &Layer{data, data} }

func sum(data []byte) (v1.Hash, error) {
	h, _, err := v1.SHA256(bytes.NewReader(data))
	return h, err
}

// Digest, and the methods below, are those of a v1.Layer.
func (l *Layer) Digest() (v1.Hash, error) { return sum(l.packed) }

// DiffID is the digest of the tar.
func (l *Layer) DiffID() (v1.Hash, error) { return sum(l.tar) }

// Size is that of the blob.
func (l *Layer) Size() (int64, error) { return int64(len(l.packed)), nil }

// Compressed is the blob.
func (l *Layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.packed)), nil
}

// Uncompressed is the tar.
func (l *Layer) Uncompressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.tar)), nil
}

// MediaType is that of a gzipped tar, whatever the blob is.
func (l *Layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }

// Image makes an image of layers, the lowest first.
func Image(platform v1.Platform, config v1.Config, layers ...*Layer) (v1.Image, error) {
	im := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	var all []v1.Layer
	for _, l := range layers {
		all = append(all, l)
	}
	im, err := mutate.AppendLayers(im, all...)
	if err != nil {
		return nil, err
	}
	file, err := im.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Variant, file.Config = platform.OS, platform.Architecture, platform.Variant, config
	return mutate.ConfigFile(im, file)
}

// Index makes an index of images, each with its platform.
func Index(images ...v1.Image) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, im := range images {
		file, err := im.ConfigFile()
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: im, Descriptor: v1.Descriptor{Platform: file.Platform()}})
	}
	return index, nil
}

// Parse reads a description of images, a line each:
//
//	platform OS/ARCH[/VARIANT]    begins an image
//	entrypoint ARG...             what it starts; also cmd, workdir DIR, env NAME=VALUE
//	layer gzip|zstd|plain         begins a layer, on those before it
//	layer raw FILE                one that is this file of dir
//	layer bomb|files|links|deep N one that is hostile, see hostile
//	file PATH SOURCE [MODE]       SOURCE is a file in dir
//	dir PATH                      also fifo PATH
//	symlink PATH TARGET           also hardlink PATH OTHER
//	whiteout PATH                 deletes PATH of the layers below
//	opaque DIR                    hides what is in DIR in the layers below
func Parse(spec, dir string) ([]v1.Image, error) {
	p := &parser{dir: dir}
	for line := range strings.Lines(spec) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if err := p.line(f[0], f[1:]); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimSpace(line), err)
		}
	}
	return p.images, p.endImage()
}

type parser struct {
	dir      string
	images   []v1.Image
	platform *v1.Platform
	config   v1.Config
	layers   []*Layer
	how      string
	tar      *tar.Writer
	data     *bytes.Buffer
}

func (p *parser) endLayer() error {
	if p.tar == nil {
		return nil
	}
	if err := p.tar.Close(); err != nil {
		return err
	}
	l, err := NewLayer(p.data.Bytes(), strings.TrimPrefix(p.how, "plain"))
	p.layers, p.tar = append(p.layers, l), nil
	return err
}

func (p *parser) endImage() error {
	if p.platform == nil {
		return nil
	}
	if err := p.endLayer(); err != nil {
		return err
	}
	im, err := Image(*p.platform, p.config, p.layers...)
	p.images, p.layers, p.config = append(p.images, im), nil, v1.Config{}
	return err
}

func (p *parser) line(word string, args []string) error {
	switch word {
	case "platform":
		if err := p.endImage(); err != nil {
			return err
		}
		var err error
		p.platform, err = v1.ParsePlatform(args[0])
		return err
	case "entrypoint":
		p.config.Entrypoint = args
	case "cmd":
		p.config.Cmd = args
	case "workdir":
		p.config.WorkingDir = args[0]
	case "env":
		p.config.Env = append(p.config.Env, args[0])
	case "layer":
		if err := p.endLayer(); err != nil {
			return err
		}
		return p.beginLayer(args)
	default:
		return p.entry(word, args)
	}
	return nil
}

func (p *parser) beginLayer(args []string) error {
	if len(args) == 1 {
		p.how, p.data = args[0], &bytes.Buffer{}
		p.tar = tar.NewWriter(p.data)
		return nil
	}
	var l *Layer
	if args[0] == "raw" {
		data, err := os.ReadFile(filepath.Join(p.dir, args[1]))
		if err != nil {
			return err
		}
		l = RawLayer(data)
	} else {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		if l, err = hostile(args[0], n); err != nil {
			return err
		}
	}
	p.layers = append(p.layers, l)
	return nil
}

func (p *parser) entry(word string, args []string) error {
	h := &tar.Header{Name: strings.TrimPrefix(args[0], "/"), Mode: 0o755}
	var data []byte
	switch word {
	case "file":
		var err error
		if data, err = os.ReadFile(filepath.Join(p.dir, args[1])); err != nil {
			return err
		}
		if len(args) > 2 {
			if h.Mode, err = strconv.ParseInt(args[2], 8, 64); err != nil {
				return err
			}
		}
		h.Typeflag, h.Size = tar.TypeReg, int64(len(data))
	case "dir":
		h.Typeflag = tar.TypeDir
	case "fifo":
		h.Typeflag = tar.TypeFifo
	case "symlink":
		h.Typeflag, h.Linkname = tar.TypeSymlink, args[1]
	case "hardlink":
		h.Typeflag, h.Linkname = tar.TypeLink, strings.TrimPrefix(args[1], "/")
	case "whiteout":
		h.Name = filepath.Join(filepath.Dir(h.Name), ".wh."+filepath.Base(h.Name))
	case "opaque":
		h.Name = filepath.Join(h.Name, ".wh..wh..opq")
	default:
		return fmt.Errorf("no word %s", word)
	}
	if err := p.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err := p.tar.Write(data)
	return err
}
