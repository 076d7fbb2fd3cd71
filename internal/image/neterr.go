package image

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A netError is an error of a registry; offline means that the cache might do.
type netError struct {
	Error
	offline bool
}

// netFault is [fault] for a registry.
func netFault(offline bool, next, format string, args ...any) netError {
	return netError{Error{fmt.Errorf(format, args...), next}, offline}
}

func explainNetwork(err error, ref name.Reference) netError {
	host := ref.Context().RegistryStr()
	var known *Error
	var answer *transport.Error
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var reach *reachError
	switch {
	case errors.As(err, &known):
		return netError{*known, false}
	case errors.As(err, &reach):
		return netFault(false, reach.next, "%w", reach)
	case errors.As(err, &cert):
		return netFault(false, "name the file with its issuer's certificate in SSL_CERT_FILE", "the certificate of %s is not trusted: %w", host, cert.Err)
	case errors.As(err, &answer): // after cert: on this machine, http is tried as well
		return explainAnswer(answer, ref)
	case errors.As(err, &dns) && dns.IsNotFound:
		return netFault(true, "check the name and the network", "no host %s", host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return netFault(true, "check the name and the port, and whether the registry runs", "%s refuses the connection", host)
	case strings.Contains(err.Error(), "does not match requested digest"), strings.Contains(err.Error(), "error verifying"):
		return netFault(false, "try again, or from elsewhere: the registry, or something on the way, is broken", "%s sends other bytes than the digest says: %w", host, err)
	}
	return netFault(true, "check the network and try again", "%s: %w", host, err)
}

// explainAnswer is for an answer that is no success. Docker Hub answers 401 for
// a repository that is not there.
func explainAnswer(e *transport.Error, ref name.Reference) netError {
	host, repo := ref.Context().RegistryStr(), ref.Context().RepositoryStr()
	said := fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	for _, d := range e.Errors {
		said += ", " + short(d.Message)
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return netFault(false, "check the name, or log in with docker login "+host, "%s does not let you read %s with these credentials (%s)", host, repo, said)
	case http.StatusNotFound:
		return netFault(false, "check the name and the tag", "%s has no %s in %s (%s)", host, ref.Identifier(), repo, said)
	case http.StatusTooManyRequests:
		return netFault(true, "wait, or log in with docker login "+host, "%s has had too many requests (%s)", host, said)
	}
	return netFault(true, "try again later", "%s has answered %s", host, said)
}

// short is one line of what a registry says.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return s
}
