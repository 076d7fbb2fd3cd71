package layers

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/imagetest"
)

// TestSameLayer: a layer that an image names 500 times is read once, also where its
// programs are looked for.
func TestSameLayer(t *testing.T) {
	data := tarOf(t, tar.Header{Name: "s", Size: 3, Typeflag: tar.TypeReg, Mode: 0o755})
	for _, digest := range []string{"of the bytes", "of the tar", "none"} {
		reads := 0
		l := layerOf(packed(t, data, "gzip"))
		from := l.Open
		l.Open = func(ctx context.Context) (io.ReadCloser, error) { reads++; return from(ctx) }
		switch digest {
		case "of the bytes":
			l.Digest = digestOf(t, layerOf(packed(t, data, "gzip")))
		case "of the tar":
			l.Digest, l.OfTar = digestOf(t, layerOf(data)), true
		}
		layers := make([]Layer, 500)
		for i := range layers {
			layers[i] = l
		}
		tree := New(layers)
		want := 1
		if digest == "none" {
			want = 500
		}
		if _, err := tree.Find(t.Context(), []string{"/t"}); err == nil || len(tree.read) != 500 || reads != want {
			t.Errorf("%s: %v, %d layers with %d reads, want %d", digest, err, len(tree.read), reads, want)
		}
		if found, err := tree.GoPrograms(t.Context()); err != nil || len(found) != 0 || reads != want {
			t.Errorf("%s: %v, %v, with %d reads, want %d", digest, found, err, reads, want)
		}
		if p, err := tree.Find(t.Context(), []string{"/s"}); err != nil || p.layer != 0 {
			t.Errorf("%s: %+v, %v", digest, p, err)
		}
	}
}

// TestSameLayerHidden: what is between two layers that are the same counts.
func TestSameLayerHidden(t *testing.T) {
	same := layerOf(tarOf(t, tar.Header{Name: "s", Size: 3, Typeflag: tar.TypeReg}, tar.Header{Name: "t", Size: 3, Typeflag: tar.TypeReg}))
	same.Digest = digestOf(t, same)
	between := layerOf(tarOf(t, tar.Header{Name: ".wh.s", Typeflag: tar.TypeReg}, tar.Header{Name: "t", Linkname: "u", Typeflag: tar.TypeSymlink}))
	for _, tt := range []struct {
		layers []Layer // the top one first
		want   string
	}{
		{[]Layer{same, between, same}, "0 0"},
		{[]Layer{between, same, same}, "- -"},
	} {
		tree := New(tt.layers)
		var got []string
		for _, name := range []string{"/s", "/t"} {
			p, err := tree.Find(t.Context(), []string{name})
			if got = append(got, fmt.Sprint(p.layer)); err != nil {
				got[len(got)-1] = "-"
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("in layers %v, want %s", got, tt.want)
		}
	}
}

func digestOf(t *testing.T, l Layer) string {
	t.Helper()
	r, err := l.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	h, err := imagetest.RawLayer(data).Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// TestWork: what unpacks to far more than is stored ends soon, in whichever way
// it is divided.
func TestWork(t *testing.T) {
	one, err := imagetest.Bomb(1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := one.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	bomb, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var many []Layer
	for range Max {
		many = append(many, layerOf(bomb))
	}
	for name, layers := range map[string][]Layer{
		"many layers":         many,
		"a file with a hole":  {layerOf(hole(1 << 50))},
		"files with holes":    {layerOf(bytes.Repeat(hole(1<<31), 100))},
		"plain, as it should": {layerOf(bytes.Repeat(hole(600), 100))},
	} {
		start := time.Now()
		tree := New(layers)
		_, err := tree.Find(t.Context(), []string{"/missing"})
		if missing := (*NoFile)(nil); errors.As(err, &missing) {
			_, err = tree.GoPrograms(t.Context())
		}
		plain := name == "plain, as it should"
		if (err == nil) != plain || err != nil && !strings.HasPrefix(err.Error(), "its layers unpack to more than 1 GiB, and 64 times what is stored") {
			t.Errorf("%s: %v", name, err)
		}
		if spent := tree.layers[0].spent; spent.unpacked > 2<<30 {
			t.Errorf("%s: %d MiB unpacked in %v", name, spent.unpacked>>20, time.Since(start))
		}
	}
}

// hole is the tar of a program of size bytes, most of which are a hole, in GNU's
// sparse form 1.0; without the end of a tar.
func hole(size int64) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	records := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=s", fmt.Sprintf("GNU.sparse.realsize=%d", size)} {
		n := len(r) + 4 // "NN r\n"
		records += fmt.Sprintf("%d %s\n", n, r)
	}
	w.WriteHeader(&tar.Header{Name: "PaxHeaders/s", Size: int64(len(records)), Typeflag: tar.TypeReg})
	io.WriteString(w, records)
	w.Flush()
	body := make([]byte, 1024)
	copy(body, "1\n0\n512\n")
	copy(body[512:], "\x7fELF")
	w.WriteHeader(&tar.Header{Name: "s", Mode: 0o755, Size: int64(len(body)), Typeflag: tar.TypeReg})
	w.Write(body)
	w.Flush()
	data := b.Bytes()
	data[156] = 'x'
	sum := 8 * int(' ')
	for i, c := range data[:512] {
		if i < 148 || i >= 156 {
			sum += int(c)
		}
	}
	copy(data[148:], fmt.Sprintf("%06o\x00 ", sum))
	return data
}

// TestHole: the tar that hole writes is what it says.
func TestHole(t *testing.T) {
	h, err := tar.NewReader(bytes.NewReader(hole(1 << 40))).Next()
	if err != nil || h.Name != "s" || h.Size != 1<<40 || h.Typeflag != tar.TypeReg {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestHeaders: entries count over all layers, also where they are all of one name.
func TestHeaders(t *testing.T) {
	w := &work{headers: maxHeaders - 1}
	b := layerOf(tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeReg}, tar.Header{Name: "a", Typeflag: tar.TypeReg}))
	b.spent = w
	err := b.visit(t.Context(), func(int, *tar.Header, io.Reader) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "more than 4194304 entries in its layers") {
		t.Error(err)
	}
}
