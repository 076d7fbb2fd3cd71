package flow

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
)

// snapshotName is the snapshot that stands beside go.mod.
const snapshotName = "server.buildinfo"

// A Named is a server as somebody has named it.
type Named struct {
	Ref  string
	From string // where it stands: "--server", "PINFIX_SERVER", ".pinfix.yaml:3", "server.buildinfo"
	Own  bool   // it belongs to the plugin's module: .pinfix.yaml, server.buildinfo
}

// IsFile reports whether one file is all that is read of the server: no image,
// and no source.
func (n Named) IsFile() bool {
	info, err := os.Stat(n.Ref)
	return err == nil && info.Mode().IsRegular() && !target.IsSource(n.Ref)
}

// Servers are all that are named; the first counts.
type Servers []Named

// in returns all and at their end the snapshot beside the go.mod in root.
func (all Servers) in(root string) Servers {
	if root == "" {
		return all
	}
	name := filepath.Join(root, snapshotName)
	if !exists(name) {
		return all
	}
	return append(all[:len(all):len(all)], Named{name, snapshotName, true})
}

// own returns the server that the module itself names, if it is not the one
// that counts.
func (all Servers) own() (Named, bool) {
	for i, r := range all {
		if r.Own {
			return r, i > 0
		}
	}
	return Named{}, false
}

// report says which one counts, and which others there are.
func (all Servers) report() report.Reference {
	r := report.Reference{From: all[0].From, PassedOver: []string{}}
	for _, other := range all[1:] {
		r.PassedOver = append(r.PassedOver, other.From)
	}
	return r
}

// blame puts the place of r before an error; the user knows what he has typed,
// and the snapshot's name says where it is.
func (r Named) blame(err error) error {
	if r.From == "--server" || r.From == snapshotName {
		return err
	}
	return fmt.Errorf("%s: %w", r.From, err)
}
