package registry

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pinfix/pinfix/internal/fault"
)

func TestZone(t *testing.T) {
	for host, want := range map[string]zone{
		"127.0.0.1": local, "127.9.9.9": local, "::1": local, "0.0.0.0": local, "::": local, "::ffff:127.0.0.1": local,
		"169.254.169.254": local, "fe80::1": local, "fe80::1%eth0": local, "224.0.0.1": local, "localhost": local, "LOCALHOST.": local, "a.localhost": local,
		"10.0.0.1": private, "172.16.0.1": private, "192.168.1.1": private, "100.64.0.1": private, "fd00::1": private, "::ffff:10.0.0.1": private,
		"1.1.1.1": public, "172.32.0.1": public, "2606:4700::1": public, "registry.example.com": public, "localhost.example.com": public, "": public,
	} {
		if got := zoneOfHost(host); got != want {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
	}
}

// A network has servers on loopback that play hosts of other zones: each has the
// address that a name is looked up to, and the zone that is then seen.
type network struct {
	at    map[string]string // "registry.example.com:443" -> the server's address
	zones map[string]zone   // by that address
	pool  *x509.CertPool
	asked atomic.Int32
	told  atomic.Int32
}

// host starts a server for a name of the zone. It answers with handler.
func (n *network) host(t *testing.T, at string, z zone, handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	n.pool.AddCert(s.Certificate()) // of example.com and the names below it
	n.at[at] = s.Listener.Addr().String()
	n.zones[s.Listener.Addr().String()] = z
	return s
}

// victim starts a host that nothing may be asked of. It notes what it is told of the
// user's credentials.
func (n *network) victim(t *testing.T, at string, z zone) *httptest.Server {
	return n.host(t, at, z, func(_ http.ResponseWriter, req *http.Request) {
		n.asked.Add(1)
		if req.Header.Get("Authorization") != "" {
			n.told.Add(1)
		}
	})
}

// isRefused reports whether err is a place that a registry may not lead to.
func isRefused(err error) bool { return fault.Next(err) != "" }

// reach is that of a registry in the network.
func (n *network) reach(host string, foreign bool) *transport {
	r := newReach(host, foreign)
	dial := r.dial
	r.dial = func(ctx context.Context, network, addr string, control func(string, string, syscall.RawConn) error) (net.Conn, error) {
		if to, ok := n.at[addr]; ok {
			addr = to
		}
		return dial(ctx, network, addr, control)
	}
	r.zoneOf = func(a netip.AddrPort) zone {
		if z, ok := n.zones[a.String()]; ok {
			return z
		}
		return zoneOf(a.Addr())
	}
	t := newTransport(r)
	t.proxy = nil
	inner := plain(t)
	inner.Proxy = nil
	inner.TLSClientConfig.RootCAs = n.pool
	return t
}

// plain is the transport of the standard library at the bottom of a way.
func plain(way *transport) *http.Transport { return way.inner.(*pace).inner.(*http.Transport) }

func newNetwork() *network {
	return &network{at: map[string]string{}, zones: map[string]zone{}, pool: x509.NewCertPool()}
}

// TestReach: a registry may lead to where it is itself and further out, and to no
// place that is nearer to this machine; by each of the ways that it has.
func TestReach(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to zone
		name     string // that it leads to
		want     string // the error; "" if it is followed
	}{
		{public, public, "blobs.example.com", ""},
		{public, private, "inside.example.com", "inside.example.com:443 (127.0.0.1), which is a private address"},
		{public, local, "inside.example.com", "inside.example.com:443 (127.0.0.1), which is this machine or its local link"},
		{private, public, "blobs.example.com", ""},
		{private, private, "inside.example.com", ""},
		{private, local, "inside.example.com", "which is this machine or its local link"},
		{local, local, "inside.example.com", ""},
		{local, private, "inside.example.com", ""},
	} {
		for _, way := range []string{"the first question", "a manifest", "a blob", "the urls of a layer", "a realm"} {
			n := newNetwork()
			n.victim(t, tt.name+":443", tt.to)
			registry := n.host(t, "registry.example.com:443", tt.from, func(w http.ResponseWriter, req *http.Request) {
				there := "https://" + tt.name + req.URL.Path
				switch {
				case way != "a realm" && way != "the first question" && req.Header.Get("Authorization") == "":
					w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
					w.WriteHeader(http.StatusUnauthorized)
				case way == "the urls of a layer" && strings.Contains(req.URL.Path, "/manifests/"):
					fmt.Fprintf(w, `{"schemaVersion":2,"config":{},"layers":[{"size":1,"digest":"sha256:%s","urls":[%q]}]}`, zeros64, there)
				case way == "the urls of a layer" && strings.Contains(req.URL.Path, "/blobs/"):
					w.WriteHeader(http.StatusNotFound)
				case way == "the first question",
					way == "a manifest" && strings.Contains(req.URL.Path, "/manifests/"),
					way == "a blob" && strings.Contains(req.URL.Path, "/blobs/"):
					http.Redirect(w, req, there, http.StatusTemporaryRedirect)
				case way == "a realm":
					w.Header().Set("WWW-Authenticate", `Bearer realm="`+there+`",service="x"`)
					w.WriteHeader(http.StatusUnauthorized)
				}
			})
			_ = registry
			err := n.ask(t, "registry.example.com/x:1")
			if n.told.Load() > 0 && way != "a realm" {
				t.Errorf("%s, %d to %d: the credentials go there", way, tt.from, tt.to)
			}
			if tt.want == "" {
				if isRefused(err) || n.asked.Load() == 0 {
					t.Errorf("%s, %d to %d: %v, %d requests", way, tt.from, tt.to, err, n.asked.Load())
				}
				continue
			}
			if !isRefused(err) || !strings.Contains(err.Error(), tt.want) || n.asked.Load() > 0 {
				t.Errorf("%s, %d to %d: %v, %d requests; want %s", way, tt.from, tt.to, err, n.asked.Load(), tt.want)
			}
		}
	}
}

