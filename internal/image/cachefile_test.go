package image

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
