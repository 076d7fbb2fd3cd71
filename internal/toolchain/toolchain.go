// Package toolchain chooses the go command to stage a plugin with ([Choose]): one of the
// server's own release, since go mod tidy and go list of another one come to other results.
package toolchain

import (
	"context"
	"errors"
	"fmt"

	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// Toolchain is the go command to stage with.
type Toolchain struct {
	Go       *gocmd.Go
	Local    *gocmd.Go // the user's own choice; nil: Go is it
	Version  string    // of Go, "go1.23.5"
	Cache    string    // GOMODCACHE
	Warnings []string
}

// Choose takes the server's own Go release, or the local one with a
// warning where that could not be fetched.
func Choose(ctx context.Context, o wants.Options, server *pinner.Server, root string) (*Toolchain, error) {
	set := []string{"CGO_ENABLED=1"}
	t := &Toolchain{}
	if goos, goarch, ok := server.Platform(); ok {
		set = append(set, "GOOS="+goos, "GOARCH="+goarch)
	} else {
		t.Warnings = append(t.Warnings, "the server's build info does not name its platform; this machine's is assumed")
	}
	want := "go" + server.GoVersion()
	config := gocmd.Config{Dir: root, Toolchain: want, Environ: o.GoEnviron(), Set: set, Log: o.Log, Count: o.Count}
	t.Go = gocmd.New(config)
	facts, err := t.Go.FactsOf(ctx, o.Kept)
	var failed *gocmd.Error
	switch {
	case errors.As(err, &failed):
		// The toolchain is not on the proxy, or there is no network.
		config.Toolchain = "local"
		t.Go = gocmd.New(config)
		if facts, err = t.Go.Facts(ctx); err != nil {
			return nil, err
		}
		t.Warnings = append(t.Warnings, fmt.Sprintf("the server's toolchain %s could not be fetched (%s); %s tidies and vendors instead", want, failed.Last(), facts.GOVERSION))
	case err != nil:
		return nil, err
	case facts.GOVERSION != want:
		// A go command older than 1.21 does not know GOTOOLCHAIN.
		t.Warnings = append(t.Warnings, fmt.Sprintf("the server's toolchain is %s; the go command here is %s and tidies and vendors instead", want, facts.GOVERSION))
	}
	t.Warnings = append(t.Warnings, recipe.SuffixWarning(server)...)
	t.Warnings = append(t.Warnings, ccompiler.WarnCompiler(server, o.GoEnviron(), facts)...)
	config.Toolchain = ""
	t.Local = gocmd.New(config)
	t.Version, t.Cache = facts.GOVERSION, facts.GOMODCACHE
	return t, nil
}
