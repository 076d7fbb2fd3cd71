package image

import (
	"archive/tar"
	"bytes"
	"context"
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

// TestSameLayer: a layer that an image names 500 times is read once, and once
// more where its programs are looked for.
func TestSameLayer(t *testing.T) {
	data := tarOf(t, tar.Header{Name: "s", Size: 3, Typeflag: tar.TypeReg, Mode: 0o755})
	for _, digest := range []string{"digest", "diffID", "none"} {
		reads := 0
		b := blobOf(packed(t, data, "gzip"))
		from := b.open
		b.open = func(ctx context.Context) (io.ReadCloser, error) { reads++; return from(ctx) }
		layer := imagetest.RawLayer(packed(t, data, "gzip"))
		switch h, _ := layer.Digest(); digest {
		case "digest":
			b.digest = h.String()
		case "diffID":
			h, _ = imagetest.RawLayer(data).DiffID()
			b.diffID = h.String()
		}
		layers := make([]blob, 500)
		for i := range layers {
			layers[i] = b
		}
		tree := newTree(layers, nil)
		want := 1
		if digest == "none" {
			want = 500
		}
		if _, err := tree.find(t.Context(), []string{"/t"}); err == nil || len(tree.read) != 500 || reads != want {
			t.Errorf("%s: %v, %d layers with %d reads, want %d", digest, err, len(tree.read), reads, want)
		}
		if found, err := tree.goPrograms(t.Context()); err != nil || len(found) != 0 || reads != 2*want {
			t.Errorf("%s: %v, %v, with %d reads, want %d", digest, found, err, reads, 2*want)
		}
		if p, err := tree.find(t.Context(), []string{"/s"}); err != nil || p.layer != 0 {
			t.Errorf("%s: %+v, %v", digest, p, err)
		}
	}
}

// TestSameLayerHidden: what is between two layers that are the same counts.
func TestSameLayerHidden(t *testing.T) {
	same := blobOf(tarOf(t, tar.Header{Name: "s", Size: 3, Typeflag: tar.TypeReg}, tar.Header{Name: "t", Size: 3, Typeflag: tar.TypeReg}))
	same.digest = digestOf(t, same)
	between := blobOf(tarOf(t, tar.Header{Name: ".wh.s", Typeflag: tar.TypeReg}, tar.Header{Name: "t", Linkname: "u", Typeflag: tar.TypeSymlink}))
	for _, tt := range []struct {
		layers []blob // the top one first
		want   string
	}{
		{[]blob{same, between, same}, "0 0"},
		{[]blob{between, same, same}, "- -"},
	} {
		tree := newTree(tt.layers, nil)
		var got []string
		for _, name := range []string{"/s", "/t"} {
			p, err := tree.find(t.Context(), []string{name})
			if got = append(got, fmt.Sprint(p.layer)); err != nil {
				got[len(got)-1] = "-"
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("in layers %v, want %s", got, tt.want)
		}
	}
}

func digestOf(t *testing.T, b blob) string {
	t.Helper()
	r, err := b.open(t.Context())
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
	var many []blob
	for range maxLayers {
		many = append(many, blobOf(bomb))
	}
	for name, layers := range map[string][]blob{
		"many layers":         many,
		"a file with a hole":  {blobOf(hole(1 << 50))},
		"files with holes":    {blobOf(bytes.Repeat(hole(1<<31), 100))},
		"plain, as it should": {blobOf(bytes.Repeat(hole(600), 100))},
	} {
		start := time.Now()
		tree := newTree(layers, nil)
		_, err := tree.find(t.Context(), []string{"/missing"})
		if missing := (*noFile)(nil); errors.As(err, &missing) {
			_, err = tree.goPrograms(t.Context())
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
	b := blobOf(tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeReg}, tar.Header{Name: "a", Typeflag: tar.TypeReg}))
	b.spent = w
	err := b.visit(t.Context(), func(int, *tar.Header, io.Reader) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "more than 4194304 entries in its layers") {
		t.Error(err)
	}
}

// TestArchiveEntries: an archive's entries count, not its names.
func TestArchiveEntries(t *testing.T) {
	one := tarOf(t, tar.Header{Name: "a/", Typeflag: tar.TypeDir})[:512]
	file := filepath.Join(t.TempDir(), "many.tar")
	if err := os.WriteFile(file, bytes.Repeat(one, maxArchive+1), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := openArchive(file); err == nil || !strings.Contains(err.Error(), "more than 100000 files") {
		t.Error(err)
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
	if err := imagetest.WriteDocker(file, imagetest.Saved{Image: testImage(t, program)}); err != nil {
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
