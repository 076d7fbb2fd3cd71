// Package registry is the way to one registry of container images. [New] returns
// a puller of the library that asks it within limits, with the user's credentials
// for it, and goes nowhere that the registry should not lead to; [Explain] says
// what an error of that puller means.
//
// A request goes through these in turn: a transport refuses where it may not go
// ([reach]), goes on with a download that was cut ([download]), and ends what asks
// or waits for ever ([pace]).
package registry

import (
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// MaxText is the limit on a manifest, a configuration and a page of tags, in
// bytes: what registries take of a manifest.
const MaxText = 4 << 20

// New returns a puller for the registry at host, "registry.example.com:5000". A
// foreign one was not named by the user, so it may not be on this machine.
func New(host string, foreign bool) (*remote.Puller, error) {
	return remote.NewPuller(
		remote.WithTransport(newTransport(newReach(host, foreign))),
		remote.WithAuthFromKeychain(keychain{}),
		remote.WithRetryBackoff(remote.Backoff{Duration: 200 * time.Millisecond, Factor: 3, Jitter: 0.1, Steps: 3}),
		remote.WithUserAgent("pinfix"),
	)
}

// newTransport is the way to where r allows.
func newTransport(r *reach) *transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = idleLimit
	t.DisableCompression = true // layers are compressed, and lengths count
	r.use(t)
	return &transport{newPace(t), r, t.Proxy}
}

// Size prints a number of bytes, -1 for one that is not known.
func Size(n int64) string {
	switch {
	case n < 0:
		return "an unknown size"
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
