package layers

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"github.com/pinfix/pinfix/internal/imagetest"
)

// layerOf is a layer of these bytes.
func layerOf(data []byte) Layer {
	return Layer{Name: "layer 1 of 1", spent: &work{}, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// visit visits a layer of these bytes.
func visit(ctx context.Context, data []byte, see func(int, *tar.Header, io.Reader) error) error {
	l := layerOf(data)
	return l.visit(ctx, see)
}

// tarOf makes a tar of headers; files hold as many bytes as they say.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("x"), int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packed(t testing.TB, data []byte, how string) []byte {
	t.Helper()
	l, err := imagetest.NewLayer(data, how)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	data, err = io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestVisit(t *testing.T) {
	plain := tarOf(t, tar.Header{Name: "a", Size: 3, Typeflag: tar.TypeReg}, tar.Header{Name: "b", Typeflag: tar.TypeDir})
	gz, zst := packed(t, plain, "gzip"), packed(t, plain, "zstd")
	skippable := append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"), zst...)
	for _, tt := range []struct {
		name string
		data []byte
		want string // names, or what the error says
	}{
		{"plain", plain, "a b"},
		{"gzip", gz, "a b"},
		{"zstd", zst, "a b"},
		{"zstd behind a frame to skip", skippable, "a b"},
		{"nothing", nil, ""},
		{"behind the tar's end", append(slices.Clone(plain), "rest"...), "a b"},
		{"two gzips", append(packed(t, plain[:512], "gzip"), packed(t, plain[512:], "gzip")...), "a b"},
		{"no tar", []byte(strings.Repeat("text ", 1000)), "error: layer 1 of 1: archive/tar: invalid tar header"},
		{"short", []byte("te"), "error: layer 1 of 1: unexpected EOF"},
		{"cut gzip", gz[:len(gz)-4], "error: layer 1 of 1: unexpected EOF"},
		{"cut zstd", zst[:len(zst)-4], "error: layer 1 of 1: unexpected EOF"},
		{"cut tar", plain[:514], "error: layer 1 of 1: unexpected EOF"},
		{"behind gzip", append(slices.Clone(gz), "rest"...), "error: layer 1 of 1: unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var names []string
			err := visit(t.Context(), tt.data, func(_ int, h *tar.Header, _ io.Reader) error {
				names = append(names, strings.TrimSuffix(h.Name, "/"))
				return nil
			})
			got := strings.Join(names, " ")
			if err != nil {
				got = "error: " + err.Error()
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestWindow: a decoder must not be made to keep more than 32 MiB.
func TestWindow(t *testing.T) {
	for size, want := range map[int]bool{32 << 20: true, 64 << 20: false} {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(size), zstd.WithSingleSegment(false))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(tarOf(t, tar.Header{Name: "a", Size: 70 << 20, Typeflag: tar.TypeReg}))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		err = visit(t.Context(), b.Bytes(), func(int, *tar.Header, io.Reader) error { return nil })
		if (err == nil) != want {
			t.Errorf("window of %d MiB: %v", size>>20, err)
		}
	}
}

// TestDigest: a layer with other bytes is an error, also where they are behind
// the tar's end and where the program has been read already.
func TestDigest(t *testing.T) {
	plain := tarOf(t, tar.Header{Name: "a", Size: 3, Typeflag: tar.TypeReg})
	const wrong = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	for _, l := range []Layer{{Digest: wrong}, {Digest: wrong, OfTar: true}} {
		l.Open = layerOf(packed(t, plain, "gzip")).Open
		tree := New([]Layer{l})
		_, err := tree.Find(t.Context(), []string{"/a"})
		if err == nil || !strings.Contains(err.Error(), "and should be "+wrong) || len(tree.read) != 0 {
			t.Errorf("%v", err)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := visit(ctx, tarOf(t), func(int, *tar.Header, io.Reader) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestMentions: the mark may lie over two reads.
func TestMentions(t *testing.T) {
	data := "some bytes \xff Go buildinf: and more"
	for size := 1; size <= len(data); size++ {
		if found, err := mentions(iotest.DataErrReader(&slow{strings.NewReader(data), size}), buildInfo); !found || err != nil {
			t.Errorf("not found in reads of %d: %v", size, err)
		}
	}
	if found, err := mentions(&slow{strings.NewReader("\xff Go buildinf \xff Go\xff Go build"), 3}, buildInfo); found || err != nil {
		t.Errorf("found where it is not, %v", err)
	}
	large := strings.Repeat("x", 1<<16)
	for at := 1<<15 - 20; at < 1<<15+20; at++ {
		if found, err := mentions(strings.NewReader(large[:at]+string(buildInfo)+large), buildInfo); !found || err != nil {
			t.Errorf("not found at %d: %v", at, err)
		}
	}
}

// slow reads so many bytes at once.
type slow struct {
	r    io.Reader
	size int
}

func (s *slow) Read(b []byte) (int, error) { return s.r.Read(b[:min(len(b), s.size)]) }

// FuzzLayer: any bytes are a layer or an error; no path leads to anything but a
// file, and what is found can be read.
func FuzzLayer(f *testing.F) {
	seed := tarOf(f,
		tar.Header{Name: "a/s", Size: 5, Typeflag: tar.TypeReg, Mode: 0o755}, tar.Header{Name: "a/l", Linkname: "../a/s", Typeflag: tar.TypeSymlink},
		tar.Header{Name: "h", Linkname: "a/s", Typeflag: tar.TypeLink}, tar.Header{Name: "../../x", Typeflag: tar.TypeChar},
		tar.Header{Name: "a/.wh.t", Typeflag: tar.TypeReg}, tar.Header{Name: "b/.wh..wh..opq", Typeflag: tar.TypeReg}, tar.Header{Name: "loop", Linkname: "loop", Typeflag: tar.TypeSymlink},
		tar.Header{Name: strings.Repeat("d/", 200) + "s", Typeflag: tar.TypeReg})
	f.Add(seed, "a/l", true)
	f.Add(packed(f, seed, "gzip"), "h", false)
	f.Add(packed(f, seed, "zstd"), "loop", true)
	f.Add([]byte("\x28\xb5\x2f\xfd"), "/", false)
	f.Add([]byte("\x1f\x8b"), "..", false)
	f.Fuzz(func(t *testing.T, data []byte, name string, twice bool) {
		if len(data) > 1<<20 || len(name) > 1<<10 {
			return
		}
		layers := []Layer{layerOf(data)}
		if twice {
			layers = append(layers, layerOf(data))
		}
		tree := New(layers)
		p, err := tree.Find(t.Context(), []string{name, "/" + name})
		if tree.budget.entries > maxEntries+maxName {
			t.Errorf("%d entries", tree.budget.entries)
		}
		if err != nil {
			return
		}
		read := false
		if err := tree.Read(t.Context(), p, func(r io.Reader) error { read = true; return nil }); err != nil || !read {
			t.Errorf("%+v: %v, %v", p, read, err)
		}
		if _, err := tree.GoPrograms(t.Context()); err != nil && tree.layers[0].spent.unpacked <= freeUnpacked { // a hole
			t.Error(err)
		}
	})
}

// TestMemory: what a layer can make the index keep is bounded; the scripts
// image_hostile measure the process.
func TestMemory(t *testing.T) {
	b := &budget{seed: maphash.MakeSeed()}
	for range 3 {
		ix := newIndex(b)
		var err error
		for i := 0; err == nil && i < 1<<20; i++ {
			err = ix.add(i, &tar.Header{Name: filepath.Join("d", string(rune('a'+i%26)), strings.Repeat("x", i%300), string(rune(i))), Typeflag: tar.TypeReg}, strings.NewReader(""))
		}
		if err == nil || b.entries > maxEntries+maxName {
			t.Errorf("%d entries, %v", b.entries, err)
		}
	}
}
