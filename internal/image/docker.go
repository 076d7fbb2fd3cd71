package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pinfix/pinfix/internal/fault"
)

// openDockerArchive opens what docker save writes: manifest.json names for each
// image its configuration and its layers, which are plain tars, or not.
func openDockerArchive(ref string) (source, error) {
	file, tag := splitTag(ref)
	a, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	source := "docker-archive:" + filepath.Base(file)
	if tag != "" {
		source += ":" + tag
	}
	return openLocal(&local{files: a, source: source}, func(l *local) error { return l.readSaved(tag) })
}

// splitTag takes the shortest file name that exists; both halves may hold colons.
func splitTag(ref string) (file, tag string) {
	for i, c := range ref {
		if c != ':' {
			continue
		}
		if _, err := os.Stat(ref); err == nil {
			break
		}
		if _, err := os.Stat(ref[:i]); err == nil {
			return ref[:i], ref[i+1:]
		}
	}
	return ref, ""
}

// readSaved makes a manifest of what manifest.json says of the image with a tag. Its
// layers have the digests of their tars, which the configuration names.
func (l *local) readSaved(tag string) error {
	data, err := l.small("manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New("an image layout in an archive is oci-archive:FILE", "not written by docker save: no manifest.json in it")
	}
	if err != nil {
		return err
	}
	images, err := parseSaved(data)
	if err != nil {
		return err
	}
	saved, err := choose(images, tag)
	if err != nil {
		return err
	}
	data, err = l.small(saved.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New("save it again with docker save", "the configuration %s is not in the archive", saved.Config)
	}
	if err != nil {
		return err
	}
	config, err := parseConfig(data)
	if err != nil {
		return err
	}
	diffIDs := config.RootFS.DiffIDs
	if len(diffIDs) != len(saved.Layers) {
		return fault.New("save it again with docker save", "manifest.json names %d layers and the configuration %d", len(saved.Layers), len(diffIDs))
	}
	if l.digest, _, err = v1.SHA256(bytes.NewReader(data)); err != nil {
		return err
	}
	l.paths = map[v1.Hash]string{l.digest: saved.Config}
	m := v1.Manifest{SchemaVersion: 2, Config: v1.Descriptor{MediaType: types.DockerConfigJSON, Digest: l.digest}}
	for i, d := range diffIDs {
		l.paths[d] = saved.Layers[i]
		m.Layers = append(m.Layers, v1.Descriptor{MediaType: types.DockerLayer, Digest: d})
	}
	l.root, err = json.Marshal(m)
	return err
}

func parseSaved(data []byte) (tarball.Manifest, error) {
	var images tarball.Manifest
	if err := json.Unmarshal(data, &images); err != nil {
		return nil, fault.New("save it again with docker save", "manifest.json: %w", err)
	}
	return images, nil
}

// choose finds the image with a tag: NAME:TAG, or TAG alone.
func choose(images tarball.Manifest, tag string) (tarball.Descriptor, error) {
	var fits []tarball.Descriptor
	var have []string
	for _, im := range images {
		have = append(have, im.RepoTags...)
		if tag == "" || slices.ContainsFunc(im.RepoTags, func(t string) bool { return t == tag || strings.HasSuffix(t, ":"+tag) }) {
			fits = append(fits, im)
		}
	}
	next := "write it as docker-archive:FILE:TAG; there are " + list(have, 10)
	switch {
	case len(images) == 0:
		return tarball.Descriptor{}, fault.New("save it again with docker save", "no image in the archive")
	case len(fits) == 1:
		return fits[0], nil
	case len(have) == 0:
		return tarball.Descriptor{}, fault.New("save one image alone", "%d images in the archive, and none has a tag", len(images))
	case len(fits) == 0:
		return tarball.Descriptor{}, fault.New(next, "no image %s in the archive", tag)
	}
	return tarball.Descriptor{}, fault.New(next, "%d images in the archive", len(fits))
}
