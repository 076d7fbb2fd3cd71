package flow

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
)

// snapshotName is the snapshot of a plugin's server, next to go.mod or above it.
const snapshotName = "server.buildinfo"

// A Named is a server as someone has named it.
type Named struct {
	Ref  string
	From string // where it is: "--server", "PINFIX_SERVER", ".pinfix.yaml:3", "server.buildinfo"
	Own  bool   // the plugin's repository names it: .pinfix.yaml, server.buildinfo

	Above    bool   // in a directory above the module, for all modules there
	snapshot bool   // it is the server.buildinfo itself
	image    string // what it would be as an image; for the hint where there is no such file
}

// Typed returns the server that the user has named at a place, and a note where ref is
// taken for more than it says: NAME:TAG for an image, where no such file is. A file of the
// plugin's repository must say image: itself.
func Typed(ref, from string) (n Named, note string) {
	if as := target.BareImage(ref); as != "" {
		return Named{Ref: as, From: from}, fmt.Sprintf("there is no file %s, so this is the image %s", ref, as)
	}
	return Named{Ref: ref, From: from}, ""
}

// Written returns the server that a file of the plugin's repository names at the place
// from: ref as it is written there, full as it is read. above is a file above the module.
func Written(ref, full, from string, above bool) Named {
	return Named{Ref: full, From: from, Own: true, Above: above, image: target.BareImage(ref)}
}

// NamesServer reports whether an argument is a server reference and nothing else that
// a command could be about.
func NamesServer(arg string) bool {
	scheme, rest, ok := strings.Cut(arg, ":")
	if ok && rest != "" && (scheme == "mod" || slices.Contains(target.Schemes, scheme)) || target.BareImage(arg) != "" {
		return true
	}
	if ext := filepath.Ext(arg); ext == ".snapshot" || ext == ".buildinfo" {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular() && filepath.Ext(arg) != ".go" && filepath.Ext(arg) != ".so"
}

// Upwards returns the directory that has a file of this name: a module's root, or the
// nearest one above it up to the root of the repository that it is in; "" if none has.
// Without a repository only the module's root counts: what is above it belongs to others.
func Upwards(root, name string) string {
	if has(root, name) {
		return root
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return ""
	}
	found := ""
	for dir := abs; ; dir = filepath.Dir(dir) {
		if found == "" && has(dir, name) {
			found = dir
		}
		if has(dir, ".git") {
			return found
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func has(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// IsFile reports whether one file is all that is read of the server: no image,
// and no source.
func (n Named) IsFile() bool {
	info, err := os.Stat(n.Ref)
	return err == nil && info.Mode().IsRegular() && !target.IsSource(n.Ref)
}

// ConfigName is the file with a project's settings, next to go.mod or above it.
const ConfigName = ".pinfix.yaml"

// Servers are all that are named; the first counts.
type Servers []Named

// in returns all and at their end the snapshot next to the go.mod in root, or above it.
func (all Servers) in(root string) Servers {
	if root == "" {
		return all
	}
	dir := Upwards(root, snapshotName)
	if dir == "" || !exists(filepath.Join(dir, snapshotName)) {
		return all
	}
	n := Named{Ref: filepath.Join(dir, snapshotName), From: snapshotName, Own: true, Above: dir != root, snapshot: true}
	if n.Above {
		n.Ref = shortName(n.Ref)
		n.From = n.Ref
	}
	return append(all[:len(all):len(all)], n)
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
	for _, other := range all[len(all.counted()):] {
		r.PassedOver = append(r.PassedOver, other.From)
	}
	return r
}

// blame puts the place of r before an error; the user knows what he has typed,
// and the snapshot's name says where it is.
func (r Named) blame(err error) error {
	if r.From == "--server" || r.snapshot {
		return err
	}
	if r.image != "" && !exists(r.Ref) {
		return fault("for the image write server: "+r.image, "%s: %w", r.From, err)
	}
	return fmt.Errorf("%s: %w", r.From, err)
}
