package layers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/imagetest"
)

// testTree is the tree of the image that a description makes. Each file holds
// its description's word.
func testTree(t *testing.T, spec string) *Tree {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"one", "two", "three"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	images, err := imagetest.Parse("platform linux/amd64\n"+strings.ReplaceAll(spec, ";", "\n"), dir)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := images[0].Layers()
	if err != nil {
		t.Fatal(err)
	}
	var list []Layer
	for _, l := range slices.Backward(layers) {
		digest, err := l.Digest()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Layer{Name: "layer", Digest: digest.String(), Open: func(context.Context) (io.ReadCloser, error) {
			return l.Compressed()
		}})
	}
	return New(list)
}

func TestTree(t *testing.T) {
	for _, tt := range []struct {
		name, spec, path string
		want             string // what the file holds, or the end of the error
		layers           int    // that were read
	}{
		{"a file", "layer gzip;file /a/s one", "/a/s", "one", 1},
		{"zstd", "layer zstd;file /a/s one", "/a/s", "one", 1},
		{"plain", "layer plain;file /a/s one", "/a/s", "one", 1},
		{"the top layer's", "layer gzip;file /s one;layer gzip;file /s two", "/s", "two", 1},
		{"below", "layer gzip;file /s one;layer gzip;file /t two", "/s", "one", 2},
		{"none below it", "layer gzip;file /u one;layer gzip;file /s one;layer gzip;file /t two", "/s", "one", 2},
		{"the last of a name", "layer gzip;file /s one;file /s two", "/s", "two", 1},
		{"missing", "layer gzip;file /t one;layer gzip", "/s", "/s is not in the image", 2},
		{"no layers", "", "/s", "/s is not in the image", 0},
		{"dots in the path", "layer gzip;file /a/s one", "/b/../a/./s", "/b/../a/./s is not in the image", 1},
		{"a directory", "layer gzip;file /s/x one", "/s", "/s is a directory", 1},
		{"the root", "layer gzip;file /s/x one", "/", "/ is a directory", 0},
		{"below a file", "layer gzip;file /s one", "/s/x", "/s/x is not in the image", 1},
		{"a pipe", "layer gzip;fifo /s", "/s", "/s is a device or the like, not a file", 1},

		{"deleted", "layer gzip;file /s one;layer gzip;whiteout /s", "/s", "/s is not in the image", 1},
		{"deleted and back", "layer gzip;file /s one;layer gzip;whiteout /s;file /s two", "/s", "two", 1},
		{"another deleted", "layer gzip;file /s one;layer gzip;whiteout /t", "/s", "one", 2},
		{"its directory deleted", "layer gzip;file /a/s one;layer gzip;whiteout /a", "/a/s", "/a/s is not in the image", 1},
		{"its directory deleted and back", "layer gzip;file /a/s one;layer gzip;whiteout /a;dir /a", "/a/s", "/a/s is not in the image", 1},
		{"hidden by an opaque directory", "layer gzip;file /a/s one;layer gzip;opaque /a", "/a/s", "/a/s is not in the image", 1},
		{"in an opaque directory", "layer gzip;file /a/s one;layer gzip;opaque /a;file /a/s two", "/a/s", "two", 1},
		{"below an opaque directory", "layer gzip;file /a/b/s one;layer gzip;opaque /a;dir /a/b", "/a/b/s", "/a/b/s is not in the image", 1},
		{"an opaque root", "layer gzip;file /s one;layer gzip;opaque /", "/s", "/s is not in the image", 1},
		{"a directory in place of a file", "layer gzip;file /a one;layer gzip;file /a/s two", "/a/s", "two", 1},
		{"a file in place of a directory", "layer gzip;file /a/s one;layer gzip;file /a two", "/a/s", "/a/s is not in the image", 1},
		{"a file between two directories", "layer gzip;file /a/s one;layer gzip;file /a two;layer gzip;dir /a", "/a/s", "/a/s is not in the image", 2},

		{"a link", "layer gzip;file /b/s one;layer gzip;symlink /a/s ../b/s", "/a/s", "one", 2},
		{"a link upwards", "layer gzip;symlink /a/s /b/s;layer gzip;file /b/s one", "/a/s", "one", 2},
		{"a directory is a link", "layer gzip;symlink /bin usr/bin;layer gzip;file /usr/bin/s one", "/bin/s", "one", 2},
		{"a link above the root", "layer gzip;file /s one;symlink /a/l ../../../../s", "/a/l", "one", 1},
		{"links to links", "layer gzip;file /s one;symlink /a b;symlink /b /c;symlink /c d;symlink /d s", "/a", "one", 1},
		{"a link hidden by a directory", "layer gzip;symlink /a /b;file /b/s one;layer gzip;file /a/s two", "/a/s", "two", 1},
		{"a directory hidden by a link", "layer gzip;file /a/s one;file /b/s two;layer gzip;symlink /a b", "/a/s", "two", 2},
		{"a link to itself", "layer gzip;symlink /s s", "/s", "/s is behind more than 40 symbolic links", 1},
		{"a link to nothing", "layer gzip;symlink /s gone", "/s", "/s is not in the image", 1},

		{"a hard link", "layer gzip;file /s one;hardlink /a/t /s", "/a/t", "one", 1},
		{"a hard link to a file that is deleted above", "layer gzip;file /s one;hardlink /t /s;layer gzip;whiteout /s", "/t", "one", 2},
		{"a hard link to a file that is another above", "layer gzip;file /s one;hardlink /t /s;layer gzip;file /s two", "/t", "one", 2},
		{"a hard link into the layer below", "layer gzip;file /s one;layer gzip;hardlink /t /s", "/t", "one", 2},
		{"a hard link to a hard link", "layer gzip;file /s one;hardlink /t /s;hardlink /u /t", "/u", "one", 1},
		{"a hard link to itself", "layer gzip;hardlink /s /s", "/s", "/s is a hard link to nothing", 1},
		{"a hard link to nothing", "layer gzip;hardlink /s /t", "/s", "/s is a hard link to nothing", 1},

		{"out of the root", "layer gzip;file ../../s one", "/s", "one", 1},
		{"out of the root below", "layer gzip;file a/../../s one", "/s", "one", 1},
		{"a whiteout of all", "layer gzip;file /s one;layer gzip;whiteout /..", "/s", "one", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree := testTree(t, tt.spec)
			p, err := tree.Find(t.Context(), []string{tt.path})
			if len(tree.read) != tt.layers {
				t.Errorf("%d layers were read, want %d", len(tree.read), tt.layers)
			}
			if err != nil {
				if none := (*NoFile)(nil); !errors.As(err, &none) || err.Error() != tt.want {
					t.Errorf("%v, want %s", err, tt.want)
				}
				return
			}
			var got []byte
			err = tree.Read(t.Context(), p, func(r io.Reader) error {
				var err error
				got, err = io.ReadAll(r)
				return err
			})
			if err != nil || string(got) != tt.want {
				t.Errorf("%s holds %q, %v; want %s", p.Path, got, err, tt.want)
			}
		})
	}
}

