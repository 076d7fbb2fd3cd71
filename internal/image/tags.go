package image

import (
	"context"
	"errors"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/registry"
)

// maxTags is how many tags of a repository are read; large ones have a few thousand.
const maxTags = 20_000

// Tags returns the tags of the repository that ref names, "image:NAME", in the
// registry's order. Without a network it is an error: the cache knows single
// tags only.
func Tags(ctx context.Context, ref string, o Options) ([]string, error) {
	given := strings.TrimPrefix(ref, "image:")
	if err := noCredentials(given); err != nil {
		return nil, err
	}
	repo, err := name.NewRepository(given)
	if err != nil {
		return nil, fault.New("write it as image:NAME:PATTERN, such as image:heroiclabs/nakama:3.*", "not the name of an image: %w", err)
	}
	if o.Offline {
		return nil, fault.New("run it without --offline, or name the tags", "which tags %s has only its registry knows", repo.Name())
	}
	if o.Step != nil {
		o.Step("asking " + repo.RegistryStr() + " for the tags of " + repo.RepositoryStr())
	}
	puller, err := registry.New(repo.RegistryStr(), o.Foreign)
	if err != nil {
		return nil, err
	}
	var tags []string
	lister, err := puller.Lister(ctx, repo)
	for err == nil && lister.HasNext() {
		var page *remote.Tags
		if page, err = lister.Next(ctx); err == nil {
			tags = append(tags, page.Tags...)
		}
		if len(tags) > maxTags {
			return nil, fault.New("name the tags", "%s has more than %d tags", repo.Name(), maxTags)
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return nil, err
	case err != nil:
		e, _ := registry.Explain(err, repo.Tag("latest"))
		return nil, e
	}
	return tags, nil
}
