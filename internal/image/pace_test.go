package image

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pinfix/pinfix/internal/imagetest"
)

// A clock goes on by step whenever it is asked.
type clock struct {
	at   time.Time
	step time.Duration
}

func (c *clock) now() time.Time { c.at = c.at.Add(c.step); return c.at }

// TestSlow: what comes at a byte a minute ends, and so does an answer that is
// late each time; a slow line that brings something goes on.
func TestSlow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		step  time.Duration // for each read
		chunk int
		want  string // the error, "" for none
	}{
		{"a byte a minute", 59 * time.Second, 1, "the registry is too slow: 1 KiB in 5m54s"},
		{"a slow line", time.Second, 32 << 10, ""},
		{"a fast one", time.Millisecond, 64 << 10, ""},
		{"too slow a line", time.Second, 8 << 10, "the registry is too slow: 4 MiB in 10m"},
	} {
		const size = 64 << 20
		p := &player{play: func(int, *http.Request) (*http.Response, error) {
			r := io.LimitReader(zeros{}, size)
			if tt.chunk == 1 {
				r = iotest.OneByteReader(r)
			}
			return &http.Response{StatusCode: 200, ContentLength: size, Body: io.NopCloser(r)}, nil
		}}
		c := &clock{step: tt.step}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/v2/x/blobs/y", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := via(&pace{inner: p, now: c.now}, "example.com").RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{resp.Body}, make([]byte, tt.chunk))
		resp.Body.Close()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) || p.n != 1 {
			t.Errorf("%s: %v in %d requests, want %q", tt.name, err, p.n, tt.want)
		}
		nextStep(t, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestRequests: a registry that gives a byte a request is not asked for ever.
func TestRequests(t *testing.T) {
	const size = 1 << 20
	p := &player{play: func(n int, req *http.Request) (*http.Response, error) {
		h := http.Header{}
		status := http.StatusOK
		if n > 1 {
			status = http.StatusPartialContent
			h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", n-1, size-1, size))
		}
		r := io.MultiReader(strings.NewReader("x"), &failing{errCut})
		return &http.Response{StatusCode: status, Header: h, ContentLength: size - int64(n) + 1, Body: io.NopCloser(r)}, nil
	}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/v2/x/blobs/y", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := via(newPace(p), "example.com").RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	known := (*Error)(nil)
	if data, err := io.ReadAll(resp.Body); !errors.As(err, &known) || len(data) != maxRequests || p.n != maxRequests {
		t.Errorf("%v after %d bytes in %d requests", err, len(data), p.n)
	}
}

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
	r := &registry{held: maxHeld - 10}
	_, err := r.fetch(t.Context(), v1.Descriptor{Size: 11}, "a layer")
	if err == nil || err.Error() != "more than 8 GiB of layers to fetch" {
		t.Error(err)
	}
	nextStep(t, err)
}
