package target

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pinfix/pinfix/internal/source"
	"github.com/pinfix/pinfix/pinner"
)

// modScheme begins a reference to a module on the proxy: mod:PATH@VERSION.
const modScheme = "mod:"

// IsSource reports whether ref names a server's source: a directory, a go.mod
// file, or a module. Everything else is for [Read].
func IsSource(ref string) bool {
	info, err := os.Stat(ref)
	if errors.Is(err, fs.ErrNotExist) {
		return strings.HasPrefix(ref, modScheme)
	}
	return err == nil && (info.IsDir() || filepath.Base(ref) == "go.mod")
}

// ReadSource reads a reference that [IsSource]. What it cannot know the server's
// Unknown and Assumed say. The go command runs only where there is no
// vendor/modules.txt.
func ReadSource(ctx context.Context, ref string, o source.Options) (*pinner.Server, error) {
	s, err := readSource(ctx, ref, o)
	if err == nil {
		err = checkSource(s)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		e := &Error{Ref: ref, Err: err, Next: "name the server's program instead"}
		if next := (interface{ NextStep() string })(nil); errors.As(err, &next) {
			e.Next = next.NextStep()
		}
		return nil, e
	}
	s.Ref = ref
	return s, nil
}

func readSource(ctx context.Context, ref string, o source.Options) (*pinner.Server, error) {
	info, err := os.Stat(ref)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return source.ReadModule(ctx, strings.TrimPrefix(ref, modScheme), o)
	case err != nil:
		return nil, cause(err)
	case info.IsDir():
		return source.ReadDir(ctx, ref, o)
	}
	return source.ReadMod(ctx, ref, o)
}

// checkSource checks what ends in go.mod and in command lines.
func checkSource(s *pinner.Server) error {
	if !validGo(s.GoVersion()) {
		return fmt.Errorf("go.mod: its Go version %q is not a release", s.Go)
	}
	if len(s.Pins) > maxModules {
		return fmt.Errorf("%d modules", len(s.Pins))
	}
	for _, p := range s.Pins {
		if err := checkPin(p); err != nil {
			return err
		}
	}
	return nil
}
