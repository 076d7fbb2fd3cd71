package registry

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/name"
	remote "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pinfix/pinfix/internal/fault"
)

// Explain says what an error of the puller means that was asked for ref. A cache that
// has the image will do until the registry answers if wait is set.
func Explain(err error, ref name.Reference) (e *fault.Error, wait bool) {
	host := ref.Context().RegistryStr()
	var known *fault.Error
	var answer *remote.Error
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &known):
		return known, false
	case errors.As(err, &cert):
		return newError("name the file with its issuer's certificate in SSL_CERT_FILE", "the certificate of %s is not trusted: %w", host, cert.Err), false
	case errors.As(err, &answer): // after cert: on this machine, http is tried as well
		return explainAnswer(answer, ref)
	case errors.As(err, &dns) && dns.IsNotFound:
		return newError("check the name and the network", "no host %s", host), true
	case errors.Is(err, syscall.ECONNREFUSED):
		return newError("check the name and the port, and whether the registry runs", "%s refuses the connection", host), true
	case strings.Contains(err.Error(), "does not match requested digest"), strings.Contains(err.Error(), "error verifying"):
		return newError("try again, or from elsewhere: the registry, or something on the way, is broken", "%s sent bytes that do not match the digest: %w", host, err), false
	}
	return newError("check the network and try again", "%s: %w", host, err), true
}

// explainAnswer is for an answer that is not a success. Docker Hub answers 401 for
// a repository that is not there.
func explainAnswer(e *remote.Error, ref name.Reference) (*fault.Error, bool) {
	host, repo := ref.Context().RegistryStr(), ref.Context().RepositoryStr()
	said := fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	for _, d := range e.Errors {
		said += ", " + short(d.Message)
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return newError("check the name, or log in with docker login "+host, "%s does not let you read %s with these credentials (%s)", host, repo, said), false
	case http.StatusNotFound:
		return newError("check the name and the tag", "%s has no %s in %s (%s)", host, ref.Identifier(), repo, said), false
	case http.StatusTooManyRequests:
		return newError("wait, or log in with docker login "+host, "%s got too many requests (%s)", host, said), true
	}
	return newError("try again later", "%s answered %s", host, said), true
}

func newError(next, format string, args ...any) *fault.Error {
	return &fault.Error{Err: fmt.Errorf(format, args...), Next: next}
}

// short is one line of what a registry says.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return s
}
