package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/pattern"
)

// Asks returns the host of the registry that reading ref would ask, or "" where it
// is no image of a registry, or one that is refused.
func Asks(ref string) string {
	given, ok := strings.CutPrefix(ref, "image:")
	if !ok || noCredentials(given) != nil {
		return ""
	}
	given = patternSigns.Replace(given) // a pattern of tags asks the same host
	parsed, err := name.ParseReference(given)
	if err != nil {
		return ""
	}
	return parsed.Context().RegistryStr()
}

// A registry is an image in a registry, or of one that the cache has seen.
type registry struct {
	given   string
	ref     name.Reference
	puller  *remote.Puller
	cache   *cache
	o       Options
	root    *v1.Descriptor    // once it is known
	fetched map[string]string // layers by digest, in the cache's tmp
	held    int64             // bytes of them
}

func newRegistry(given string, o Options, c *cache) (source, error) {
	if err := noCredentials(given); err != nil {
		return nil, err
	}
	ref, err := name.ParseReference(given)
	if err != nil {
		return nil, fault("write it as image:NAME:TAG, such as image:heroiclabs/nakama:3.26.0", "not the name of an image: %w", err)
	}
	r := &registry{given: given, ref: ref, cache: c, o: o, fetched: map[string]string{}}
	r.puller, err = newPuller(ref.Context().RegistryStr(), o)
	return r, err
}

// newPuller asks the registry at host, and whom it may lead to.
func newPuller(host string, o Options) (*remote.Puller, error) {
	return remote.NewPuller(
		remote.WithTransport(newTransport(newReach(host, o.Foreign))),
		remote.WithAuthFromKeychain(keychain(o.Environ)),
		remote.WithRetryBackoff(remote.Backoff{Duration: 200 * time.Millisecond, Factor: 3, Jitter: 0.1, Steps: 3}),
		remote.WithUserAgent("pinfix"),
	)
}

// patternSigns makes a pattern of tags the name of one.
var patternSigns = strings.NewReplacer("*", "x", "?", "x", "[", "x", "]", "x")

var digestForm = pattern.New(`^[a-z0-9]+:[0-9A-Fa-f]+$`)

// noCredentials refuses USER:PASSWORD@HOST, and does not repeat it.
func noCredentials(ref string) error {
	if _, after, ok := strings.Cut(ref, "@"); ok && !digestForm.MatchString(after) {
		return &SecretError{}
	}
	return nil
}

// A SecretError is a reference that holds a password, so that it must not be
// printed.
type SecretError struct{}

func (*SecretError) Error() string { return "no user or password may be in the name of an image" }

// NextStep says what the user can do.
func (*SecretError) NextStep() string {
	return "log in with docker login HOST, and leave them out"
}

func (r *registry) name() string { return "image:" + r.given }

func (r *registry) close() error { return nil }

// id asks for the digest of a tag, unless that is not allowed or not needed.
func (r *registry) id(ctx context.Context) (string, error) {
	if d, ok := r.ref.(name.Digest); ok {
		return d.DigestStr(), nil
	}
	if r.o.Offline {
		return r.remembered()
	}
	r.o.Step("asking " + r.ref.Context().RegistryStr() + " for " + r.ref.Identifier())
	d, err := r.puller.Head(ctx, r.ref)
	if err != nil {
		if gone := (*url.Error)(nil); errors.As(err, &gone) {
			return "", r.explain(err)
		}
		// The answer to a HEAD has no text, and some registries have none.
		if d, err = r.get(ctx, r.ref); err != nil {
			return "", r.explain(err)
		}
	}
	r.root = d
	return d.Digest.String(), nil
}

// remember keeps what the tag means now.
func (r *registry) remember(id string) error {
	if _, ok := r.ref.(name.Digest); ok || r.o.Offline {
		return nil
	}
	return r.cache.keepDigest(r.ref.Name(), id)
}

func (r *registry) remembered() (string, error) {
	if digest, ok := r.cache.digest(r.ref.Name()); ok {
		return digest, nil
	}
	return "", fault("run it once without --offline", "%s is not in the cache", r.ref.Name())
}

func (r *registry) get(ctx context.Context, ref name.Reference) (*v1.Descriptor, error) {
	d, err := r.puller.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	desc := d.Descriptor
	desc.Data = d.Manifest
	return &desc, nil
}

func (r *registry) image(ctx context.Context, p platform) (*contents, error) {
	if r.o.Offline {
		return nil, fault("run it once without --offline, with the same --platform and --path", "its program for %s is not in the cache", p)
	}
	if r.root == nil {
		d, err := r.get(ctx, r.ref)
		if err != nil {
			return nil, r.explain(err)
		}
		r.root = d
	}
	return fromStore(ctx, r, *r.root, p)
}

// small fetches manifests by their digest, and configurations, which are blobs.
func (r *registry) small(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	switch {
	case d.Data != nil:
		return readChecked(bytes.NewReader(d.Data), d)
	case d.Size > maxManifest:
		return nil, fault("name a container image", "its manifest or configuration has %d MiB", d.Size>>20)
	case d.MediaType.IsImage() || d.MediaType.IsIndex():
		got, err := r.get(ctx, r.ref.Context().Digest(d.Digest.String()))
		if err != nil {
			return nil, r.explain(err)
		}
		return got.Data, nil
	}
	f, err := r.blob(ctx, d)
	if err != nil {
		return nil, r.explain(err)
	}
	defer f.Close()
	data, err := readChecked(f, d)
	if err != nil {
		return nil, r.explain(err)
	}
	return data, nil
}

func (r *registry) blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	l, err := r.puller.Layer(ctx, r.ref.Context().Digest(d.Digest.String()))
	if err != nil {
		return nil, err
	}
	return l.Compressed()
}

// layer fetches a layer into the cache's tmp once: it may be read several times,
// and a slow reader must not keep the connection waiting.
func (r *registry) layer(d v1.Descriptor, i, n int) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		key := d.Digest.String()
		if r.fetched[key] == "" {
			file, err := r.fetch(ctx, d, fmt.Sprintf("pulling layer %d of %d", i, n))
			if err != nil {
				return nil, err
			}
			r.fetched[key] = file
		}
		return bounded.Open(r.fetched[key])
	}
}

func (r *registry) fetch(ctx context.Context, d v1.Descriptor, what string) (string, error) {
	if r.held += d.Size; r.held > maxHeld {
		return "", fault(nextWork, "more than %d GiB of layers to fetch", int64(maxHeld)>>30)
	}
	f, err := r.cache.temp()
	if err != nil {
		return "", err
	}
	defer f.Close()
	meter := newMeter(what, d.Size, r.o.Step)
	body, err := r.blob(ctx, d)
	if err != nil {
		return "", r.explain(err)
	}
	defer body.Close()
	// One byte more than it should be is enough to see it; the digest is
	// checked when the layer is read, and here by the library.
	n, err := io.Copy(io.MultiWriter(&toCache{r.cache, f}, meter), io.LimitReader(body, d.Size+1))
	switch {
	case err != nil:
		return "", r.explain(err)
	case n != d.Size:
		return "", fault("try again: the registry, or something on the way, is broken", "layer %s has another size than its manifest says", d.Digest)
	}
	return f.Name(), nil
}

// explain says what an error of the registry means.
func (r *registry) explain(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	e := explainNetwork(err, r.ref)
	if _, ok := r.cache.digest(r.ref.Name()); ok && e.offline {
		e.Next += "; or take what the cache has with --offline"
	}
	return &e.Error
}