// TestCandidates: the first in order of those in the layers that had to be read.
func TestCandidates(t *testing.T) {
	for _, tt := range []struct{ spec, want string }{
		{"layer gzip;file /x/s one;file /y/s two", "/x/s"},
		{"layer gzip;file /y/s two", "/y/s"},
		{"layer gzip;symlink /x /z;file /y/s two", "/y/s"},
		{"layer gzip;dir /x/s;file /y/s two", "/y/s"},
		{"layer gzip;symlink /x /z;file /y/s two;layer gzip;file /z/s one", "/x/s"},
	} {
		tree := testTree(t, tt.spec)
		p, err := tree.Find(t.Context(), []string{"/x/s", "/y/s"})
		if err != nil || p.Asked != tt.want {
			t.Errorf("%s: %+v, %v; want %s", tt.spec, p, err, tt.want)
		}
	}
}

// TestTangled: a hostile tree does not take for ever.
func TestTangled(t *testing.T) {
	spec := ""
	for i := range 40 {
		spec += fmt.Sprintf("layer plain;symlink /l%d %s/l%d;", i, strings.Repeat("d/../", 600)+"d/..", i+1)
	}
	spec += strings.Repeat("layer plain;dir /d;", 460)
	tree := testTree(t, spec)
	names := make([]string, 32)
	for i := range names {
		names[i] = fmt.Sprintf("/l%d", i%2)
	}
	_, err := tree.Find(t.Context(), names)
	if err == nil || !strings.Contains(err.Error(), "too tangled") {
		t.Errorf("%v after %d lookups in %d layers", err, tree.looked, len(tree.read))
	}
}
