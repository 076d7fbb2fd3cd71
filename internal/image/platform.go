package image

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A platform is what is asked for. Without --platform it is a guess that an
// image with no choice need not meet.
type platform struct {
	os, arch, variant string
	guess             bool
}

// parsePlatform reads OS/ARCH or OS/ARCH/VARIANT; "" is Linux, where servers
// with plugins run in images, on this machine's architecture.
func parsePlatform(s string) (platform, error) {
	if s == "" {
		return platform{os: "linux", arch: runtime.GOARCH, guess: true}, nil
	}
	f := strings.Split(s, "/")
	if len(f) < 2 || len(f) > 3 || slices.Contains(f, "") {
		return platform{}, fault("write it as linux/amd64", "--platform %q is not OS/ARCH", s)
	}
	p := platform{os: f[0], arch: f[1]}
	if len(f) == 3 {
		p.variant = f[2]
	}
	return p, nil
}

func (p platform) String() string {
	return strings.TrimSuffix(p.os+"/"+p.arch+"/"+p.variant, "/")
}

func (p platform) is(q v1.Platform) bool {
	return p.os == q.OS && p.arch == q.Architecture && (p.variant == "" || p.variant == q.Variant)
}

// check reports whether an image that is the only one will do.
func (p platform) check(have v1.Platform) error {
	if p.guess || p.is(have) {
		return nil
	}
	return fault("choose it with --platform", "no image for %s; there is only %s", p, platformName(have))
}

// choose returns the entry of an index for the platform.
func (p platform) choose(index *v1.IndexManifest) (v1.Descriptor, error) {
	var fits []v1.Descriptor
	var have []string
	for _, d := range index.Manifests {
		switch {
		case d.Platform == nil:
			if len(index.Manifests) == 1 {
				return d, nil // a layout's index names its one image so
			}
		case d.Platform.OS == "unknown": // an attestation
		case p.is(*d.Platform):
			fits = append(fits, d)
		default:
			have = append(have, platformName(*d.Platform))
		}
	}
	switch {
	case len(fits) == 0 && len(have) == 0:
		return v1.Descriptor{}, fault("save or name the one image alone", "its index of %d images names no platform", len(index.Manifests))
	case len(fits) == 0:
		slices.Sort(have)
		return v1.Descriptor{}, fault("choose one with --platform", "no image for %s; there are %s", p, list(slices.Compact(have), 20))
	}
	for _, d := range fits[1:] {
		if d.Digest != fits[0].Digest && platformName(*d.Platform) == platformName(*fits[0].Platform) {
			return v1.Descriptor{}, fault("save the one image alone", "several images for %s", p)
		}
	}
	return fits[0], nil
}

func platformName(p v1.Platform) string {
	return strings.TrimSuffix(fmt.Sprintf("%s/%s/%s", p.OS, p.Architecture, p.Variant), "/")
}
