package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
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

// SourceOptions are what the go command runs with, where source needs it.
type SourceOptions = source.Options

// ReadSource reads a reference that [IsSource]. What it cannot know [Unknown] and
// [Assumed] say. The go command runs only where there is no vendor/modules.txt.
func ReadSource(ctx context.Context, ref string, o SourceOptions) (*pinner.Server, error) {
	s, err := readSource(ctx, ref, o)
	if err == nil && len(s.Pins) > maxModules {
		err = fmt.Errorf("%d modules", len(s.Pins))
	}
	if err == nil {
		err = s.Check()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, named(ref, err, "name the server's program instead")
	}
	s.Ref = ref
	s.Origin = pinner.Origin{Source: filepath.Base(ref), Digest: "unknown"}
	if strings.HasPrefix(ref, modScheme) {
		s.Origin.Source = ref
	}
	s.Info = infoText(buildInfo(s))
	return s, nil
}

// buildInfo is what a program built from the source would say of its modules.
func buildInfo(s *pinner.Server) *debug.BuildInfo {
	bi := &debug.BuildInfo{GoVersion: s.Go, Main: debug.Module{Path: s.Main.Path, Version: s.Main.Version}}
	for _, p := range s.Pins {
		m := &debug.Module{Path: p.Path, Version: p.Version.Version, Sum: p.Sum}
		if p.Replace.Path != "" {
			m.Sum = ""
			m.Replace = &debug.Module{Path: p.Replace.Path, Version: cmp.Or(p.Replace.Version, "(devel)"), Sum: p.Sum}
		}
		bi.Deps = append(bi.Deps, m)
	}
	return bi
}

// In the snapshot of a server's source another comment-like line says so, and
// what may be linked is in pkg lines without fingerprints.
const (
	sourcePrefix  = "# source: "
	noFingerprint = "-"
)

func formatSource(s *pinner.ServerSource) string {
	known := "unknown"
	if s.Packages != nil {
		known = "vendored"
	}
	return fmt.Sprintf("go=%s packages=%s", escape(s.GoFrom), known)
}

func parseSource(line string) *pinner.ServerSource {
	m := fields(strings.TrimPrefix(line, sourcePrefix))
	s := &pinner.ServerSource{GoFrom: m["go"]}
	if m["packages"] == "vendored" {
		s.Packages = map[string]bool{}
	}
	return s
}

func addSourcePackage(s *pinner.ServerSource, line string) error {
	path, sum, _ := strings.Cut(strings.TrimPrefix(line, "pkg\t"), "\t")
	if err := module.CheckImportPath(path); err != nil {
		return err
	}
	if sum != noFingerprint || s.Packages == nil || s.Packages[path] {
		return fmt.Errorf("package %s: of source there is one line for each package, without a fingerprint", path)
	}
	s.Packages[path] = true
	return nil
}

func readSource(ctx context.Context, ref string, o source.Options) (*pinner.Server, error) {
	info, err := os.Stat(ref)
	switch {
	case errors.Is(err, fs.ErrNotExist) && IsPattern(ref):
		return nil, refusePattern(ref)
	case errors.Is(err, fs.ErrNotExist):
		return source.ReadModule(ctx, strings.TrimPrefix(ref, modScheme), o)
	case err != nil:
		return nil, fault.Cause(err)
	case info.IsDir():
		return source.ReadDir(ctx, ref, o)
	}
	return source.ReadMod(ctx, ref, o)
}
