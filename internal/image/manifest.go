package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A store has manifests, configurations and layers by digest: a registry or an
// OCI layout.
type store interface {
	// small returns a manifest, an index or a configuration, whose digest has
	// been checked.
	small(ctx context.Context, d v1.Descriptor) ([]byte, error)
	// layer returns how to read the layer i of n; the digest is checked later.
	layer(d v1.Descriptor, i, n int) func(ctx context.Context) (io.ReadCloser, error)
}

// maxNested is how deep indexes may lie in indexes: a layout has one in one.
const maxNested = 3

// fromStore follows root, an index or a manifest, to the image for a platform.
func fromStore(ctx context.Context, s store, root v1.Descriptor, p platform) (*contents, error) {
	d := root
	for range maxNested + 1 {
		data, err := s.small(ctx, d)
		if err != nil {
			return nil, err
		}
		index, manifest, err := parseManifest(data, d.MediaType)
		if err != nil {
			return nil, err
		}
		if manifest != nil {
			return fromManifest(ctx, s, d.Digest.String(), manifest, p)
		}
		if d, err = p.choose(index); err != nil {
			return nil, err
		}
	}
	return nil, fault("name the image itself", "an index in an index, more than %d deep", maxNested)
}

// parseManifest tells an index from a manifest by what is in it where the media
// type does not say.
func parseManifest(data []byte, mediaType types.MediaType) (*v1.IndexManifest, *v1.Manifest, error) {
	const next = "name a container image"
	var head struct {
		MediaType types.MediaType   `json:"mediaType"`
		Manifests []json.RawMessage `json:"manifests"`
		Config    json.RawMessage   `json:"config"`
		FSLayers  json.RawMessage   `json:"fsLayers"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, nil, fault(next, "its manifest is no JSON object: %w", err)
	}
	switch {
	case head.FSLayers != nil, mediaType == types.DockerManifestSchema1, mediaType == types.DockerManifestSchema1Signed:
		return nil, nil, fault("pull and push it again with a current Docker", "an image of Docker's old form (schema 1)")
	case head.Manifests != nil:
		index, err := v1.ParseIndexManifest(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fault(next, "its index: %w", err)
		}
		return index, nil, nil
	case head.Config != nil:
		manifest, err := v1.ParseManifest(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fault(next, "its manifest: %w", err)
		}
		if t := manifest.Config.MediaType; t != types.OCIConfigJSON && t != types.DockerConfigJSON && t != "" {
			return nil, nil, fault("name the image that the server runs in", "not a container image but %s", t)
		}
		return nil, manifest, nil
	}
	return nil, nil, fault(next, "its manifest names neither a configuration nor other manifests")
}

func fromManifest(ctx context.Context, s store, digest string, m *v1.Manifest, p platform) (*contents, error) {
	data, err := s.small(ctx, m.Config)
	if err != nil {
		return nil, err
	}
	c, err := parseConfig(data)
	if err != nil {
		return nil, err
	}
	if err := p.check(c.platform); err != nil {
		return nil, err
	}
	im := &contents{digest: digest, platform: platformName(c.platform), start: c.start}
	for i := len(m.Layers); i > 0; i-- {
		d := m.Layers[i-1]
		if d.Size > maxHeld {
			return nil, fault("name the image of a server", "layer %d of %d has %d GiB, more than %d", i, len(m.Layers), d.Size>>30, int64(maxHeld)>>30)
		}
		im.layers = append(im.layers, blob{
			what: fmt.Sprintf("layer %d of %d", i, len(m.Layers)), digest: d.Digest.String(), open: s.layer(d, i, len(m.Layers)),
		})
	}
	return im, nil
}

// A parsed is what a configuration says.
type parsed struct {
	start    start
	platform v1.Platform
	diffIDs  []string
}

func parseConfig(data []byte) (parsed, error) {
	c, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		return parsed{}, fault("name a container image", "its configuration: %w", err)
	}
	p := parsed{
		start:    start{Entrypoint: c.Config.Entrypoint, Cmd: c.Config.Cmd, Env: c.Config.Env, WorkingDir: c.Config.WorkingDir},
		platform: v1.Platform{OS: c.OS, Architecture: c.Architecture, Variant: c.Variant},
	}
	if c.OS == "" || c.Architecture == "" {
		return p, fault("name a container image", "its configuration names no platform")
	}
	for _, d := range c.RootFS.DiffIDs {
		p.diffIDs = append(p.diffIDs, d.String())
	}
	return p, nil
}

// readSmall reads a manifest or a configuration.
func readSmall(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = errors.New("more than 4 MiB")
	}
	return data, err
}

// readChecked reads what a descriptor describes.
func readChecked(r io.Reader, d v1.Descriptor) ([]byte, error) {
	data, err := readSmall(r)
	if err != nil {
		return nil, err
	}
	h, _, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if h != d.Digest {
		return nil, &Error{errors.New("what is stored as " + d.Digest.String() + " has the digest " + h.String()), "fetch or save it again: the image is damaged"}
	}
	return data, nil
}
