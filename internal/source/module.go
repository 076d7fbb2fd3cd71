package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/pinner"
)

// ReadModule reads a module on the proxy, given as path@version, as the main
// module that a server built from it has: its replace lines count. Queries such
// as @latest are refused: what they stand for moves.
func ReadModule(ctx context.Context, ref string, o Options) (*pinner.Server, error) {
	v, err := parseVersion(ref)
	if err != nil {
		return nil, err
	}
	dir, err := download(ctx, v, o)
	if err != nil {
		return nil, err
	}
	s, err := ReadDir(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	s.Main.Version = v.Version
	return s, nil
}

func parseVersion(ref string) (module.Version, error) {
	const next = "write it as in mod:example.com/server@v1.2.3"
	path, version, ok := strings.Cut(ref, "@")
	v := module.Version{Path: path, Version: version}
	switch {
	case !ok || version == "":
		return v, fault.New(next, "no version; a server is one release of a module")
	case module.CanonicalVersion("v"+version) == "v"+version:
		return v, fault.New(fmt.Sprintf("write mod:%s@v%s", path, version), "%q is not a version", version)
	case module.CanonicalVersion(version) != version:
		return v, fault.New(fmt.Sprintf("name the version itself: go list -m %s@%s prints it", path, version),
			"%q is not a version, and may mean another one tomorrow", version)
	}
	if err := module.Check(v.Path, v.Version); err != nil {
		return v, fault.With(err, next)
	}
	return v, nil
}

// download makes sure that the module cache holds v, and returns its directory
// there.
func download(ctx context.Context, v module.Version, o Options) (string, error) {
	work, err := newScratch()
	if err != nil {
		return "", err
	}
	defer work.Close()
	// Outside of any module: the cache is all that is written.
	out, err := command(work.Path, o).Run(ctx, "mod", "download", "-json", v.String())
	var got struct{ Dir, Error string }
	jsonErr := json.Unmarshal(out, &got)
	var failed *gocmd.Error
	switch {
	case errors.As(err, &failed) && got.Error != "":
		failed.Stderr = got.Error
		return "", explain(failed)
	case err != nil:
		return "", explain(err)
	case jsonErr != nil:
		return "", fmt.Errorf("go mod download: %w", jsonErr)
	}
	return got.Dir, nil
}
