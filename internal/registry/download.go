package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pinfix/pinfix/internal/fault"
)

const (
	idleLimit  = 60 * time.Second // without a byte
	maxResumes = 5                // of one download, since the last that brought something
)

// A transport is the way to one registry, and to where it may lead. A download
// that is cut goes on where it was: a retry of the whole layer would never end at a
// registry, a proxy or a line that cuts every connection earlier than that.
type transport struct {
	inner http.RoundTripper
	reach *reach
	proxy func(*http.Request) (*url.URL, error)
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true // RFC 6761
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.reach.allows(req.URL); err != nil {
		return nil, err
	}
	req = req.WithContext(mark(req, t.proxy))
	if req.Method != http.MethodGet {
		return t.inner.RoundTrip(req)
	}
	ctx, cancel := context.WithCancel(req.Context())
	resp, err := t.inner.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Request = req
	d := &download{t: t.inner, req: req, size: resp.ContentLength}
	d.use(resp.Body, cancel)
	resp.Body = d
	switch { // the library would read far more
	case strings.Contains(req.URL.Path, "/manifests/"):
		resp.Body = &body{&limited{d, MaxText, "a manifest of more than 4 MiB"}, d}
	case strings.HasSuffix(req.URL.Path, "/tags/list"):
		resp.Body = &body{&limited{d, MaxText, "a list of tags of more than 4 MiB"}, d}
	}
	return resp, nil
}

// A download is a body that asks for the rest when its connection is cut.
type download struct {
	t         http.RoundTripper
	req       *http.Request
	got, size int64 // size is -1 where the registry does not say
	failures  int

	body   io.ReadCloser
	cancel context.CancelFunc
	idle   *time.Timer
}

func (d *download) use(body io.ReadCloser, cancel context.CancelFunc) {
	d.body, d.cancel = body, cancel
	d.idle = time.AfterFunc(idleLimit, cancel)
}

func (d *download) Read(b []byte) (int, error) {
	for {
		d.idle.Reset(idleLimit)
		n, err := d.body.Read(b)
		d.got += int64(n)
		if n > 0 {
			d.failures = 0
		}
		switch {
		case err == nil, err == io.EOF && (d.size < 0 || d.got >= d.size):
			return n, err
		case n > 0:
			return n, nil // the error comes again
		}
		if err := d.resume(err); err != nil {
			return 0, err
		}
	}
}

func (d *download) Close() error {
	d.idle.Stop()
	d.cancel()
	return d.body.Close()
}

// resume asks for the bytes that are missing (RFC 9110, 14.2: Range); a server
// that does not know Range sends all of them again.
func (d *download) resume(cause error) error {
	d.Close()
	if err := d.req.Context().Err(); err != nil {
		return err
	}
	if over := (*fault.Error)(nil); errors.As(cause, &over) {
		return over // no other request gets further
	}
	d.failures++
	if d.size < 0 || d.failures > maxResumes {
		if errors.Is(cause, context.Canceled) {
			cause = fmt.Errorf("no byte in %v", idleLimit) // not the user's
		}
		return fmt.Errorf("the connection was cut after %s of %s: %w", Size(d.got), Size(d.size), cause)
	}
	if err := wait(d.req.Context(), time.Duration(d.failures-1)*500*time.Millisecond); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(d.req.Context())
	req := d.req.Clone(ctx)
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", d.got, d.size-1))
	resp, err := d.t.RoundTrip(req)
	if err != nil {
		d.use(io.NopCloser(&failing{err}), cancel)
		return nil
	}
	d.use(resp.Body, cancel)
	switch resp.StatusCode {
	case http.StatusPartialContent:
		if want := fmt.Sprintf("bytes %d-", d.got); !strings.HasPrefix(resp.Header.Get("Content-Range"), want) {
			return fmt.Errorf("asked for the rest of a layer, the registry sends %q", resp.Header.Get("Content-Range"))
		}
	case http.StatusOK:
		if _, err := io.CopyN(io.Discard, resp.Body, d.got); err != nil {
			d.body = io.NopCloser(&failing{err})
		}
	default:
		return fmt.Errorf("the connection was cut after %s of %s, and asked for the rest the registry answers %s", Size(d.got), Size(d.size), resp.Status)
	}
	return nil
}

// A limited reader refuses to go on after left bytes.
type limited struct {
	r    io.Reader
	left int64
	why  string
}

func (l *limited) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if l.left -= int64(n); l.left < 0 {
		return 0, errors.New(l.why)
	}
	return n, err
}

// A body is read in one way and closed in another.
type body struct {
	io.Reader
	io.Closer
}

// failing is a body that ends with an error.
type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
