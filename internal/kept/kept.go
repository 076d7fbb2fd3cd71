// Package kept is the user's cache of what a run has found out and the next one
// would find out again. Each result is kept by the content of all that it was
// made from (see [Key]), so what has changed is not found, and nothing has to be
// declared out of date.
//
// [Open] finds the directory, [Store.Load] and [Store.Save] read and write there,
// and [Store.Close] bounds it. No method has an error: a cache that cannot be
// read or written is one without the result.
package kept

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/vars"
)

// UserDir returns the directory of all that pinfix keeps, as os.UserCacheDir
// finds it, in environ. ok is false where no such directory is named.
func UserDir(environ []string) (dir string, ok bool) {
	base := ""
	switch home := vars.Get(environ, "HOME"); runtime.GOOS {
	case "windows":
		base = vars.Get(environ, "LocalAppData")
	case "darwin":
		base = filepath.Join(home, "Library", "Caches")
	default:
		base = vars.Get(environ, "XDG_CACHE_HOME")
		if base == "" && home != "" {
			base = filepath.Join(home, ".cache")
		}
	}
	return filepath.Join(base, "pinfix"), filepath.IsAbs(base)
}

// self names this pinfix, for another one may find out something else: its version, or,
// where that does not say what it was built from, its file.
var self = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; strings.HasPrefix(v, "v") && !strings.Contains(v, "+dirty") {
			return v
		}
	}
	name, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(name)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %d %d", name, info.Size(), info.ModTime().UnixNano())
})

// A Store is the directory. A nil Store keeps nothing and has nothing.
type Store struct {
	dir   string
	saved atomic.Bool
}

// Open returns the store of the user whose environment it gets, for work in the tree
// below top. It is nil where the user has no directory for it, and where the directory
// is not the user's alone to write, or is in that tree: what another user or a clone
// could have put there is not believed.
func Open(environ []string, top string) *Store {
	base, ok := UserDir(environ)
	if !ok || self() == "" || within(base, top) {
		return nil
	}
	s := &Store{dir: filepath.Join(base, "results")}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil
	}
	for _, dir := range []string{base, s.dir} {
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() || !private(info) {
			return nil
		}
	}
	return s
}

// within reports whether dir, which need not be there, is below top, by way of links too.
func within(dir, top string) bool {
	top, err := filepath.EvalSymlinks(top)
	for err == nil {
		resolved, notThere := filepath.EvalSymlinks(dir)
		if notThere == nil {
			rel, err := filepath.Rel(top, resolved)
			return err == nil && filepath.IsLocal(rel)
		}
		if dir = filepath.Dir(dir); dir == filepath.Dir(dir) {
			return false
		}
	}
	return true
}

// A Key names a result by what it was made from.
type Key [sha256.Size]byte

// KeyOf returns the key of parts, each of which counts with its length.
func KeyOf(parts ...string) Key {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		for i, rest := 0, uint64(len(p)); i < len(n); i, rest = i+1, rest>>8 {
			n[i] = byte(rest)
		}
		h.Write(n[:])
		io.WriteString(h, p)
	}
	return Key(h.Sum(nil))
}

// freshFor is how long a use of a result is not noted again.
const freshFor = time.Hour

// Load returns a result that was saved as a kind of them by its key, and notes the
// use.
func (s *Store) Load(kind string, key Key) ([]byte, bool) {
	if s == nil {
		return nil, false
	}
	name := s.name(kind, key)
	data, err := bounded.ReadFile(name, maxResult)
	if err != nil || len(data) < sha256.Size {
		return nil, false
	}
	sum, data := data[:sha256.Size], data[sha256.Size:]
	if got := sha256.Sum256(data); !bytes.Equal(got[:], sum) {
		return nil, false // a disk that was full, or a machine that was switched off
	}
	if info, err := os.Lstat(name); err == nil && time.Since(info.ModTime()) > freshFor {
		now := time.Now()
		_ = os.Chtimes(name, now, now)
	}
	return data, true
}

// Has reports whether there is a result, whole or not.
func (s *Store) Has(kind string, key Key) bool {
	if s == nil {
		return false
	}
	_, err := os.Lstat(s.name(kind, key))
	return err == nil
}

// Save keeps a result. What is too large is not kept.
func (s *Store) Save(kind string, key Key, data []byte) {
	if s == nil || len(data) > maxResult-sha256.Size {
		return
	}
	f, err := os.CreateTemp(s.dir, writing)
	if err != nil {
		return
	}
	defer os.Remove(f.Name())
	sum := sha256.Sum256(data)
	_, err = f.Write(append(sum[:], data...))
	if f.Close() == nil && err == nil && os.Rename(f.Name(), s.name(kind, key)) == nil {
		s.saved.Store(true)
	}
}

// writing begins the names of what is being written.
const writing = "writing-"

func (s *Store) name(kind string, key Key) string {
	sum := KeyOf(self(), string(key[:]))
	return filepath.Join(s.dir, kind+"-"+hex.EncodeToString(sum[:]))
}

// Limits on what is kept from one run to the next.
const (
	maxResult  = 32 << 20
	maxResults = 4000
	maxBytes   = 256 << 20
)

// staleAfter is when what a killed run has left goes.
const staleAfter = 24 * time.Hour

// Close removes what was used the longest ago, until the rest is within the
// limits, if this run has kept anything.
func (s *Store) Close() {
	if s != nil && s.saved.Load() {
		s.trim(maxResults, maxBytes)
	}
}

func (s *Store) trim(results int, size int64) {
	entries, _ := os.ReadDir(s.dir)
	var all []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil: // gone
		case !strings.HasPrefix(e.Name(), writing):
			all = append(all, info)
		case time.Since(info.ModTime()) > staleAfter:
			os.Remove(filepath.Join(s.dir, e.Name()))
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for i, info := range all {
		if size -= info.Size(); i >= results || size < 0 {
			os.Remove(filepath.Join(s.dir, info.Name()))
		}
	}
}
