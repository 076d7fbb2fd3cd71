package imagetest

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// WriteOCI adds to an OCI layout in a directory, or makes it. One image is there by
// itself, several in an index of their own, as skopeo copy --all has it.
func WriteOCI(dir string, images ...v1.Image) error {
	path, err := layout.FromPath(dir)
	if err != nil {
		path, err = layout.Write(dir, empty.Index)
	}
	if err != nil {
		return err
	}
	if len(images) == 1 {
		return path.AppendImage(images[0])
	}
	index, err := Index(images...)
	if err != nil {
		return err
	}
	return path.AppendIndex(index)
}

// WriteOCIArchive writes the same as a tar file.
func WriteOCIArchive(file string, images ...v1.Image) error {
	dir, err := os.MkdirTemp(filepath.Dir(file), "oci-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := WriteOCI(dir, images...); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	return w.Close()
}

// WriteDocker writes what docker save writes: layers are plain tars. The image has the
// name tag, "nakama:3.26.0", or none.
func WriteDocker(file, tag string, im v1.Image) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	config, err := im.RawConfigFile()
	if err != nil {
		return err
	}
	id, err := im.ConfigName()
	if err != nil {
		return err
	}
	saved := tarball.Descriptor{Config: id.Hex + ".json"}
	if tag != "" {
		saved.RepoTags = []string{tag}
	}
	layers, err := im.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		name, err := addLayer(w, l)
		if err != nil {
			return err
		}
		saved.Layers = append(saved.Layers, name)
	}
	data, err := json.Marshal(tarball.Manifest{saved})
	if err != nil {
		return err
	}
	if err := errors.Join(add(w, saved.Config, config), add(w, "manifest.json", data)); err != nil {
		return err
	}
	return w.Close()
}

// addLayer writes a layer, and a link to it, as older versions of Docker do.
func addLayer(w *tar.Writer, l v1.Layer) (string, error) {
	r, err := l.Uncompressed()
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	id, err := l.DiffID()
	if err != nil {
		return "", err
	}
	if err := add(w, id.Hex+"/layer.tar", data); err != nil {
		return "", err
	}
	name := id.Hex[:12] + "/layer.tar"
	return name, w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: "../" + id.Hex + "/layer.tar"})
}

func add(w *tar.Writer, name string, data []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}
