package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/imagetest"
)

// TestFew: redirects without end, and answers that ask to try again, take few
// requests; an ordinary image far less than the limit.
func TestFew(t *testing.T) {
	r := imagetest.Serve(false)
	defer r.Close()
	if err := r.Push("game:1", testImage(t, program)); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter, req *http.Request)
		most   int32
	}{
		"redirects":         {func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, req.URL.Path, http.StatusFound) }, 100},
		"too many requests": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, 30},
		"unavailable":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, 30},
		"as it should":      {r.ServeHTTP, 10},
	} {
		var asked atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			asked.Add(1)
			tt.answer(w, req)
		}))
		p, err := Open(t.Context(), "image:"+strings.TrimPrefix(server.URL, "http://")+"/game:1", options(t))
		server.Close()
		if (err == nil) != (name == "as it should") || asked.Load() > tt.most {
			t.Errorf("%s: %v in %d requests", name, err, asked.Load())
		}
		if err == nil {
			p.File.Close()
		}
	}
}

// TestHeld: the layers that a manifest promises are not fetched beyond 8 GiB.
func TestHeld(t *testing.T) {
	p := &pulled{held: maxHeld - 10}
	_, err := p.fetch(nil, 11, "a layer")
	if err == nil || err.Error() != "more than 8 GiB of layers to fetch" {
		t.Error(err)
	}
	nextStep(t, err)
}

func TestNoCredentials(t *testing.T) {
	for ref, want := range map[string]bool{
		"a/b:1": true, "a@sha256:00": true, "h:5000/a:1@sha256:00": true, "": true,
		"u:p@h/a": false, "u:p@h/a@sha256:00": false, "u@h/a": false,
	} {
		if got := noCredentials(ref) == nil; got != want {
			t.Errorf("%s: %v", ref, got)
		}
	}
}

// TestPromised: a size of -1 is any size to the library, so no manifest may name it, nor
// more than the limit.
func TestPromised(t *testing.T) {
	for what, manifest := range map[string]string{
		"a configuration of any size":     `"config":{"size":-1,"digest":"sha256:%[1]s"},"layers":[]`,
		"a configuration that is large":   `"config":{"size":5000000,"digest":"sha256:%[1]s"},"layers":[]`,
		"a layer of any size":             `"config":{"size":%[2]d,"digest":"sha256:%[1]s"},"layers":[{"size":-1,"digest":"sha256:%[1]s"}]`,
		"a layer that is large":           `"config":{"size":%[2]d,"digest":"sha256:%[1]s"},"layers":[{"size":9000000000,"digest":"sha256:%[1]s"}]`,
		"a configuration that never ends": `"config":{"size":4000000,"digest":"sha256:%[1]s"},"layers":[]`,
	} {
		config := `{"os":"linux","architecture":"amd64","config":{"Entrypoint":["/s"]}}`
		sum := sha256.Sum256([]byte(config))
		sent := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			switch {
			case strings.Contains(req.URL.Path, "/manifests/"):
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				fmt.Fprintf(w, `{"schemaVersion":2,`+manifest+`}`, hex.EncodeToString(sum[:]), len(config))
			case strings.Contains(req.URL.Path, "/blobs/") && strings.Contains(manifest, "layers\":[{"):
				io.WriteString(w, config)
			case strings.Contains(req.URL.Path, "/blobs/"):
				for err := error(nil); err == nil && sent < 64<<20; sent += 1 << 20 {
					_, err = w.Write(make([]byte, 1<<20))
				}
			}
		}))
		_, err := Open(t.Context(), "image:"+strings.TrimPrefix(server.URL, "http://")+"/game:1", options(t))
		server.Close()
		if fault.Next(err) == "" || sent > 32<<20 {
			t.Errorf("%s: %v after %d MiB", what, err, sent>>20)
		}
	}
}
