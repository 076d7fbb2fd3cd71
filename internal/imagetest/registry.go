package imagetest

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// A Registry serves images on loopback. The fields may be set before a request.
type Registry struct {
	*httptest.Server
	User, Password string // basic auth, if they are set
	Cut            int64  // cut each answer with a layer after so many bytes, once per layer; -1: always
	NoRange        bool   // send all of a layer where a part is asked for
	Spoil          bool   // change the bytes of layers
	Status         int    // answer everything so

	inner    http.Handler
	mu       sync.Mutex
	requests []string
	cut      map[string]bool
}

// Serve starts a registry, with a certificate of its own if secure is set.
func Serve(secure bool) *Registry {
	r := &Registry{inner: registry.New(registry.Logger(log.New(io.Discard, "", 0))), cut: map[string]bool{}}
	r.Server = httptest.NewUnstartedServer(r)
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		r.StartTLS()
	} else {
		r.Start()
	}
	return r
}

// Host is the registry in the name of an image.
func (r *Registry) Host() string { return r.Listener.Addr().String() }

// Push stores images as "repo:tag". It is no request.
func (r *Registry) Push(repo string, images ...v1.Image) error {
	ref, err := name.ParseReference(r.Host()+"/"+repo, name.Insecure)
	if err != nil {
		return err
	}
	t := remote.WithTransport(direct{r.inner})
	if len(images) == 1 {
		return remote.Write(ref, images[0], t)
	}
	index, err := Index(images...)
	if err != nil {
		return err
	}
	return remote.WriteIndex(ref, index, t)
}

// Requests returns what was asked since the last call, "GET /v2/…".
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.requests
	r.requests = nil
	return out
}

// Handle registers bytes as they are: a manifest or a blob that does not fit.
func (r *Registry) Handle(path string, data []byte, contentType string) {
	inner := r.inner
	r.inner = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != path {
			inner.ServeHTTP(w, req)
			return
		}
		w.Header().Set("Content-Type", contentType)
		if req.Method == http.MethodGet {
			w.Write(data)
		}
	})
}

// ServeHTTP answers a request, with the faults that were asked for.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	r.mu.Unlock()
	if user, password, _ := req.BasicAuth(); user != r.User || password != r.Password {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
		return
	}
	if r.Status != 0 {
		http.Error(w, "<html>\nno\n</html>", r.Status)
		return
	}
	if r.NoRange {
		req.Header.Del("Range")
	}
	if !strings.Contains(req.URL.Path, "/blobs/") || req.Method != http.MethodGet {
		r.inner.ServeHTTP(w, req)
		return
	}
	r.inner.ServeHTTP(&faulty{w, r.Spoil, r.left(req)}, req)
}

// left is how many bytes may be sent, or -1.
func (r *Registry) left(req *http.Request) *int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := int64(-1)
	switch {
	case r.Cut < 0:
		n = 100
	case r.Cut > 0 && !r.cut[req.URL.Path]:
		n = r.Cut
		r.cut[req.URL.Path] = true
	}
	return &n
}

// faulty changes what is sent.
type faulty struct {
	http.ResponseWriter
	spoil bool
	left  *int64
}

func (f *faulty) Write(b []byte) (int, error) {
	if f.spoil && len(b) > 0 {
		b = append([]byte{b[0] ^ 1}, b[1:]...)
		f.spoil = false
	}
	if *f.left < 0 {
		return f.ResponseWriter.Write(b)
	}
	n := min(int64(len(b)), *f.left)
	f.ResponseWriter.Write(b[:n])
	if *f.left -= n; *f.left == 0 {
		f.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // closes the connection
	}
	return int(n), nil
}

// direct asks a handler without a network.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "https" {
		return nil, errors.New("not spoken")
	}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, req)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}
