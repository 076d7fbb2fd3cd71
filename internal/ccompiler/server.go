package ccompiler

import (
	"cmp"
	"errors"
	"runtime"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/pinner"
)

// WantedC is what the C code of a server's plugins is compiled for.
func WantedC(s *pinner.Server) Want {
	w := Want{Libc: s.Binary.Libc()}
	if goos, goarch, ok := s.Platform(); ok {
		w.GOOS, w.GOARCH, w.GOARM = goos, goarch, s.Settings["GOARM"]
	}
	return w
}

// HostC is the machine, as far as the environment says, and facts, which may be empty.
func HostC(environ []string, facts gocmd.Facts) Host {
	h := Host{
		GOOS: cmp.Or(facts.GOHOSTOS, runtime.GOOS), GOARCH: cmp.Or(facts.GOHOSTARCH, runtime.GOARCH),
		Given: vars.Get(environ, "CC"), Default: "gcc", Has: gocmd.Compiler,
		CFLAGS: cmp.Or(facts.CGO_CFLAGS, DefaultFlags), CXXFLAGS: cmp.Or(facts.CGO_CXXFLAGS, DefaultFlags),
	}
	if h.GOOS == "linux" {
		h.Libc = target.Libc("/bin/sh")
	} else {
		h.Default = "clang"
	}
	switch {
	case h.Given != "" || facts.CC == "":
	case IsDefault(facts.CC):
		h.Default = facts.CC
	default:
		h.Given = facts.CC // of go env -w
	}
	return h
}

// CompilerByHand is what a go build that is typed needs, where there is such a compiler.
func CompilerByHand(s *pinner.Server, environ []string) (cc string, cgo []string) {
	host := HostC(environ, gocmd.Facts{})
	if c, err := Choose(WantedC(s), host); err == nil {
		return c.CC, c.Env()
	}
	return "", nil
}

// WarnCompiler is what apply says of a build that will not find its C compiler.
func WarnCompiler(s *pinner.Server, environ []string, facts gocmd.Facts) []string {
	c, err := Choose(WantedC(s), HostC(environ, facts))
	var missing *MissingError
	switch {
	case errors.As(err, &missing):
		return []string{"pinfix build cannot build it here: " + missing.What + "; " + missing.Next}
	case err == nil && c.Libc != "" && c.Libc != s.Binary.Libc():
		return []string{"pinfix build: " + c.Say}
	}
	return nil
}
