package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A dockerArchive is what docker save writes: manifest.json names for each image
// its configuration and its layers, which are plain tars, or not.
type dockerArchive struct {
	*archive
	source string
	saved  savedImage
	config []byte
	digest string // of the configuration: the image's ID
}

// A savedImage is an entry of manifest.json.
type savedImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func openDockerArchive(ref string) (source, error) {
	file, tag := splitTag(ref)
	a, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	d := &dockerArchive{archive: a, source: "docker-archive:" + filepath.Base(file)}
	if tag != "" {
		d.source += ":" + tag
	}
	if err := d.read(tag); err != nil {
		a.Close()
		return nil, err
	}
	return d, nil
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

func (d *dockerArchive) read(tag string) error {
	data, err := d.small("manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return fault("an image layout in an archive is oci-archive:FILE", "not written by docker save: no manifest.json in it")
	}
	if err != nil {
		return err
	}
	images, err := parseSaved(data)
	if err != nil {
		return err
	}
	if d.saved, err = choose(images, tag); err != nil {
		return err
	}
	d.config, err = d.small(d.saved.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return fault("save it again with docker save", "the configuration %s is not in the archive", d.saved.Config)
	}
	if err != nil {
		return err
	}
	h, _, err := v1.SHA256(bytes.NewReader(d.config))
	d.digest = h.String()
	return err
}

func parseSaved(data []byte) ([]savedImage, error) {
	var images []savedImage
	if err := json.Unmarshal(data, &images); err != nil {
		return nil, fault("save it again with docker save", "manifest.json: %w", err)
	}
	return images, nil
}

func (d *dockerArchive) small(name string) ([]byte, error) {
	r, err := d.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := readSmall(r)
	if err != nil {
		return nil, fault("name an archive of images", "%s: %w", name, err)
	}
	return data, nil
}

// choose finds the image with a tag: NAME:TAG, or TAG alone.
func choose(images []savedImage, tag string) (savedImage, error) {
	var fits []savedImage
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
		return savedImage{}, fault("save it again with docker save", "no image in the archive")
	case len(fits) == 1:
		return fits[0], nil
	case len(have) == 0:
		return savedImage{}, fault("save one image alone", "%d images in the archive, and none has a tag", len(images))
	case len(fits) == 0:
		return savedImage{}, fault(next, "no image %s in the archive", tag)
	}
	return savedImage{}, fault(next, "%d images in the archive", len(fits))
}

func (d *dockerArchive) name() string { return d.source }

func (d *dockerArchive) id(context.Context) (string, error) { return d.digest, nil }

func (d *dockerArchive) remember(string) error { return nil }

func (d *dockerArchive) close() error { return d.Close() }

func (d *dockerArchive) image(_ context.Context, p platform) (*contents, error) {
	c, err := parseConfig(d.config)
	if err != nil {
		return nil, err
	}
	if err := p.check(c.platform); err != nil {
		return nil, err
	}
	if len(c.diffIDs) != len(d.saved.Layers) {
		return nil, fault("save it again with docker save", "manifest.json names %d layers and the configuration %d", len(d.saved.Layers), len(c.diffIDs))
	}
	im := &contents{digest: d.digest, platform: platformName(c.platform), start: c.start}
	for i, file := range slices.Backward(d.saved.Layers) {
		im.layers = append(im.layers, blob{
			what: fmt.Sprintf("layer %d of %d", i+1, len(d.saved.Layers)), diffID: c.diffIDs[i],
			open: func(context.Context) (io.ReadCloser, error) { return d.open(file) },
		})
	}
	return im, nil
}
