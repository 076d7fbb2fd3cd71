package image

import (
	"bytes"
	"encoding/json"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pinfix/pinfix/internal/fault"
)

// maxNested is how deep indexes may lie in indexes: a layout has one in one.
const maxNested = 3

// pick follows data, an index or a manifest, to the manifest of the image for a
// platform, which it returns with its text. fetch returns what a descriptor names.
func pick(data []byte, mediaType types.MediaType, p platform, fetch func(v1.Descriptor) ([]byte, error)) (*v1.Manifest, []byte, error) {
	for range maxNested + 1 {
		index, manifest, err := parseManifest(data, mediaType)
		if manifest != nil || err != nil {
			return manifest, data, err
		}
		d, err := p.choose(index)
		if err != nil {
			return nil, nil, err
		}
		if data, err = fetch(d); err != nil {
			return nil, nil, err
		}
		mediaType = d.MediaType
	}
	return nil, nil, fault.New("name the image itself", "an index in an index, more than %d deep", maxNested)
}

// parseManifest tells an index from a manifest by what is in it where the media
// type does not say. It returns one of them.
func parseManifest(data []byte, mediaType types.MediaType) (*v1.IndexManifest, *v1.Manifest, error) {
	const next = "name a container image"
	var head struct {
		MediaType types.MediaType   `json:"mediaType"`
		Manifests []json.RawMessage `json:"manifests"`
		Config    json.RawMessage   `json:"config"`
		FSLayers  json.RawMessage   `json:"fsLayers"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, nil, fault.New(next, "its manifest is no JSON object: %w", err)
	}
	switch {
	case head.FSLayers != nil, mediaType == types.DockerManifestSchema1, mediaType == types.DockerManifestSchema1Signed:
		return nil, nil, fault.New("pull and push it again with a current Docker", "an image of Docker's old form (schema 1)")
	case head.Manifests != nil:
		index, err := v1.ParseIndexManifest(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fault.New(next, "its index: %w", err)
		}
		return index, nil, nil
	case head.Config != nil:
		manifest, err := v1.ParseManifest(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fault.New(next, "its manifest: %w", err)
		}
		if t := manifest.Config.MediaType; t != types.OCIConfigJSON && t != types.DockerConfigJSON && t != "" {
			return nil, nil, fault.New("name the image that the server runs in", "not a container image but %s", t)
		}
		return nil, manifest, nil
	}
	return nil, nil, fault.New(next, "its manifest names neither a configuration nor other manifests")
}

// parseConfig reads a configuration, which must name a platform.
func parseConfig(data []byte) (*v1.ConfigFile, error) {
	const next = "name a container image"
	c, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		return nil, fault.New(next, "its configuration: %w", err)
	}
	if c.OS == "" || c.Architecture == "" {
		return nil, fault.New(next, "its configuration names no platform")
	}
	return c, nil
}
