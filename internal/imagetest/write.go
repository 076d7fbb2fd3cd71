package imagetest

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
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

// A Saved image has a name in a docker archive: "nakama:3.26.0", or none.
type Saved struct {
	Tag   string
	Image v1.Image
}

// WriteDocker writes what docker save writes: layers are plain tars.
func WriteDocker(file string, images ...Saved) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var manifest []entry
	for _, s := range images {
		config, err := s.Image.RawConfigFile()
		if err != nil {
			return err
		}
		id, err := sum(config)
		if err != nil {
			return err
		}
		e := entry{Config: id.Hex + ".json"}
		if s.Tag != "" {
			e.RepoTags = []string{s.Tag}
		}
		if err := add(w, e.Config, config); err != nil {
			return err
		}
		layers, err := s.Image.Layers()
		if err != nil {
			return err
		}
		for _, l := range layers {
			name, err := addLayer(w, l)
			if err != nil {
				return err
			}
			e.Layers = append(e.Layers, name)
		}
		manifest = append(manifest, e)
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := add(w, "manifest.json", data); err != nil {
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
