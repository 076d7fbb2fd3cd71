package source

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
)

// Versions returns the versions that the proxy has of a module, without those that
// its author has retracted, in the order of semantic versions.
func Versions(ctx context.Context, path string, o Options) ([]string, error) {
	if err := module.CheckPath(path); err != nil {
		return nil, fault.With(err, "write it as in mod:example.com/server@>=v1.2")
	}
	work, err := newScratch()
	if err != nil {
		return nil, err
	}
	defer work.Close()
	out, err := command(work.Path, o).Run(ctx, "list", "-m", "-versions", "-json", path)
	if err != nil {
		return nil, explain(err)
	}
	var m struct{ Versions []string }
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, fmt.Errorf("go list -m -versions: %w", err)
	}
	return m.Versions, nil
}
