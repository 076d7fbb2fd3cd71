package image

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/layers"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/registry"
)

// Asks returns the host of the registry that reading ref would ask, or "" where it
// is not an image of a registry, or one that is refused.
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

func (*SecretError) Error() string {
	return "the name of an image must not contain a user or a password"
}

// NextStep says what the user can do.
func (*SecretError) NextStep() string {
	return "log in with docker login HOST, and leave them out"
}

// maxHeld is how many bytes of layers are fetched, and may be in one as it is stored.
const maxHeld = 8 << 30

// pulled is a source in a registry, or what the cache has seen of one.
type pulled struct {
	given   string
	ref     name.Reference
	puller  *remote.Puller
	cache   *cache
	o       Options
	digest  string            // of what ref names, once that is known
	fetched map[string]string // layers by digest, in the cache's tmp
	held    int64             // bytes of them
}

func newPulled(given string, o Options, c *cache) (source, error) {
	if err := noCredentials(given); err != nil {
		return nil, err
	}
	ref, err := name.ParseReference(given)
	if err != nil {
		return nil, fault.New("write it as image:NAME:TAG, such as image:heroiclabs/nakama:3.26.0", "not the name of an image: %w", err)
	}
	puller, err := registry.New(ref.Context().RegistryStr(), o.Foreign)
	return &pulled{given: given, ref: ref, puller: puller, cache: c, o: o, fetched: map[string]string{}}, err
}

func (p *pulled) name() string { return "image:" + p.given }

func (p *pulled) close() error { return nil }

// id asks for the digest of a tag, unless that is not allowed or not needed.
func (p *pulled) id(ctx context.Context) (string, error) {
	var err error
	p.digest, err = p.resolve(ctx)
	return p.digest, err
}

func (p *pulled) resolve(ctx context.Context) (string, error) {
	if d, ok := p.ref.(name.Digest); ok {
		return d.DigestStr(), nil
	}
	if p.o.Offline {
		if digest, ok := p.cache.digest(p.ref.Name()); ok {
			return digest, nil
		}
		return "", fault.New("run it once without --offline", "%s is not in the cache", p.ref.Name())
	}
	p.o.Step("asking " + p.ref.Context().RegistryStr() + " for " + p.ref.Identifier())
	head, err := p.puller.Head(ctx, p.ref)
	if err == nil {
		return head.Digest.String(), nil
	}
	if unreachable := (*url.Error)(nil); errors.As(err, &unreachable) {
		return "", err
	}
	// The answer to a HEAD has no text, and some registries have none.
	whole, err := p.puller.Get(ctx, p.ref)
	if err != nil {
		return "", err
	}
	return whole.Digest.String(), nil
}

// remember keeps what the tag means now.
func (p *pulled) remember(id string) error {
	if _, ok := p.ref.(name.Digest); ok || p.o.Offline {
		return nil
	}
	return p.cache.keepDigest(p.ref.Name(), id)
}

func (p *pulled) image(ctx context.Context, want platform) (v1.Image, error) {
	if p.o.Offline {
		return nil, fault.New("run it once without --offline, with the same --platform and --path", "its program for %s is not in the cache", want)
	}
	repo := p.ref.Context()
	found, err := p.puller.Get(ctx, repo.Digest(p.digest))
	if err != nil {
		return nil, err
	}
	_, _, err = pick(found.Manifest, found.MediaType, want, func(d v1.Descriptor) ([]byte, error) {
		if found, err = p.puller.Get(ctx, repo.Digest(d.Digest.String())); err != nil {
			return nil, err
		}
		return found.Manifest, nil
	})
	if err != nil {
		return nil, err
	}
	found.MediaType = types.OCIManifestSchema1 // whatever the registry says: pick has looked
	return found.Image()
}

// layer fetches a layer into the cache's tmp once: it may be read several times,
// and a slow reader must not keep the connection waiting.
func (p *pulled) layer(l v1.Layer, d v1.Descriptor, name string) layers.Layer {
	key := d.Digest.String()
	return layers.Layer{Name: name, Digest: key, Open: func(context.Context) (io.ReadCloser, error) {
		if p.fetched[key] == "" {
			file, err := p.fetch(l, d.Size, "pulling "+name)
			if err != nil {
				return nil, err
			}
			p.fetched[key] = file
		}
		return bounded.Open(p.fetched[key])
	}}
}

func (p *pulled) fetch(l v1.Layer, size int64, what string) (string, error) {
	if p.held += size; p.held > maxHeld {
		return "", fault.New("name the image of a server", "more than %d GiB of layers to fetch", int64(maxHeld)>>30)
	}
	f, err := p.cache.temp()
	if err != nil {
		return "", err
	}
	defer f.Close()
	meter := newMeter(what, size, p.o.Step)
	body, err := l.Compressed()
	if err != nil {
		return "", p.explain(err)
	}
	defer body.Close()
	// The library ends with an error where the size or the digest is another.
	if _, err := io.Copy(io.MultiWriter(&toCache{p.cache, f}, meter), body); err != nil {
		return "", p.explain(err)
	}
	return f.Name(), nil
}

// explain says what an error of the registry means.
func (p *pulled) explain(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	e, wait := registry.Explain(err, p.ref)
	if _, ok := p.cache.digest(p.ref.Name()); ok && wait {
		e.Next += "; or take what the cache has with --offline"
	}
	return e
}
