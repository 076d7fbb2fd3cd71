//go:build unix

package registry

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/pinfix/pinfix/internal/fault"
)

// TestKeychain: the credentials are those of the first file that is there, in the
// order of Docker and Podman; of the current directory none is read.
func TestKeychain(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for i, file := range []string{"d/config.json", "h/.docker/config.json", "a.json", "r/containers/auth.json", "c/containers/auth.json", "h/.config/containers/auth.json", "containers/auth.json"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		auth := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "user%d:secret", i))
		if err := os.WriteFile(file, fmt.Appendf(nil, `{"auths":{"example.com":{"auth":%q}}}`, auth), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"bad.json": "{{", "bad/config.json": "{{", "helper/config.json": `{"credsStore":"not-there"}`} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo("pipe.json", 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ env, want string }{
		{"DOCKER_CONFIG=d HOME=h REGISTRY_AUTH_FILE=a.json", "user0"},
		{"HOME=none REGISTRY_AUTH_FILE=a.json XDG_RUNTIME_DIR=r", "user2"},
		{"HOME=none XDG_RUNTIME_DIR=r XDG_CONFIG_HOME=c", "user3"},
		{"HOME=none XDG_RUNTIME_DIR=none XDG_CONFIG_HOME=c", "user4"},
		{"HOME=h DOCKER_CONFIG=none XDG_CONFIG_HOME=none", ""},
		{"HOME=none", ""},
		{"", ""},
		{"HOME=none REGISTRY_AUTH_FILE=bad.json", "error: credentials: bad.json: "},
		{"HOME=none DOCKER_CONFIG=bad", "error: credentials: parsing config file (bad/config.json): "},
		{"HOME=none DOCKER_CONFIG=helper", "error: the credentials for example.com: "},
		{"HOME=none REGISTRY_AUTH_FILE=pipe.json", "error: credentials: open pipe.json: not a regular file"},
	} {
		for _, name := range []string{"HOME", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
			t.Setenv(name, "")
		}
		for _, kv := range strings.Fields(tt.env) {
			name, value, _ := strings.Cut(kv, "=")
			t.Setenv(name, value)
		}
		if got := userOf(t); got != tt.want && (!strings.HasPrefix(tt.want, "error") || !strings.HasPrefix(got, tt.want)) {
			t.Errorf("%s: %q, want %q", tt.env, got, tt.want)
		}
	}
}

// userOf is the user that the keychain has for example.com, or its error.
func userOf(t *testing.T) string {
	t.Helper()
	host, err := name.NewRegistry("example.com")
	if err != nil {
		t.Fatal(err)
	}
	a, err := keychain{}.Resolve(host)
	if err != nil {
		if fault.Next(err) == "" {
			t.Errorf("no next step after %v", err)
		}
		return "error: " + err.Error()
	}
	config, err := authn.Authorization(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return config.Username
}
