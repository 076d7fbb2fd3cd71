package flow

import (
	"fmt"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/report"
)

// snapshotName is the snapshot that stands beside go.mod.
const snapshotName = "server.buildinfo"

// A Reference is a server as somebody has named it.
type Reference struct {
	Ref  string
	From string // where it stands: "--server", "PINFIX_SERVER", ".pinfix.yaml:3", "server.buildinfo"
	Own  bool   // it belongs to the plugin's module: .pinfix.yaml, server.buildinfo
}

// References are all servers that are named; the first counts.
type References []Reference

// in returns refs and at their end the snapshot beside the go.mod in root.
func (refs References) in(root string) References {
	if root == "" {
		return refs
	}
	name := filepath.Join(root, snapshotName)
	if !exists(name) {
		return refs
	}
	return append(refs[:len(refs):len(refs)], Reference{name, snapshotName, true})
}

// own returns the server that the module itself names, if it is not the one
// that counts.
func (refs References) own() (Reference, bool) {
	for i, r := range refs {
		if r.Own {
			return r, i > 0
		}
	}
	return Reference{}, false
}

// report says which one counts, and which others there are.
func (refs References) report() report.Reference {
	r := report.Reference{From: refs[0].From, PassedOver: []string{}}
	for _, other := range refs[1:] {
		r.PassedOver = append(r.PassedOver, other.From)
	}
	return r
}

// blame puts the place of r before an error; the user knows what he has typed,
// and the snapshot's name says where it is.
func (r Reference) blame(err error) error {
	if r.From == "--server" || r.From == snapshotName {
		return err
	}
	return fmt.Errorf("%s: %w", r.From, err)
}
