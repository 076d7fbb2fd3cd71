package registry

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
)

// A keychain is authn.DefaultKeychain: the credentials of docker login, else those
// of podman login. Credential helpers that are named there are started, as Docker
// does. The library waits forever for a file that is a pipe, and without HOME it
// reads containers/auth.json of the current directory, which may be a clone; so
// the keychain opens what the library will read first.
type keychain struct{}

// Resolve implements authn.Keychain.
func (keychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	name, err := credentials()
	if err != nil {
		return nil, fault.New("make it readable, or name another directory in DOCKER_CONFIG", "credentials: %w", err)
	}
	if name == "" {
		return authn.Anonymous, nil
	}
	found, err := authn.DefaultKeychain.Resolve(r)
	switch {
	case err == nil:
		return found, nil
	case strings.Contains(err.Error(), "error getting credentials"): // of a helper
		return nil, fault.New("log in again with docker login "+r.RegistryStr(), "the credentials for %s: %w", r.RegistryStr(), err)
	case strings.Contains(err.Error(), name):
		return nil, fault.New(correct, "credentials: %w", err)
	}
	return nil, fault.New(correct, "credentials: %s: %w", name, err)
}

const correct = "correct it, or name another directory in DOCKER_CONFIG"

// credentials returns the first file of credentials that is there, in the library's
// order, or "" where there is none.
func credentials() (string, error) {
	home := os.Getenv("HOME")
	for _, place := range []struct{ dir, name string }{
		{cmp.Or(os.Getenv("DOCKER_CONFIG"), below(home, ".docker")), "config.json"},
		{os.Getenv("REGISTRY_AUTH_FILE"), ""},
		{os.Getenv("XDG_RUNTIME_DIR"), "containers/auth.json"},
		{cmp.Or(os.Getenv("XDG_CONFIG_HOME"), below(home, ".config")), "containers/auth.json"},
	} {
		name := below(place.dir, place.name)
		f, err := bounded.Open(name)
		switch {
		case err == nil:
			return name, f.Close()
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	return "", nil
}

// below is a name below a directory, and "" where there is no directory.
func below(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}
