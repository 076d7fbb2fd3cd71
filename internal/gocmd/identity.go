package gocmd

import (
	"context"
	"encoding/json"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/vars"
)

// Identity names all but the plugin and the module cache that decides what a command
// prints: which program it is, its environment, and the settings of go env -w and of the
// program's own go.env. It is "" where that cannot be determined.
func (g *Go) Identity() string {
	name, err := exec.LookPath(g.Program)
	if err != nil {
		return ""
	}
	if name, err = filepath.EvalSymlinks(name); err != nil {
		return ""
	}
	info, err := os.Stat(name)
	if err != nil {
		return ""
	}
	parts := []string{fmt.Sprintf("%s %d %d", name, info.Size(), info.ModTime().UnixNano())}
	for _, file := range []string{g.settings(), filepath.Join(filepath.Dir(filepath.Dir(name)), "go.env")} {
		data, _ := bounded.ReadFile(file, bounded.Mod) // most have none
		parts = append(parts, string(data))
	}
	for _, kv := range g.Env {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_") || slices.Contains(otherVars, name) {
			parts = append(parts, kv)
		}
	}
	key := kept.KeyOf(parts...)
	return string(key[:])
}

// otherVars are what the go command reads besides its own variables.
var otherVars = []string{"CC", "CXX", "HOME", "XDG_CONFIG_HOME", "AppData", "USERPROFILE"}

// settings is the file of go env -w: GOENV, or "go/env" where os.UserConfigDir is.
func (g *Go) settings() string {
	if name := vars.Get(g.Env, "GOENV"); name != "" {
		return name
	}
	dir := vars.Get(g.Env, "XDG_CONFIG_HOME")
	switch home := vars.Get(g.Env, "HOME"); {
	case runtime.GOOS == "windows":
		dir = vars.Get(g.Env, "AppData")
	case runtime.GOOS == "darwin":
		dir = filepath.Join(home, "Library", "Application Support")
	case dir == "":
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "go", "env")
}

// FactsOf is [Go.Facts], or what an earlier run was told of the same toolchain, if that
// is still there. Only a toolchain that is named by its release is asked for.
func (g *Go) FactsOf(ctx context.Context, store *kept.Store) (Facts, error) {
	release, id := vars.Get(g.Env, "GOTOOLCHAIN"), g.Identity()
	if store == nil || id == "" || !version.IsValid(release) {
		return g.Facts(ctx)
	}
	key := kept.KeyOf(append([]string{"facts 1", id}, factNames...)...)
	if data, ok := store.Load("facts", key); ok {
		var f Facts
		if json.Unmarshal(data, &f) == nil && f.GOVERSION == release {
			if _, err := os.Stat(filepath.Join(f.GOROOT, "VERSION")); err == nil {
				return f, nil
			}
		}
	}
	f, err := g.Facts(ctx)
	if err == nil && f.GOVERSION == release {
		if data, err := json.Marshal(f); err == nil {
			store.Save("facts", key, data)
		}
	}
	return f, err
}
