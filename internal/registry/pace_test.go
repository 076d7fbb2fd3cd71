package registry

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pinfix/pinfix/internal/fault"
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
		if err != nil && fault.Next(err) == "" {
			t.Errorf("%s: no next step after %v", tt.name, err)
		}
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
	if data, err := io.ReadAll(resp.Body); fault.Next(err) == "" || len(data) != maxRequests || p.n != maxRequests {
		t.Errorf("%v after %d bytes in %d requests", err, len(data), p.n)
	}
}
