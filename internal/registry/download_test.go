package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A play is a transport whose answers are written down.
type play func(n int, req *http.Request) (*http.Response, error)

type player struct {
	play play
	n    int
}

func (p *player) RoundTrip(req *http.Request) (*http.Response, error) {
	p.n++
	return p.play(p.n, req)
}

// via is the way to a registry, with an inner transport of the test's.
func via(inner http.RoundTripper, host string) *transport {
	return &transport{inner: inner, reach: newReach(host, false)}
}

var errCut = errors.New("cut")

// answer sends data[from:to] of the 10 bytes, and is cut if that is not the end.
func answer(status, from, to int) (*http.Response, error) {
	const data = "0123456789"
	r := io.Reader(strings.NewReader(data[from:to]))
	if to < len(data) {
		r = io.MultiReader(r, &failing{errCut})
	}
	h := http.Header{}
	if status == http.StatusPartialContent {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-9/10", from))
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h, ContentLength: int64(10 - from), Body: io.NopCloser(r)}, nil
}

func TestResume(t *testing.T) {
	for _, tt := range []struct {
		name string
		play play
		want string // the bytes, or the error
		asks int
	}{
		{"whole", func(int, *http.Request) (*http.Response, error) { return answer(200, 0, 10) }, "0123456789", 1},
		{"cut once", func(n int, req *http.Request) (*http.Response, error) {
			if n == 1 {
				return answer(200, 0, 4)
			}
			if got := req.Header.Get("Range"); got != "bytes=4-9" {
				return nil, errors.New("asked for " + got)
			}
			return answer(206, 4, 10)
		}, "0123456789", 2},
		{"cut after each byte", func(n int, req *http.Request) (*http.Response, error) {
			if n == 1 {
				return answer(200, 0, 1)
			}
			return answer(206, n-1, n)
		}, "0123456789", 10},
		{"no ranges", func(n int, _ *http.Request) (*http.Response, error) { return answer(200, 0, 3+7*(n/2)) }, "0123456789", 2},
		{"another range", func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return answer(200, 0, 4)
			}
			return answer(206, 5, 10)
		}, `error: asked for the rest of a layer, the registry sends "bytes 5-9/10"`, 2},
		{"an error in between", func(n int, _ *http.Request) (*http.Response, error) {
			switch n {
			case 1:
				return answer(200, 0, 4)
			case 2:
				return nil, errCut
			}
			return answer(206, 4, 10)
		}, "0123456789", 3},
		{"gone", func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return answer(200, 0, 4)
			}
			return answer(404, 0, 10)
		}, "error: the connection was cut after 1 KiB of 1 KiB, and asked for the rest the registry answers Not Found", 2},
		{"of unknown size", func(int, *http.Request) (*http.Response, error) {
			r, err := answer(200, 0, 4)
			r.ContentLength = -1
			return r, err
		}, "error: the connection was cut after 1 KiB of an unknown size: cut", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &player{play: tt.play}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/v2/x/blobs/y", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := via(p, "example.com").RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			data, err := io.ReadAll(resp.Body)
			got := string(data)
			if err != nil {
				got = "error: " + err.Error()
			}
			if got != tt.want || p.n != tt.asks {
				t.Errorf("%s in %d requests; want %s in %d", got, p.n, tt.want, tt.asks)
			}
		})
	}
}

// TestResumeEnds: nothing is tried for ever, and not after a cancel.
func TestResumeEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := &player{play: func(n int, _ *http.Request) (*http.Response, error) {
		if n == 1 {
			return answer(200, 0, 4)
		}
		cancel()
		return nil, errCut
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/v2/x/blobs/y", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := via(p, "example.com").RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) || p.n != 2 {
		t.Errorf("%v after %d requests", err, p.n)
	}
}

// TestPlain: no unencrypted request leaves this machine.
func TestPlain(t *testing.T) {
	p := &player{play: func(int, *http.Request) (*http.Response, error) { return answer(200, 0, 10) }}
	for url, want := range map[string]bool{"http://10.0.0.1/v2/": false, "http://example.com/v2/": false, "http://[::1]:5000/v2/": true, "https://example.com/": true} {
		req, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = via(p, req.URL.Host).RoundTrip(req)
		if (err == nil) != want || err != nil && (!isRefused(err) || !strings.HasSuffix(err.Error(), "plain http is only for registries on this machine")) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestManifestLimit: the library reads up to 100 MiB of a manifest.
func TestManifestLimit(t *testing.T) {
	p := &player{play: func(int, *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(bytes.NewReader(make([]byte, MaxText+1)))}, nil
	}}
	req, err := http.NewRequest(http.MethodGet, "https://example.com/v2/x/manifests/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := via(p, "example.com").RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err == nil || err.Error() != "a manifest of more than 4 MiB" {
		t.Errorf("%v", err)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "a.localhost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true,
		"10.0.0.1": false, "192.168.1.1": false, "localhost.example.com": false, "example.com": false, "": false, "0.0.0.0": false,
	} {
		if isLoopback(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
}
