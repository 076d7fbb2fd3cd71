package image

import (
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pinfix/pinfix/internal/fault"
)

// A platform is what is asked for. Without --platform it is a guess that an
// image with no choice need not meet.
type platform struct {
	v1.Platform
	guess bool
}

// parsePlatform reads OS/ARCH or OS/ARCH/VARIANT; "" is Linux, where servers
// with plugins run in images, on this machine's architecture.
func parsePlatform(s string) (platform, error) {
	if s == "" {
		return platform{v1.Platform{OS: "linux", Architecture: runtime.GOARCH}, true}, nil
	}
	f := strings.Split(s, "/")
	if len(f) < 2 || len(f) > 3 || slices.Contains(f, "") {
		return platform{}, fault.OfSetting("--platform", s, "write it as linux/amd64", "not OS/ARCH")
	}
	return platform{v1.Platform{OS: f[0], Architecture: f[1], Variant: strings.Join(f[2:], "")}, false}, nil
}

// check reports whether an image that is the only one will do.
func (p platform) check(have v1.Platform) error {
	if p.guess || have.Satisfies(p.Platform) {
		return nil
	}
	return fault.New("choose it with --platform", "no image for %s; there is only %s", p, have)
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
		case d.Platform.Satisfies(p.Platform):
			fits = append(fits, d)
		default:
			have = append(have, d.Platform.String())
		}
	}
	switch {
	case len(fits) == 0 && len(have) == 0:
		return v1.Descriptor{}, fault.New("save or name the one image alone", "its index of %d images names no platform", len(index.Manifests))
	case len(fits) == 0:
		slices.Sort(have)
		return v1.Descriptor{}, fault.New("choose one with --platform", "no image for %s; there are %s", p, list(slices.Compact(have), 20))
	}
	for _, d := range fits[1:] {
		if d.Digest != fits[0].Digest && d.Platform.String() == fits[0].Platform.String() {
			return v1.Descriptor{}, fault.New("save the one image alone", "several images for %s", p)
		}
	}
	return fits[0], nil
}
