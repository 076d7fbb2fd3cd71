package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/layers"
)

// A cache is a directory of the user's that remembers, by digest,
//
//	refs/HASH          which image a tag was
//	facts/HASH         which program an image has for a platform and a path
//	programs/SHA256    the programs
//	tmp/               what is being written; it is renamed, or goes
//
// What was not used for the longest time goes where there is too much of it. It
// may be removed at any time.
type cache struct {
	dir string
	tmp string // a directory of this run
}

// A request is what facts are kept by; ID is that of what a reference names.
type request struct{ ID, Platform, Path string }

// A fact is the answer to a request.
type fact struct {
	Digest   string `json:"digest"`
	Platform string `json:"platform"`
	Path     string `json:"path"`
	Program  string `json:"program,omitempty"` // sha256 in hex
	Libc     string `json:"libc,omitempty"`    // release
}

// openCache finds the directory in environ.
func openCache(environ []string) (*cache, error) {
	dir, ok := kept.UserDir(environ)
	if !ok {
		return nil, fault.New("set XDG_CACHE_HOME, or HOME, to a directory with its full path", "no cache directory for the program of the image")
	}
	return &cache{dir: dir}, nil
}

// staleAfter is when what a killed run has left in tmp goes.
const staleAfter = 24 * time.Hour

// temp makes a file that goes at the end of the run unless it is renamed.
func (c *cache) temp() (*os.File, error) {
	if c.tmp == "" {
		all := filepath.Join(c.dir, "tmp")
		if err := os.MkdirAll(all, 0o700); err != nil {
			return nil, c.fault(err)
		}
		entries, _ := os.ReadDir(all)
		for _, e := range entries {
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
				os.RemoveAll(filepath.Join(all, e.Name()))
			}
		}
		var err error
		if c.tmp, err = os.MkdirTemp(all, "run-"); err != nil {
			return nil, c.fault(err)
		}
	}
	f, err := os.CreateTemp(c.tmp, "")
	if err != nil {
		return nil, c.fault(err)
	}
	return f, nil
}

func (c *cache) close() {
	if c.tmp != "" {
		os.RemoveAll(c.tmp)
	}
}

func (c *cache) fault(err error) error {
	return fault.New("make room there, or set XDG_CACHE_HOME to a directory that can be written", "cache: %w", err)
}

// add copies a file of the image into the cache, and returns its sha256 in hex.
func (c *cache) add(ctx context.Context, t *layers.Tree, p layers.Place) (sum string, err error) {
	f, err := c.temp()
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	err = t.Read(ctx, p, func(r io.Reader) error {
		_, err := io.Copy(io.MultiWriter(&toCache{c, f}, h), r)
		return err
	})
	if err != nil {
		return "", err
	}
	sum = hex.EncodeToString(h.Sum(nil))
	return sum, c.rename(f, "programs", sum)
}

// toCache names the cache in the errors of writing there.
type toCache struct {
	c *cache
	w io.Writer
}

func (t *toCache) Write(b []byte) (int, error) {
	n, err := t.w.Write(b)
	if err != nil {
		err = t.c.fault(err)
	}
	return n, err
}

// rename closes a file of temp and gives it its place.
func (c *cache) rename(f *os.File, dir, name string) error {
	if err := f.Close(); err != nil {
		return c.fault(err)
	}
	if err := os.MkdirAll(filepath.Join(c.dir, dir), 0o700); err != nil {
		return c.fault(err)
	}
	if err := os.Rename(f.Name(), filepath.Join(c.dir, dir, name)); err != nil {
		return c.fault(err)
	}
	c.trim(dir, name)
	return nil
}

// Limits on what the cache keeps from one run to the next.
const (
	maxPrograms  = 20
	maxKept      = 4 << 30 // bytes of programs
	maxKeptFacts = 2000    // and tags: some hundred bytes each
	maxFact      = 1 << 20 // bytes of one that is read
)

// trim removes what was used the longest ago of one of the cache's directories,
// until the rest is within the limits. The file called keep stays. What cannot be
// removed is in use, or gone.
func (c *cache) trim(dir, keep string) {
	files := maxKeptFacts
	if dir == "programs" {
		files = maxPrograms
	}
	entries, _ := os.ReadDir(filepath.Join(c.dir, dir))
	var others []fs.FileInfo
	size := int64(0)
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil: // gone
		case e.Name() == keep:
			size += info.Size()
		default:
			others = append(others, info)
		}
	}
	slices.SortFunc(others, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for i, info := range others {
		if size += info.Size(); i+1 >= files || size > maxKept {
			os.Remove(filepath.Join(c.dir, dir, info.Name()))
		}
	}
}

// file opens the file of a program, if it is there and whole, and notes the use.
func (c *cache) file(sum string) (*os.File, bool) {
	if len(sum) != sha256.Size*2 || strings.Trim(sum, "0123456789abcdef") != "" {
		return nil, false
	}
	name := filepath.Join(c.dir, "programs", sum)
	f, err := bounded.Open(name)
	if err != nil {
		return nil, false
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil || hex.EncodeToString(h.Sum(nil)) != sum {
		f.Close()
		return nil, false
	}
	used(name)
	return f, true
}

// used notes that a file of the cache was used. Where that fails it goes earlier.
func used(name string) {
	now := time.Now()
	_ = os.Chtimes(name, now, now)
}

func (c *cache) fact(r request) (fact, bool) {
	var f fact
	ok := c.load("facts", key(r.ID, r.Platform, r.Path), &f)
	return f, ok
}

func (c *cache) keep(r request, f fact) error {
	return c.store("facts", key(r.ID, r.Platform, r.Path), f)
}

// A tagged image is what a tag meant when it was last looked up.
type tagged struct {
	Ref    string `json:"ref"`
	Digest string `json:"digest"`
}

func (c *cache) digest(ref string) (string, bool) {
	var t tagged
	ok := c.load("refs", key(ref), &t)
	return t.Digest, ok && t.Ref == ref
}

func (c *cache) keepDigest(ref, digest string) error {
	if d, ok := c.digest(ref); ok && d == digest {
		return nil
	}
	return c.store("refs", key(ref), tagged{ref, digest})
}

// key is a file name for anything.
func key(parts ...string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(parts, "\x00"))))
}

// load reads a small JSON file; one that cannot be read is not there.
func (c *cache) load(dir, name string, v any) bool {
	name = filepath.Join(c.dir, dir, name)
	f, err := bounded.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	used(name)
	return json.NewDecoder(io.LimitReader(f, maxFact)).Decode(v) == nil
}

func (c *cache) store(dir, name string, v any) error {
	f, err := c.temp()
	if err != nil {
		return err
	}
	defer f.Close()
	if err := json.NewEncoder(f).Encode(v); err != nil {
		return c.fault(err)
	}
	return c.rename(f, dir, name)
}
