package image

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/imagetest"
)

// TestCacheFile: of the cache comes only what has the sum that it is called by.
func TestCacheFile(t *testing.T) {
	t.Parallel()
	c := &cache{dir: t.TempDir()}
	hash := sha256.Sum256([]byte("program"))
	sum := hex.EncodeToString(hash[:])
	changed := strings.Repeat("ab", sha256.Size)
	if err := os.Mkdir(filepath.Join(c.dir, "programs"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{sum, changed, sum[:10]} {
		if err := os.WriteFile(filepath.Join(c.dir, "programs", name), []byte("program"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{sum: true, changed: false, sum[:10]: false, strings.ToUpper(sum): false, "../programs/" + sum: false, "": false} {
		f, ok := c.file(name)
		if ok {
			f.Close()
		}
		if ok != want {
			t.Errorf("%q: %v", name, ok)
		}
	}
}

// TestCacheDir follows os.UserCacheDir on Linux.
func TestCacheDir(t *testing.T) {
	for _, tt := range []struct{ env, want string }{
		{"HOME=/h", "/h/.cache/pinfix"},
		{"HOME=/h XDG_CACHE_HOME=/x", "/x/pinfix"},
		{"HOME=/h XDG_CACHE_HOME=x", ""},
		{"", ""},
	} {
		c, err := openCache(strings.Fields(tt.env))
		if err == nil && c.dir != tt.want || err != nil && tt.want != "" {
			t.Errorf("%s: %v, %v; want %s", tt.env, c, err, tt.want)
		}
	}
}

// TestLeftovers: what killed runs have left goes after a day, and nothing else.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	c := &cache{dir: dir}
	for _, name := range []string{"run-old", "run-new"} {
		if err := os.MkdirAll(filepath.Join(dir, "tmp", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(dir, "tmp", "run-old")
	past := time.Now().Add(-2 * staleAfter)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	if _, err := c.temp(); err != nil {
		t.Fatal(err)
	}
	c.close()
	entries, err := os.ReadDir(filepath.Join(dir, "tmp"))
	if err != nil || len(entries) != 1 || entries[0].Name() != "run-new" {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestTrim: the programs that were used last stay, no more than 20 and 4 GiB.
func TestTrim(t *testing.T) {
	const gib = 1 << 30
	for _, tt := range []struct {
		name  string
		sizes []int64 // the least recently used first
		keep  int     // the one that was written now
		want  string
	}{
		{"few", []int64{1, 2, 3}, 2, "0 1 2"},
		{"many", make([]int64, 22), 21, "2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"},
		{"large", []int64{1, gib, gib, 3 * gib}, 3, "2 3"},
		{"larger than all", []int64{1, 1, 5 * gib}, 2, "2"},
		{"a clock that is wrong", []int64{2 * gib, 2 * gib, 2 * gib}, 0, "0 2"},
	} {
		c := &cache{dir: t.TempDir()}
		dir := filepath.Join(c.dir, "programs")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for i, size := range tt.sizes {
			name := filepath.Join(dir, fmt.Sprint(i))
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			when := time.Unix(int64(i)*60, 0)
			if err := errors.Join(os.Truncate(name, size), os.Chtimes(name, when, when)); err != nil {
				t.Fatal(err)
			}
		}
		c.trim("programs", fmt.Sprint(tt.keep))
		var got []string
		for i := range tt.sizes {
			if _, err := os.Stat(filepath.Join(dir, fmt.Sprint(i))); err == nil {
				got = append(got, fmt.Sprint(i))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v stay, want %s", tt.name, got, tt.want)
		}
	}
}

// TestUsed: to read a program from the cache is to use it, and one that another
// process takes away meanwhile can be read to its end.
func TestUsed(t *testing.T) {
	o := options(t)
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := imagetest.WriteDocker(file, "", testImage(t, program)); err != nil {
		t.Fatal(err)
	}
	c, err := openCache(o.Environ)
	if err != nil {
		t.Fatal(err)
	}
	past := time.Unix(1, 0)
	for range 2 {
		p, err := Open(t.Context(), "docker-archive:"+file, o)
		if err != nil {
			t.Fatal(err)
		}
		programs, err := filepath.Glob(filepath.Join(c.dir, "programs", "*"))
		if err != nil || len(programs) != 1 {
			t.Fatal(programs, err)
		}
		if info, err := os.Stat(programs[0]); err != nil || info.ModTime().Equal(past) {
			t.Error("not used", err)
		}
		if err := os.Chtimes(programs[0], past, past); err != nil {
			t.Fatal(err)
		}
		c.trim("programs", "")
		data, err := io.ReadAll(p.File)
		if p.File.Close(); err != nil || string(data) != program {
			t.Errorf("%q, %v", data, err)
		}
	}
}
