package commit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// A proof is what a commit writes into the user's state directory before its
// journal appears, and removes after the journal is gone: this user's pinfix has
// written a journal with this sum into this directory. A journal that no proof
// is for came with a clone, was copied, edited or moved, or is another user's,
// and is not followed. A proof is for one commit, so a journal cannot be played
// again, and none that git tracks can have one.
type proof struct {
	ID      string `json:"id"`
	Journal string `json:"journal"` // sum of its bytes
	Dir     string `json:"dir"`     // real path of the module root
	Inode   uint64 `json:"inode,omitempty"`
}

// maxProof limits how many bytes of a proof are read.
const maxProof = 64 << 10

// here is a proof of a module root but for the journal. The device is not in
// it: its number is another one after a reboot on many file systems, and it is
// after a power failure that the proof is needed.
func (d disk) here(root string) (proof, error) {
	dir, err := d.realPath(root)
	if err != nil {
		return proof{}, err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return proof{}, err
	}
	return proof{Dir: dir, Inode: inode(info)}, nil
}

func (p proof) samePlace(q proof) bool { return p.Dir == q.Dir && p.Inode == q.Inode }

// A state is the user's state directory. It is nil where there is none that is
// surely the user's own; then a commit works as well, and only what kill -9 or a
// power failure leaves of it is not put back.
type state struct {
	disk disk
	dir  place
}

// stateDir returns the name of the directory, "" where the environment names
// none.
func stateDir() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pinfix")
	}
	if runtime.GOOS == "windows" {
		if dir, err := os.UserCacheDir(); err == nil { // %LocalAppData%
			return filepath.Join(dir, "pinfix", "state")
		}
		return ""
	}
	if home := os.Getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "pinfix")
	}
	return ""
}

// openState opens the state directory for the module at root, and makes it if
// that is asked for. It must be a directory of this user's which no one else
// may write, and not be part of the module: that could have come with a clone.
func openState(d disk, root string, create bool) (*state, error) {
	dir := stateDir()
	if dir == "" {
		return nil, errors.New("no state directory")
	}
	if create {
		if err := d.mkdirAll(dir); err != nil {
			return nil, err
		}
	}
	info, err := d.lstatPath(dir)
	switch {
	case err != nil:
		return nil, err
	case info == nil:
		return nil, fs.ErrNotExist
	case !info.IsDir():
		return nil, fmt.Errorf("%s: not a directory", dir)
	}
	if uid, _, ok := owner(info); ok && (uid != os.Geteuid() || info.Mode().Perm()&0o077 != 0) {
		return nil, fmt.Errorf("%s: others may write there", dir)
	}
	resolved, err := d.realPath(dir)
	if err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(root, resolved); err == nil && filepath.IsLocal(rel) {
		return nil, fmt.Errorf("%s: part of the module", dir)
	}
	at, err := d.openRoot(resolved)
	if err != nil {
		return nil, err
	}
	return &state{d, place{root: at, name: "."}}, nil
}

func (s *state) close() {
	if s != nil {
		s.dir.root.Close() // only read from and renamed in
	}
}

const unfinished = ".new" // the end of the name of a proof that is being written

// write puts a proof on the disk, whole or not at all.
func (s *state) write(p proof) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	temp, at := s.dir.below(p.ID+unfinished), s.dir.below(p.ID)
	if err := s.disk.create(temp); err != nil {
		return err
	}
	err = s.disk.fill(temp, append(data, '\n'))
	if err == nil {
		err = s.disk.sync(temp)
	}
	if err == nil {
		err = s.disk.rename(temp, at)
	}
	if err == nil {
		err = s.disk.syncDir(s.dir)
	}
	if err != nil {
		_ = s.disk.discard(temp)
		_ = s.disk.discard(at)
	}
	return err
}

// proofs are all that can be read, and the names of those that were not finished.
func (s *state) proofs() (all []proof, torn []string) {
	if s == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(s.dir.root.FS(), ".")
	if err != nil {
		return nil, nil
	}
	for _, e := range entries {
		if id, cut := strings.CutSuffix(e.Name(), unfinished); cut && isID(id) {
			torn = append(torn, e.Name())
			continue
		}
		if !isID(e.Name()) {
			continue
		}
		data, err := s.disk.readSmall(s.dir.below(e.Name()), maxProof)
		var p proof
		if err == nil && json.Unmarshal(data, &p) == nil && p.ID == e.Name() {
			all = append(all, p)
		}
	}
	return all, torn
}

// forget removes a proof. One that stays is removed by the next run in its place.
func (s *state) forget(id string) {
	if s != nil {
		_ = s.disk.discard(s.dir.below(id))
	}
}
