package image

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/vars"
)

// keychain is authn.DefaultKeychain with an environment that is passed: the
// credentials of docker login, else those of podman login. Credential helpers
// that are named there are started, as Docker does.
type keychain []string

func (k keychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	file, err := k.file()
	if err != nil || file == nil {
		return authn.Anonymous, err
	}
	for _, key := range []string{r.String(), r.RegistryStr()} {
		if key == "index.docker.io" {
			key = authn.DefaultAuthKey
		}
		found, err := file.GetAuthConfig(key)
		if err != nil {
			return nil, fault("log in again with docker login "+r.RegistryStr(), "the credentials for %s: %w", r.RegistryStr(), err)
		}
		found.ServerAddress = "" // set by GetAuthConfig, found or not
		if found != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: found.Username, Password: found.Password, Auth: found.Auth,
				IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, nil
}

// file reads the first file of credentials that is there.
func (k keychain) file() (*configfile.ConfigFile, error) {
	for _, name := range k.names() {
		f, err := bounded.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fault("make it readable, or name another directory in DOCKER_CONFIG", "credentials: %w", err)
		}
		defer f.Close()
		c, err := config.LoadFromReader(f)
		if err != nil {
			return nil, fault("correct it, or name another directory in DOCKER_CONFIG", "credentials: %s: %w", name, err)
		}
		return c, nil
	}
	return nil, nil
}

// names are where Docker and Podman look, in this order.
func (k keychain) names() []string {
	var names []string
	// first adds the file below the first of the variables that is set.
	first := func(places ...[]string) {
		for _, p := range places {
			if dir := vars.Get(k, p[0]); dir != "" {
				names = append(names, filepath.Join(append([]string{dir}, p[1:]...)...))
				return
			}
		}
	}
	first([]string{"DOCKER_CONFIG", "config.json"}, []string{"HOME", ".docker", "config.json"})
	first([]string{"REGISTRY_AUTH_FILE"})
	first([]string{"XDG_RUNTIME_DIR", "containers", "auth.json"})
	first([]string{"XDG_CONFIG_HOME", "containers", "auth.json"}, []string{"HOME", ".config", "containers", "auth.json"})
	return names
}