const zeros64 = "0000000000000000000000000000000000000000000000000000000000000000"

// ask asks for a manifest and a blob of ref, and for the layers of its image.
func (n *network) ask(t *testing.T, ref string) error {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	p, err := remote.NewPuller(remote.WithTransport(n.reach(parsed.Context().RegistryStr(), false)), remote.WithAuth(&authn.Basic{Username: "jo", Password: "secret"}), remote.WithRetryBackoff(remote.Backoff{Steps: 1}))
	if err != nil {
		t.Fatal(err)
	}
	_, manifest := p.Head(t.Context(), parsed)
	l, err := p.Layer(t.Context(), parsed.Context().Digest("sha256:"+zeros64))
	if err == nil {
		_, err = l.Compressed()
	}
	return errors.Join(manifest, err, askLayers(t, p, parsed))
}

// askLayers asks for the layers of the image that ref names, if it is one.
func askLayers(t *testing.T, p *remote.Puller, ref name.Reference) error {
	t.Helper()
	d, err := p.Get(t.Context(), ref)
	if err != nil {
		return err
	}
	im, err := d.Image()
	if err != nil {
		return err
	}
	all, err := im.Layers()
	for _, l := range all {
		_, open := l.Compressed()
		err = errors.Join(err, open)
	}
	return err
}

// TestReachLiteral: no name is looked up for an address, or for this machine.
func TestReachLiteral(t *testing.T) {
	t.Parallel()
	n := newNetwork()
	victim := n.victim(t, "unused.example.com:443", local)
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.asked.Add(1) }))
	t.Cleanup(plain.Close)
	_, port, err := net.SplitHostPort(victim.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{victim.URL, plain.URL, "https://localhost:" + port, "https://LocalHost.:" + port, "http://localhost:" + port, "https://[::ffff:127.0.0.1]:" + port,
		"https://10.0.0.1", "http://169.254.169.254", "https://169.254.169.254", "http://blobs.example.com", "ftp://blobs.example.com"} {
		n.host(t, "registry.example.com:443", public, func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, to+"/latest", http.StatusFound)
		})
		client := &http.Client{Transport: n.reach("registry.example.com", false)}
		resp, err := client.Get("https://registry.example.com/v2/")
		if !isRefused(err) || !strings.Contains(err.Error(), "the registry registry.example.com leads to ") {
			t.Errorf("%s: %v, %v", to, resp, err)
		}
	}
	if n.asked.Load() > 0 {
		t.Errorf("%d requests", n.asked.Load())
	}
}

// TestRebinding: the name of a registry may not mean another address later.
func TestRebinding(t *testing.T) {
	t.Parallel()
	n := newNetwork()
	var way *transport
	n.host(t, "registry.example.com:443", public, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	way = n.reach("registry.example.com", false)
	client := &http.Client{Transport: way}
	resp, err := client.Get("https://registry.example.com/v2/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	n.victim(t, "registry.example.com:443", local)
	resp, err = client.Get("https://registry.example.com/v2/x")
	if !isRefused(err) || n.asked.Load() > 0 {
		t.Errorf("%v, %v, %d requests", resp, err, n.asked.Load())
	}
}

// TestForeignRegistry: a registry on this machine is only for a user who names it.
func TestForeignRegistry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		host string
		z    zone
		want bool
	}{
		{"registry.example.com", public, true}, {"registry.example.com", private, true}, {"registry.example.com", local, false},
		{"localhost:5000", local, false}, {"127.0.0.1:5000", local, false}, {"[::1]:5000", local, false}, {"169.254.169.254", local, false},
	} {
		for _, foreign := range []bool{false, true} {
			n := newNetwork()
			n.victim(t, withPort(tt.host, "443"), tt.z)
			way := n.reach(tt.host, foreign)
			plain(way).TLSClientConfig.InsecureSkipVerify = true // the name is not in the certificate
			resp, err := (&http.Client{Transport: way}).Get("https://" + tt.host + "/v2/")
			if err == nil {
				resp.Body.Close()
			}
			if want := tt.want || !foreign; (err == nil) != want || (n.asked.Load() > 0) != want {
				t.Errorf("%s, foreign %v: %v, %d requests", tt.host, foreign, err, n.asked.Load())
			}
		}
	}
}

// TestProxy: a proxy that the user names may be anywhere, and gives no way around
// what an address says.
func TestProxy(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "no", http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	way := newTransport(newReach("registry.example.com", true))
	way.proxy = http.ProxyURL(u)
	plain(way).Proxy = way.proxy
	for to, want := range map[string]int32{"https://registry.example.com/v2/": 1, "https://blobs.example.com/": 1, "https://10.0.0.1/": 0, "https://localhost/": 0, "http://blobs.example.com/": 0} {
		asked.Store(0)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := way.RoundTrip(req); err == nil || asked.Load() != want {
			t.Errorf("%s: %v, %d requests", to, err, asked.Load())
		}
	}
}
