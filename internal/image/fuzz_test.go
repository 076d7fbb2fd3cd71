package image

import (
	"io"
	"os"
	"path"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/imagetest"
)

// FuzzManifest: whatever JSON a registry or an archive sends, there is one image
// of one platform or an error with a next step, and the places where the program
// may be are few and absolute.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{
		`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":1,"platform":{"os":"linux","architecture":"amd64"}},{"digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","size":2,"platform":{"os":"unknown","architecture":"unknown"}}]}`,
		`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":7023},"layers":[{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":9223372036854775807}]}`,
		`{"os":"linux","architecture":"arm","variant":"v7","config":{"Entrypoint":["sh","-c"],"Cmd":["server"],"Env":["PATH=:/a:b"],"WorkingDir":"../w"},"rootfs":{"type":"layers","diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000000000"]}}`,
		`[{"Config":"a.json","RepoTags":["server:1","other:2"],"Layers":["../../l/layer.tar"]},{"Config":"b.json"}]`,
		`{"schemaVersion":1,"fsLayers":[]}`, `null`, `{"manifests":null}`, `{"config":{}}`, `{"manifests":[{"platform":null}]}`,
	} {
		for _, media := range []types.MediaType{"", types.OCIImageIndex, types.DockerManifestSchema1} {
			f.Add([]byte(seed), string(media), "1")
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, media, word string) {
		index, manifest, err := parseManifest(data, types.MediaType(media))
		nextStep(t, err)
		if err == nil && (index == nil) == (manifest == nil) {
			t.Errorf("index %v, manifest %v", index, manifest)
		}
		if index != nil {
			d, err := platform{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}}.choose(index)
			nextStep(t, err)
			if err == nil && !hasDescriptor(index, d) {
				t.Errorf("%v is none of the index", d)
			}
		}
		c, err := parseConfig(data)
		nextStep(t, err)
		if err == nil {
			checkStart(t, c.Config)
		}
		checkStart(t, v1.Config{Entrypoint: []string{word}, WorkingDir: media, Env: []string{"PATH=" + string(data)}})
		images, err := parseSaved(data)
		nextStep(t, err)
		_, err = choose(images, word)
		nextStep(t, err)
		p, err := parsePlatform(word)
		nextStep(t, err)
		if again, _ := parsePlatform(p.String()); err == nil && word != "" && !again.Equals(p.Platform) {
			t.Errorf("%q: %+v, %+v", word, p, again)
		}
	})
}

func hasDescriptor(index *v1.IndexManifest, d v1.Descriptor) bool {
	for _, m := range index.Manifests {
		if m.Digest == d.Digest && m.Size == d.Size {
			return true
		}
	}
	return false
}

func checkStart(t *testing.T, c v1.Config) {
	t.Helper()
	names, _, err := programOf(c, "")
	if (err == nil) != (len(names) > 0) || len(names) > maxPathDirs {
		t.Errorf("%d names, %v", len(names), err)
	}
	for _, name := range names {
		if !path.IsAbs(name) {
			t.Errorf("%q is not absolute", name)
		}
	}
}

// nextStep fails if err says nothing of what to do.
func nextStep(t *testing.T, err error) {
	t.Helper()
	if err != nil && fault.Next(err) == "" {
		t.Errorf("no next step after %v", err)
	}
}

// FuzzArchive reads any bytes as each form of archive, down to the program.
func FuzzArchive(f *testing.F) {
	for _, seed := range archives(f) {
		f.Add(seed, "1")
	}
	f.Add(make([]byte, 1024), "") // an empty tar
	f.Add([]byte("\x1f\x8b"), ":")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, tag string) {
		if len(data) > 1<<20 || len(tag) > 1<<10 {
			return
		}
		file := filepath.Join(dir, "image.tar")
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{"docker-archive:" + file + ":" + tag, "docker-archive:" + file, "oci-archive:" + file} {
			readArchive(t, ref)
		}
	})
}

// readArchive takes the program out of an archive, if there is one.
func readArchive(t *testing.T, ref string) (found bool) {
	t.Helper()
	r, err := newReader(ref, Options{Platform: "linux/amd64", Environ: []string{"HOME=" + t.TempDir()}})
	if err != nil {
		nextStep(t, err)
		return false
	}
	defer r.close()
	im, err := r.read(t.Context())
	if err != nil {
		nextStep(t, err)
		return false
	}
	if im.config.OS == "" || im.digest == "" {
		t.Errorf("%+v", im)
	}
	names, _, err := programOf(im.config.Config, "")
	if err != nil {
		return false
	}
	p, err := im.tree.Find(t.Context(), names)
	if err != nil {
		return false
	}
	// A layer that is damaged behind the file is no error of the file.
	err = im.tree.Read(t.Context(), p, func(r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		if found = err == nil; n > bounded.Program {
			t.Errorf("%d bytes", n)
		}
		return err
	})
	if err != nil {
		nextStep(t, err)
	}
	return found
}

// archives are an image as docker save and as skopeo write it.
func archives(t testing.TB) map[string][]byte {
	t.Helper()
	dir, out := t.TempDir(), map[string][]byte{}
	if err := os.WriteFile(filepath.Join(dir, "program"), []byte("a program"), 0o666); err != nil {
		t.Fatal(err)
	}
	images, err := imagetest.Parse("platform linux/amd64\nentrypoint /bin/server\nlayer gzip\nfile /bin/real program\nsymlink /bin/server real\nlayer plain\ndir /etc\n", dir)
	if err != nil {
		t.Fatal(err)
	}
	docker, oci := filepath.Join(dir, "docker.tar"), filepath.Join(dir, "oci.tar")
	if err := imagetest.WriteDocker(docker, "server:1", images[0]); err != nil {
		t.Fatal(err)
	}
	if err := imagetest.WriteOCIArchive(oci, images...); err != nil {
		t.Fatal(err)
	}
	for scheme, name := range map[string]string{"docker-archive:": docker, "oci-archive:": oci} {
		if out[scheme], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestArchives: the seeds of FuzzArchive hold a program that is found.
func TestArchives(t *testing.T) {
	for scheme, data := range archives(t) {
		file := filepath.Join(t.TempDir(), "image.tar")
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if !readArchive(t, scheme+file) {
			t.Errorf("%s: no program", scheme)
		}
	}
}
