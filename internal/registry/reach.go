package registry

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pinfix/pinfix/internal/fault"
)

// A zone says how near an address is to this machine: what is nearer is open to
// fewer people.
type zone int

const (
	public  zone = iota
	private      // of a company or a home: RFC 1918, RFC 6598, RFC 4193
	local        // this machine, or what only its own link reaches, such as a cloud's metadata
)

var shared = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// zoneOf is the zone of an address. That of an unspecified one is this machine.
func zoneOf(ip netip.Addr) zone {
	ip = ip.Unmap()
	switch {
	case ip.IsLoopback(), ip.IsUnspecified(), ip.IsLinkLocalUnicast(), ip.IsMulticast():
		return local
	case ip.IsPrivate(), shared.Contains(ip):
		return private
	}
	return public
}

// zoneOfHost is the zone of a host that is an address or names this machine, and
// public for any other name.
func zoneOfHost(host string) zone {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return local // RFC 6761
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return public
	}
	return zoneOf(ip.WithZone(""))
}

// A reach decides where a registry may send pinfix: by a redirect, by the realm
// that gives out tokens, or by its own name once that means another address. It
// leads to no place that is nearer to this machine than the registry itself was
// when it was asked first, and from https only to https.
//
// Names are looked up where the connection is made, so the address that is
// judged is the one that is connected to. Through a proxy (HTTPS_PROXY) the proxy
// looks up, and names are judged as far as they say where they lead.
type reach struct {
	host    string // of the registry, "registry.example.com:5000"
	foreign bool   // the user has not named it: it may not be of this machine
	zoneOf  func(netip.AddrPort) zone
	dial    func(ctx context.Context, network, addr string, control func(network, addr string, c syscall.RawConn) error) (net.Conn, error)

	mu    sync.Mutex
	known bool // whether zone was seen
	zone  zone // of the registry
}

func newReach(host string, foreign bool) *reach {
	return &reach{host: host, foreign: foreign,
		zoneOf: func(a netip.AddrPort) zone { return zoneOf(a.Addr()) },
		dial: func(ctx context.Context, network, addr string, control func(string, string, syscall.RawConn) error) (net.Conn, error) {
			d := net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: control}
			return d.DialContext(ctx, network, addr)
		},
	}
}

const saveIt = "if that is right, save the image and name the archive (docker save, skopeo copy)"

func (r *reach) refuse(to string, z zone) error {
	what := "a private address"
	if z == local {
		what = "this machine or its local link"
	}
	return fault.New(saveIt, "the registry %s leads to %s, which is %s; it is not followed", r.host, to, what)
}

// allows returns an error for a URL that a registry may not lead to.
func (r *reach) allows(u *url.URL) error {
	own := sameHost(u, r.host)
	z := zoneOfHost(u.Hostname())
	switch {
	case u.Scheme != "https" && isLoopback(u.Hostname()) && isLoopback(hostname(r.host)):
	case u.Scheme != "https" && own:
		return fault.New("give the registry a certificate, or save the image and name the archive", "%s does not speak https, and plain http is only for registries on this machine", r.host)
	case u.Scheme != "https":
		return fault.New(saveIt, "the registry %s leads to %s://%s, which is not encrypted; it is not followed", r.host, u.Scheme, u.Host)
	}
	switch {
	case own && z == local && r.foreign:
		return r.notNamed()
	case own:
		return nil
	case z > zoneOfHost(hostname(r.host)) && z > r.seen():
		return r.refuse(u.Host, z)
	}
	return nil
}

// notNamed is the error of a registry on this machine that only a file of the
// plugin's names.
func (r *reach) notNamed() error {
	return fault.New("name it with --server or in PINFIX_SERVER", "the registry %s is on this machine or its local link, and only you can send pinfix there", r.host)
}

// seen is the zone of the registry, as far as it is known.
func (r *reach) seen() zone {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.zone
}

// judge decides about an address that is about to be connected to for a host.
// While no connection to the registry was made, each of its addresses will do.
func (r *reach) judge(own bool, host string, to netip.AddrPort) error {
	z := r.zoneOf(to)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case own && z == local && r.foreign:
		return r.notNamed()
	case own && !r.known:
		return nil
	case z > r.zone:
		return r.refuse(fmt.Sprintf("%s (%s)", host, to.Addr()), z)
	}
	return nil
}

// connected takes note of where the registry is.
func (r *reach) connected(to net.Addr) {
	tcp, ok := to.(*net.TCPAddr)
	r.mu.Lock()
	defer r.mu.Unlock()
	if ok && !r.known {
		r.known, r.zone = true, r.zoneOf(tcp.AddrPort())
	}
}

// proxied marks the context of a request that goes through a proxy.
type proxied struct{}

// use makes t ask the reach before it connects.
func (r *reach) use(t *http.Transport) {
	plain := t.DialContext
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if ctx.Value(proxied{}) != nil {
			return plain(ctx, network, addr) // addr is the proxy's, which the user has named
		}
		own := addr == withPort(r.host, "443") || addr == withPort(r.host, "80")
		conn, err := r.dial(ctx, network, addr, func(_, to string, _ syscall.RawConn) error {
			ip, err := netip.ParseAddrPort(to)
			if err != nil {
				return err
			}
			return r.judge(own, addr, ip)
		})
		if err == nil && own {
			r.connected(conn.RemoteAddr())
		}
		return conn, err
	}
}

// mark returns ctx for a request to u, which t may send through a proxy.
func mark(req *http.Request, proxy func(*http.Request) (*url.URL, error)) context.Context {
	if proxy != nil {
		if u, err := proxy(req); err == nil && u != nil {
			return context.WithValue(req.Context(), proxied{}, true)
		}
	}
	return req.Context()
}

// hostname is a host without its port.
func hostname(host string) string { return (&url.URL{Host: host}).Hostname() }

func withPort(host, port string) string {
	u := url.URL{Host: host}
	if p := u.Port(); p != "" {
		port = p
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// sameHost reports whether u is of the registry, with its port.
func sameHost(u *url.URL, host string) bool {
	port := "443"
	if u.Scheme == "http" {
		port = "80"
	}
	return strings.EqualFold(withPort(u.Host, port), withPort(host, port))
}
