package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/pinfix/pinfix/internal/imagetest"
)

// TestMain keeps the credentials of who runs the tests out of them.
func TestMain(m *testing.M) {
	os.Setenv("DOCKER_CONFIG", filepath.Join(os.TempDir(), "not-there"))
	os.Exit(m.Run())
}

// program is what a Go program is taken for here.
var program = "\x7fELF and \xff Go buildinf: and more"

// options use a cache of their own.
func options(t testing.TB) Options {
	return Options{Environ: []string{"XDG_CACHE_HOME=" + t.TempDir()}}
}

// testImage has the program in its lower layer, at /server.
func testImage(t testing.TB, data string) v1.Image {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "server"), []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
	images, err := imagetest.Parse("platform linux/s390x\nentrypoint /server\nlayer gzip\nfile /server server\nlayer zstd\nfile /other server", dir)
	if err != nil {
		t.Fatal(err)
	}
	return images[0]
}

// TestTarball reads an archive that another program has written: with layers
// that are compressed, as newer versions of Docker have them too.
func TestTarball(t *testing.T) {
	file := filepath.Join(t.TempDir(), "image.tar")
	tag, err := name.NewTag("game/server:1.0")
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(file, tag, testImage(t, program)); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{file, file + ":game/server:1.0", file + ":1.0"} {
		p, err := Open(t.Context(), "docker-archive:"+ref, options(t))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(p.File)
		p.File.Close()
		if err != nil || string(data) != program || p.Path != "/server" || p.Platform != "linux/s390x" {
			t.Errorf("%+v: %q, %v", p, data, err)
		}
	}
}

// TestArchiveEntries: an archive's entries count, not its names.
func TestArchiveEntries(t *testing.T) {
	one := tarWith(t, map[string]string{"a": ""})[:512]
	file := filepath.Join(t.TempDir(), "many.tar")
	if err := os.WriteFile(file, bytes.Repeat(one, maxArchive+1), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := openArchive(file); err == nil || !strings.Contains(err.Error(), "more than 100000 files") {
		t.Error(err)
	}
}

// TestInterrupted: a user who has waited enough gets no other error than that,
// and the cache keeps nothing half.
func TestInterrupted(t *testing.T) {
	r := imagetest.Serve(false)
	defer r.Close()
	if err := r.Push("game:1", testImage(t, program)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.Contains(req.URL.Path, "/blobs/") {
			cancel()
			<-req.Context().Done()
			return
		}
		r.ServeHTTP(w, req)
	}))
	defer slow.Close()
	o := options(t)
	_, err := Open(ctx, "image:"+slow.Listener.Addr().String()+"/game:1", o)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	dir := strings.TrimPrefix(o.Environ[0], "XDG_CACHE_HOME=")
	filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left behind: %s", name)
		}
		return err
	})
}

// BenchmarkOpen takes a program of 60 MB out of an OCI layout, and then out of
// the cache.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	if err := imagetest.WriteOCI(dir, testImage(b, strings.Repeat(program, 60<<20/len(program)))); err != nil {
		b.Fatal(err)
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if _, err := Open(b.Context(), "oci:"+dir, options(b)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cached", func(b *testing.B) {
		o := options(b)
		for b.Loop() {
			if _, err := Open(b.Context(), "oci:"+dir, o); err != nil {
				b.Fatal(err)
			}
		}
	})
}
