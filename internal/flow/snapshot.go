package flow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/target"
)

// maxSnapshot is what is read of a file that a snapshot would replace; a real
// one has some hundred kilobytes.
const maxSnapshot = 32 << 20

// Snapshot returns the snapshot of the server that ref names. version is
// pinfix's own.
func Snapshot(ctx context.Context, ref Reference, version string) ([]byte, []string, error) {
	s, _, err := ref.read(ctx, Root(ref.Dir))
	if err != nil {
		return nil, nil, err
	}
	if err := s.Refuses(); err != nil {
		return nil, nil, fmt.Errorf("server %s: %w", s.Ref, err)
	}
	var warnings []string
	if !s.KnowsModules() {
		warnings = append(warnings, doubts(s)[0])
	}
	if s.Packages == nil {
		warnings = append(warnings, "no package fingerprints in "+s.Ref+": the snapshot is good for apply, not for verify; name the program itself for both")
	}
	data, err := bounded.Wait(ctx, 0, func() ([]byte, error) { return target.Snapshot(s, version) })
	return data, warnings, err
}

// WriteSnapshot writes data to the file name; without a name to server.buildinfo
// in the module around dir, or in dir. It replaces no file that is anything but
// a server's text, and says which file it is.
func WriteSnapshot(ctx context.Context, dir, name string, data []byte) (string, error) {
	if name == "" {
		if root := Root(dir); root != "" {
			dir = root
		}
		name = filepath.Join(dir, snapshotName)
	}
	const next = "name another file with -o, or - for standard output"
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	old, err := oldSnapshot(abs)
	if err != nil {
		return "", fault.New(next, "snapshot %s: %w", name, fault.Cause(err))
	}
	if _, err := os.Stat(filepath.Dir(abs)); err != nil { // a directory is not made for it
		return "", fault.New(next, "snapshot %s: %w", name, fault.Cause(err))
	}
	if err := commit.WriteFile(ctx, Root(dir), abs, old, data, 0o644); err != nil {
		return "", fault.New(next, "snapshot %w", err)
	}
	return name, nil
}

// oldSnapshot returns what a snapshot may replace, nil for nothing.
func oldSnapshot(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("that is a directory")
	}
	foreign := errors.New("the file is there and is not a snapshot; it is not overwritten")
	if !info.Mode().IsRegular() || info.Size() > maxSnapshot {
		return nil, foreign
	}
	old, err := bounded.ReadFile(name, maxSnapshot)
	if err != nil {
		return nil, err
	}
	if _, err := target.Parse(old); err != nil {
		return nil, foreign
	}
	return old, nil
}
