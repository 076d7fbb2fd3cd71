package commit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// Names of the journal in the module root. It is there, complete and on the
// disk, before a commit makes its first file. The rename to doneName is the
// moment from which the new tree counts: before it the way is back, after it
// only what the commit had for its own use is left to be removed. Until it is
// complete, the journal has its asideName, which counts for nothing.
const (
	journalName = ".pinfix-journal"
	doneName    = ".pinfix-journal-done"
)

func asideName(id string) string { return journalName + "-" + id }

// A journal with a thousand files has 300 kB.
const (
	maxJournal = 8 << 20 // bytes that are read
	maxFiles   = 4096    // outside vendor/
)

// A record is what a journal holds: enough to go back from any moment of a
// commit, whatever killed it. It names no path outside the module: the places
// are found from the slash paths as the commit has found them, and what the
// commit has put next to them from the ID. That a file with such a text in the
// plugin's directory is a journal, a [proof] says.
type record struct {
	ID     string  `json:"id"`
	Files  []entry `json:"files,omitempty"`
	Vendor *swap   `json:"vendor,omitempty"`
}

// An entry is a file with the sums of its old and its new content in hex, ""
// for no file, and the directories that have to be made for it.
type entry struct {
	Path string   `json:"path"`
	Old  string   `json:"old,omitempty"`
	New  string   `json:"new,omitempty"`
	Dirs []string `json:"dirs,omitempty"`
}

// A swap is the vendor directory.
type swap struct {
	Old string `json:"old,omitempty"` // digest of the sums of all files; "" for no directory
	New string `json:"new"`
}

const journalHead = "pinfix journal 2\n"

// encode returns the bytes of the journal: a head and the record.
func (r record) encode() ([]byte, error) {
	body, err := json.Marshal(r)
	return append([]byte(journalHead), append(body, '\n')...), err
}

// parseJournal is the reverse of encode.
func parseJournal(data []byte) (record, error) {
	var r record
	body, ok := bytes.CutPrefix(data, []byte(journalHead))
	if !ok {
		return r, errors.New("not of this release of pinfix")
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, err
	}
	return r, r.validate()
}

// validate refuses what no commit writes.
func (r record) validate() error {
	if !isID(r.ID) {
		return fmt.Errorf("id %q", r.ID)
	}
	if len(r.Files) > maxFiles {
		return fmt.Errorf("%d files", len(r.Files))
	}
	for _, e := range r.Files {
		if !isLocal(e.Path) || e.Old == e.New {
			return fmt.Errorf("file %q", e.Path)
		}
		if !isSum(e.Old) || !isSum(e.New) {
			return fmt.Errorf("sums of %q", e.Path)
		}
		for _, dir := range e.Dirs {
			if !isLocal(dir) || !strings.HasPrefix(e.Path, dir+"/") {
				return fmt.Errorf("directory %q", dir)
			}
		}
	}
	return nil
}

// isSum reports whether s is the sum of a file, or of none.
func isSum(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && (len(b) == 0 || len(b) == sha256.Size)
}

func isID(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == idSize && strings.ToLower(s) == s
}

// record is what the commit is going to do.
func (c *commit) record() record {
	r := record{ID: c.id}
	for _, f := range c.files {
		if !f.same() {
			r.Files = append(r.Files, entry{Path: f.Path, Old: sumOf(f.Old), New: sumOf(f.New), Dirs: f.missing()})
		}
	}
	if v := c.tree.Vendor; v != nil {
		r.Vendor = &swap{New: digest(v.New)}
		if v.Old != nil {
			r.Vendor.Old = digest(v.Old)
		}
	}
	return r
}

// missing are the directories that the file needs and that are not there, the
// outermost first: as many last elements of its path as its place has.
func (f *file) missing() (dirs []string) {
	dir := path.Dir(f.Path)
	for range strings.Count(filepath.ToSlash(f.at.name), "/") {
		dirs = append([]string{dir}, dirs...)
		dir = path.Dir(dir)
	}
	return dirs
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// sumOf is "" for no content, which is not the same as an empty file.
func sumOf(data []byte) string {
	if data == nil {
		return ""
	}
	return sum(data)
}
