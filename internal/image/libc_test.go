package image

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/layers"
)

// TestRelease: what glibc prints of itself, and the string that musl has.
func TestRelease(t *testing.T) {
	for _, tt := range []struct{ interp, file, text, want string }{
		{"/lib64/ld-linux-x86-64.so.2", "lib64/libc.so.6", "GNU C Library (Debian GLIBC 2.36-9+deb12u4) stable release version 2.36.\n", "2.36"},
		{"/lib64/ld-linux-x86-64.so.2", "lib64/libc.so.6", "GNU C Library (GNU libc) development release version 2.39.9000.\n", "2.39"},
		{"/lib64/ld-linux-x86-64.so.2", "lib64/libc.so.6", "GLIBC_2.2.5", "error: /lib64/libc.so.6 does not say its release"},
		{"/lib64/ld-linux-x86-64.so.2", "lib64/libc.so", "", "error: /lib64/libc.so.6 is not in the image"},
		{"/lib/ld-musl-x86_64.so.1", "lib/x", "musl libc (x86_64)\nVersion %s\n\x001.2.5\x00", "1.2.5"},
		{"/lib/ld-musl-x86_64.so.1", "lib/x", "\x001.2.4-git-12-gabc123\x00", "1.2.4"},
		{"/lib/ld-musl-x86_64.so.1", "lib/x", "version 1.2.4", "error: /lib/ld-musl-x86_64.so.1 does not say its release"},
	} {
		text := tt.text
		if strings.Contains(tt.interp, "musl") {
			tt.file = tt.interp
		}
		data := tarWith(t, map[string]string{tt.interp: "loader", tt.file: text})
		tree := layers.New([]layers.Layer{{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}})
		loader, err := tree.Find(t.Context(), []string{tt.interp})
		if err != nil {
			t.Fatal(err)
		}
		got, err := releaseOf(t.Context(), tree, loader, tt.interp)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.text, got, tt.want)
		}
	}
}

// tarWith makes a tar of files with these texts.
func tarWith(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b strings.Builder
	w := tar.NewWriter(&b)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}
