package flow

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// snapshotName is the snapshot that stands beside go.mod.
const snapshotName = "server.buildinfo"

// A Reference names a server, and says how to read it; the strings are the
// values of flags.
type Reference struct {
	Dir      string // where to look for the plugin's module
	Server   string // "" for the snapshot beside its go.mod
	Platform string
	Path     string
	Offline  bool
	Environ  []string
	Step     func(string) // told what happens now
}

func (r Reference) options() target.Options {
	return target.Options{Platform: r.Platform, Path: r.Path, Offline: r.Offline, Environ: r.Environ, Step: r.Step}
}

// read reads the server, or the snapshot beside the go.mod of the module at root.
func (r Reference) read(ctx context.Context, root string) (*pinner.Server, error) {
	ref := r.Server
	if ref == "" && root != "" {
		name := filepath.Join(root, snapshotName)
		if _, err := os.Stat(name); err == nil {
			ref = name
		}
	}
	if ref == "" {
		return nil, fault("name its program with --server FILE, or keep a snapshot beside go.mod: pinfix snapshot --server PROGRAM", "no server given")
	}
	return target.Read(ctx, ref, r.options())
}

// Server reports what is known of a server; without a name, of the one that the
// plugin is pinned to.
func Server(ctx context.Context, ref Reference) (*report.ServerResult, error) {
	s, err := ref.read(ctx, rootOf(ref.Dir))
	if err != nil {
		return nil, err
	}
	r := &report.ServerResult{SchemaVersion: 1, Command: "server", Server: ServerReport(s), Warnings: []string{}}
	if err := s.Refuses(); err != nil {
		r.Warnings = append(r.Warnings, fmt.Sprintf("server %s: %v", s.Ref, err))
	}
	if s.Packages == nil {
		r.Warnings = append(r.Warnings, "not known from this reference: the linked packages and their fingerprints")
	}
	for _, p := range s.Pins {
		pin := report.Pin{Path: p.Path, Version: p.Version.Version, Sum: p.Sum}
		if p.Replace.Path != "" {
			pin.Replace = &report.Replace{Path: p.Replace.Path, Version: p.Replace.Version}
		}
		r.Server.Pins = append(r.Server.Pins, pin)
	}
	return r, nil
}
