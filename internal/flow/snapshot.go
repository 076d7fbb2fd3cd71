package flow

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/target"
)

// Snapshot returns the snapshot of the server that ref names. version is
// pinfix's own.
func Snapshot(ctx context.Context, ref reference.Reference, version string) ([]byte, []string, error) {
	root := plugin.Home(ref.Dir)
	if len(ref.Servers.In(root)) == 0 {
		return nil, nil, reference.NotNamed(root, "name it with --server FILE or --server image:NAME:TAG")
	}
	s, _, err := ref.Read(ctx, root)
	if err != nil {
		return nil, nil, err
	}
	if err := s.Refuses(); err != nil {
		return nil, nil, fmt.Errorf("server %s: %w", s.Ref, err)
	}
	var warnings []string
	if !s.KnowsModules() {
		warnings = append(warnings, reference.Doubts(s)[0])
	}
	if doubt := reference.SnapshotDoubt(s); doubt != "" {
		warnings = append(warnings, doubt)
	}
	data, err := bounded.Wait(ctx, 0, func() ([]byte, error) { return target.Snapshot(s, version) })
	return data, warnings, err
}

// WriteSnapshot writes data to the file name; without a name to server.buildinfo
// in the module around dir, or in dir. It replaces no file that is anything but
// a server's text, and says which file it is.
func WriteSnapshot(ctx context.Context, dir, name string, data []byte) (string, error) {
	if name == "" {
		if root := plugin.Root(dir); root != "" {
			dir = root
		}
		name = filepath.Join(dir, reference.SnapshotName)
	}
	const next = "name another file with -o, or - for standard output"
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	old, err := reference.OldSnapshot(abs)
	if err != nil {
		return "", fault.New(next, "snapshot %s: %w", name, fault.Cause(err))
	}
	if err := commit.WriteFile(ctx, plugin.Root(dir), abs, old, data, 0o644); err != nil {
		return "", fault.New(next, "snapshot %w", err)
	}
	return name, nil
}
