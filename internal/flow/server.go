package flow

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// snapshotName is the snapshot that stands beside go.mod.
const snapshotName = "server.buildinfo"

// readServer reads the server that ref names, or the snapshot beside the
// module's go.mod.
func readServer(ref, root string) (*pinner.Server, error) {
	if ref == "" && root != "" {
		name := filepath.Join(root, snapshotName)
		if _, err := os.Stat(name); err == nil {
			ref = name
		}
	}
	if ref == "" {
		return nil, fault("name its program with --server FILE, or keep a snapshot beside go.mod: pinfix snapshot --server PROGRAM", "no server given")
	}
	return target.Read(ref)
}

// Server reports what is known of the server that ref names; without ref, of
// the one that the module around dir is pinned to.
func Server(dir, ref string) (*report.ServerResult, error) {
	s, err := readServer(ref, rootOf(dir))
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
