package registry

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/pinfix/pinfix/internal/fault"
)

// Limits on what one reference may cost at the registry, and wherever that leads to. An
// image of 127 layers takes some 260 requests, where each layer is at another host.
const (
	maxRequests = 2000            // with redirects, tries and resumes
	patience    = 5 * time.Minute // of waiting for answers and bytes, and
	slowest     = 16 << 10        // a second more for each so many bytes that come
)

// A pace is a transport that ends what asks for ever or waits for ever: the idle
// limit allows a byte a minute, and a registry may cut a layer after each byte.
type pace struct {
	inner http.RoundTripper
	now   func() time.Time

	mu       sync.Mutex
	requests int
	got      int64
	waited   time.Duration
}

func newPace(inner http.RoundTripper) *pace { return &pace{inner: inner, now: time.Now} }

func (p *pace) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := p.ask(); err != nil {
		return nil, err
	}
	start := p.now()
	resp, err := p.inner.RoundTrip(req)
	slow := p.wait(start, 0)
	if err != nil {
		return nil, err
	}
	if slow != nil {
		resp.Body.Close()
		return nil, slow
	}
	resp.Body = &paced{resp.Body, p}
	return resp, nil
}

func (p *pace) ask() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.requests++; p.requests > maxRequests {
		return fault.New("save the image and name the archive: the registry, or something on the way, is broken", "the registry has not given the image in %d requests", maxRequests)
	}
	return nil
}

// wait takes in that n bytes have come since start.
func (p *pace) wait(start time.Time, n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got += int64(n)
	p.waited += p.now().Sub(start)
	if p.waited > patience+time.Duration(p.got/slowest)*time.Second {
		return fault.New("try again, or save the image where the network is faster and name the archive",
			"the registry is too slow: %s in %v", Size(p.got), p.waited.Round(time.Second))
	}
	return nil
}

type paced struct {
	io.ReadCloser
	p *pace
}

func (b *paced) Read(buf []byte) (int, error) {
	start := b.p.now()
	n, err := b.ReadCloser.Read(buf)
	if slow := b.p.wait(start, n); slow != nil {
		return 0, slow
	}
	return n, err
}
